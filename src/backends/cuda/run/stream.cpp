#include "backends/cuda/run/stream.h"

#include <cstdlib>

namespace ingot::cuda {
namespace {

class CudaGraph final : public Recording {
 public:
  CudaGraph(std::shared_ptr<const Gpu> gpu, const CudaStream& stream, CUgraphExec graph, size_t kernels)
      : gpu_(std::move(gpu)), stream_(stream), graph_(graph), kernels_(kernels) {}
  ~CudaGraph() override {
    if (gpu_->still_there()) gpu_->f.cuGraphExecDestroy(graph_);
  }
  Status replay() override {
    INGOT_RETURN_IF_ERROR(gpu_->activate());
    return gpu_->f.check(gpu_->f.cuGraphLaunch(graph_, stream_.handle()), "launching a CUDA graph");
  }
  size_t kernels() const override { return kernels_; }

 private:
  std::shared_ptr<const Gpu> gpu_;
  const CudaStream& stream_;
  CUgraphExec graph_;
  size_t kernels_;
};

CUdeviceptr address(const void* p) { return reinterpret_cast<CUdeviceptr>(p); }

}  // namespace

Result<std::unique_ptr<CudaStream>> CudaStream::create(std::shared_ptr<const Gpu> gpu) {
  std::unique_ptr<CudaStream> out(new CudaStream(std::move(gpu)));
  const Gpu& g = out->gpu();
  INGOT_RETURN_IF_ERROR(g.activate());
  INGOT_RETURN_IF_ERROR(g.f.check(g.f.cuStreamCreate(&out->own_, kStreamNonBlocking), "making a stream"));
  out->followed_ = out->current_ = out->own_;
  return out;
}

CudaStream::~CudaStream() {
  if (!gpu_->still_there()) return;
  conv_plans_.clear();
  if (cudnn_ != nullptr) (*cudnn())->cudnnDestroy(cudnn_);
  if (cublaslt_ != nullptr) (*cublaslt())->cublasLtDestroy(cublaslt_);
  for (CUevent event : events_) gpu_->f.cuEventDestroy_v2(event);
  if (handover_ != nullptr) gpu_->f.cuEventDestroy_v2(handover_);
  if (own_ != nullptr) gpu_->f.cuStreamDestroy_v2(own_);
}

Status CudaStream::synchronize() {
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  return gpu_->f.check(gpu_->f.cuStreamSynchronize(current_), "waiting for the GPU");
}

// From pageable memory the driver copies to a buffer of its own before it returns.
Status CudaStream::upload(void* to, const void* from, size_t bytes) {
  if (bytes == 0) return {};
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  return gpu_->f.check(gpu_->f.cuMemcpyHtoDAsync_v2(address(to), from, bytes, current_),
                       "copying to the GPU");
}

Status CudaStream::download(void* to, const void* from, size_t bytes) {
  if (bytes == 0) return {};
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  INGOT_RETURN_IF_ERROR(gpu_->f.check(gpu_->f.cuMemcpyDtoHAsync_v2(to, address(from), bytes, current_),
                                      "copying from the GPU"));
  return synchronize();
}

Status CudaStream::copy(void* to, const void* from, size_t bytes) {
  if (bytes == 0) return {};
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  return gpu_->f.check(gpu_->f.cuMemcpyAsync(address(to), address(from), bytes, current_), "copying");
}

Status CudaStream::mark(size_t number) {
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  while (events_.size() <= number) {
    CUevent event = nullptr;
    INGOT_RETURN_IF_ERROR(gpu_->f.check(gpu_->f.cuEventCreate(&event, kEventDefault), "making an event"));
    events_.push_back(event);
  }
  return gpu_->f.check(gpu_->f.cuEventRecord(events_[number], current_), "recording an event");
}

Result<double> CudaStream::seconds_between(size_t from, size_t to) {
  INGOT_RETURN_IF_ERROR(synchronize());
  float milliseconds = 0;
  INGOT_RETURN_IF_ERROR(gpu_->f.check(gpu_->f.cuEventElapsedTime(&milliseconds, events_[from], events_[to]),
                                      "reading an event"));
  return milliseconds * 1e-3;
}

Status CudaStream::go_to(CUstream stream) {
  if (current_ == stream) return {};
  current_ = stream;
  if (cudnn_ == nullptr) return {};
  INGOT_ASSIGN_OR_RETURN(const CudnnFunctions* const f, cudnn());
  return f->check(f->cudnnSetStream(cudnn_, stream), "setting the stream");
}

bool CudaStream::captured(CUstream stream) const {
  int status = 0;
  return stream != own_ && gpu_->activate().ok() &&
         gpu_->f.cuStreamIsCapturing(stream, &status) == kCudaSuccess && status != 0;
}

// The stream that is left may be gone by now, so it was asked in time (hand_over); but for our own. The same
// address may be that of another one, made after the first was destroyed with work on it.
Status CudaStream::follow(void* native) {
  const auto next = native == nullptr ? own_ : static_cast<CUstream>(native);
  if (next == own_ && followed_ == own_) return {};
  if (followed_ == own_) INGOT_RETURN_IF_ERROR(record_handover());
  followed_ = next;
  INGOT_RETURN_IF_ERROR(go_to(next));
  return captured(next) ? Status() : wait_for(handover_);
}

Status CudaStream::record_handover() {
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  if (handover_ == nullptr)
    INGOT_RETURN_IF_ERROR(
        gpu_->f.check(gpu_->f.cuEventCreate(&handover_, kEventDisableTiming), "making an event"));
  return record(handover_);
}

Status CudaStream::hand_over() {
  return followed_ == own_ || captured(followed_) ? Status() : record_handover();
}

Status CudaStream::wait_for(void* native_event) {
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  return gpu_->f.check(gpu_->f.cuStreamWaitEvent(current_, static_cast<CUevent>(native_event), 0),
                       "waiting for an event");
}

Status CudaStream::record(void* native_event) {
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  return gpu_->f.check(gpu_->f.cuEventRecord(static_cast<CUevent>(native_event), current_),
                       "recording an event");
}

// What the program records itself, it has step by step; and so has he who looks for the step that fails.
bool CudaStream::can_record() const {
  static const bool blocking = [] {
    const char* value = std::getenv("CUDA_LAUNCH_BLOCKING");
    return value != nullptr && std::string_view(value) == "1";
  }();
  return !blocking && !captured(followed_);
}

Status CudaStream::begin_recording() {
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  INGOT_RETURN_IF_ERROR(go_to(own_));  // CUDA's default stream cannot record
  return gpu_->f.check(gpu_->f.cuStreamBeginCapture_v2(own_, kCaptureThreadLocal), "beginning a CUDA graph");
}

Result<std::unique_ptr<Recording>> CudaStream::end_recording() {
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  const DriverFunctions& f = gpu_->f;
  CUgraph graph = nullptr;
  const CUresult ended = f.cuStreamEndCapture(own_, &graph);
  INGOT_RETURN_IF_ERROR(go_to(followed_));
  INGOT_RETURN_IF_ERROR(f.check(ended, "ending a CUDA graph"));
  size_t nodes = 0;
  CUgraphExec executable = nullptr;
  f.cuGraphGetNodes(graph, nullptr, &nodes);
  const CUresult result = f.cuGraphInstantiateWithFlags(&executable, graph, 0);
  f.cuGraphDestroy(graph);
  INGOT_RETURN_IF_ERROR(f.check(result, "instantiating a CUDA graph"));
  return std::unique_ptr<Recording>(std::make_unique<CudaGraph>(gpu_, *this, executable, nodes));
}

Result<CudnnHandle> CudaStream::cudnn_handle() {
  if (cudnn_ != nullptr) return cudnn_;
  INGOT_ASSIGN_OR_RETURN(const CudnnFunctions* const f, cudnn());
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  INGOT_RETURN_IF_ERROR(f->check(f->cudnnCreate(&cudnn_), "starting"));
  INGOT_RETURN_IF_ERROR(f->check(f->cudnnSetStream(cudnn_, current_), "setting the stream"));
  return cudnn_;
}

Result<CublasLtHandle> CudaStream::cublaslt_handle() {
  if (cublaslt_ != nullptr) return cublaslt_;
  INGOT_ASSIGN_OR_RETURN(const CublasLtFunctions* const f, cublaslt());
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  INGOT_RETURN_IF_ERROR(f->check(f->cublasLtCreate(&cublaslt_), "starting"));
  return cublaslt_;
}

Result<std::shared_ptr<CudnnPlan>> CudaStream::conv_plan(const CudnnProblem& problem,
                                                         const CudnnEngine& engine) {
  std::shared_ptr<CudnnPlan>& plan = conv_plans_[str(
      problem.key(), '|', engine.index, '|', dims_to_string(engine.knobs), dims_to_string(engine.values))];
  if (plan != nullptr) return plan;
  INGOT_ASSIGN_OR_RETURN(const CudnnHandle handle, cudnn_handle());
  INGOT_ASSIGN_OR_RETURN(std::unique_ptr<CudnnPlan> made,
                         CudnnPlan::create(**cudnn(), handle, problem, engine));
  return plan = std::move(made);
}

}  // namespace ingot::cuda
