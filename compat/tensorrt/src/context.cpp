#include "context.h"

#include <algorithm>
#include <cstring>

#include "client_cuda.h"

namespace ingot::tensorrt {

using nvinfer1::Dims;
using nvinfer1::ErrorCode;

namespace {

bool open(const Dims& dims) {
  return dims.nbDims < 0 || std::any_of(dims.d, dims.d + dims.nbDims, [](int64_t d) { return d < 0; });
}

// Another number of dims is told by Ingot.
bool outside(const Dims& dims, const Dims& least, const Dims& most) {
  if (least.nbDims != dims.nbDims || most.nbDims != dims.nbDims) return false;
  for (int32_t i = 0; i < dims.nbDims; ++i)
    if (least.d[i] >= 0 && most.d[i] >= 0 && (dims.d[i] < least.d[i] || dims.d[i] > most.d[i])) return true;
  return false;
}

int64_t volume(const Dims& dims) {
  int64_t n = 1;
  for (int32_t i = 0; i < dims.nbDims; ++i) n *= dims.d[i];
  return n;
}

constexpr uint64_t kAlignment = 256;                                       // of what output allocators give
const auto kDefaultStream = reinterpret_cast<cudaStream_t>(uintptr_t{1});  // CUDA's, by its other name

}  // namespace

ExecutionContext::ExecutionContext(const CudaEngine& engine, Context context)
    : engine_(engine),
      context_(std::move(context)),
      generation_(engine.generation()),
      log_(engine.log().logger()),
      on_cpu_(engine.engine().device() == "cpu"),
      bindings_(engine.tensors().size()) {
  mImpl = this;
  for (size_t i = 0; i < bindings_.size(); ++i) {
    const auto& t = engine_.tensors()[i];
    if (!t.input || open(t.dims)) continue;
    bindings_[i].dims = to_vector(t.dims);
    bindings_[i].has_dims = true;
  }
}

bool ExecutionContext::keep_up() {
  if (generation_ == engine_.generation()) return true;
  auto context = engine_.make_ingot_context();
  if (!log_.check(context.status())) return false;
  context_ = std::move(*context);
  context_.set_profiling(profiler_ != nullptr);
  give_memory(memory_, memory_bytes_);
  generation_ = engine_.generation();
  for (Binding& b : bindings_) b.changed = true;
  return true;
}

void ExecutionContext::give_memory(void* memory, int64_t bytes) {
  if (bytes < 0) {
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               "setDeviceMemory: got " + std::to_string(bytes) + " bytes, expected 0 or more");
    return;
  }
  if (!log_.check(context_.set_memory(memory, static_cast<size_t>(bytes)))) return;
  memory_ = memory;
  memory_bytes_ = bytes;
}

#if NV_TENSORRT_MAJOR >= 10
uint64_t ExecutionContext::updateDeviceMemorySizeForShapes() noexcept {
  const auto bytes = context_.memory_bytes();
  return log_.check(bytes.status()) ? *bytes : 0;
}
#endif

void ExecutionContext::setProfiler(nvinfer1::IProfiler* profiler) noexcept {
  profiler_ = profiler;
  context_.set_profiling(profiler != nullptr);
}

bool ExecutionContext::reportToProfiler() const noexcept {
  if (profiler_ == nullptr) return false;
  const std::vector<LayerTime> layers = context_.layer_times();  // sums over all runs
  if (reported_.size() != layers.size() || (!layers.empty() && layers[0].runs < reported_[0].runs))
    reported_.assign(layers.size(), {});
  for (size_t i = 0; i < layers.size(); ++i) {
    const LayerTime& now = layers[i];
    const auto runs = static_cast<double>(std::max<int64_t>(now.runs - reported_[i].runs, 1));
    profiler_->reportLayerTime(now.name.c_str(),
                               static_cast<float>((now.seconds - reported_[i].seconds) * 1e3 / runs));
    reported_[i] = {now.seconds, now.runs};
  }
  return true;
}

bool ExecutionContext::setOptimizationProfileAsync(int32_t profile, cudaStream_t) noexcept {
  if (profile < 0 || profile >= engine_.getNbOptimizationProfiles()) {
    log_.error(ErrorCode::kINVALID_ARGUMENT, "there is no optimization profile " + std::to_string(profile) +
                                                 ", the engine has " +
                                                 std::to_string(engine_.getNbOptimizationProfiles()));
    return false;
  }
  profile_ = profile;
  return true;
}

bool ExecutionContext::allInputDimensionsSpecified() const noexcept {
  for (size_t i = 0; i < bindings_.size(); ++i)
    if (engine_.tensors()[i].input && !bindings_[i].has_dims) return false;
  return true;
}

bool ExecutionContext::setInputShape(const char* name, const Dims& dims) noexcept {
  const int32_t i = engine_.find(name);
  if (i < 0) return false;
  const auto at = static_cast<size_t>(i);
  if (!engine_.tensors()[at].input || open(dims)) {
    log_.error(ErrorCode::kINVALID_ARGUMENT, std::string("setInputShape: tensor '") + name +
                                                 "' must be an input, and its dims known, got " +
                                                 to_string(dims));
    return false;
  }
  Binding& b = bindings_[at];
  if (b.has_dims && static_cast<int32_t>(b.dims.size()) == dims.nbDims &&
      std::equal(b.dims.begin(), b.dims.end(), dims.d))
    return true;
  using Select = nvinfer1::OptProfileSelector;
  const Dims least = engine_.getProfileShape(name, profile_, Select::kMIN),
             most = engine_.getProfileShape(name, profile_, Select::kMAX);
  if (outside(dims, least, most)) {
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               std::string("setInputShape: dims ") + to_string(dims) + " of input '" + name +
                   "' lie outside optimization profile " + std::to_string(profile_) + ", from " +
                   to_string(least) + " to " + to_string(most));
    return false;
  }
  if (!log_.check(context_.set_input_shape(name, to_vector(dims)))) return false;
  b.dims = to_vector(dims);
  b.has_dims = b.changed = true;
  for (Binding& other : bindings_) other.shape.reset();
  return true;
}

Dims ExecutionContext::shape(size_t i) const {
  const auto& t = engine_.tensors()[i];
  if (t.input) return bindings_[i].has_dims ? to_dims(bindings_[i].dims) : t.dims;
  if (!open(t.dims)) return t.dims;
  std::optional<Dims>& known = bindings_[i].shape;
  if (known) return *known;
  if (!allInputDimensionsSpecified()) return t.dims;
  const auto dims = context_.output_shape(t.name);
  if (dims.ok()) known = to_dims(*dims);
  return dims.ok() ? *known : t.dims;  // open: only a run can tell
}

Dims ExecutionContext::getTensorShape(const char* name) const noexcept {
  const int32_t i = engine_.find(name);
  return i < 0 ? no_dims() : shape(static_cast<size_t>(i));
}

Dims ExecutionContext::getTensorStrides(const char* name) const noexcept {
  Dims dims = getTensorShape(name);
  Extent stride = 1;
  for (int32_t i = dims.nbDims - 1; i >= 0; --i) stride *= std::exchange(dims.d[i], stride);
  return dims;
}

bool ExecutionContext::setTensorAddress(const char* name, void* data) noexcept {
  const int32_t i = engine_.find(name);
  if (i < 0) return false;
  Binding& b = bindings_[static_cast<size_t>(i)];
  b.changed |= b.data != data;
  b.data = data;
  return true;
}

bool ExecutionContext::setInputTensorAddress(const char* name, const void* data) noexcept {
  return setTensorAddress(name, const_cast<void*>(data));
}

#if NV_TENSORRT_MAJOR >= 10
bool ExecutionContext::setOutputTensorAddress(const char* name, void* data) noexcept {
  return setTensorAddress(name, data);
}
#endif

const void* ExecutionContext::getTensorAddress(const char* name) const noexcept {
  return getOutputTensorAddress(name);
}

void* ExecutionContext::getOutputTensorAddress(const char* name) const noexcept {
  const int32_t i = engine_.find(name);
  return i < 0 ? nullptr : bindings_[static_cast<size_t>(i)].data;
}

int32_t ExecutionContext::inferShapes(int32_t capacity, const char** missing) noexcept {
  int32_t count = 0;
  for (size_t i = 0; i < bindings_.size(); ++i) {
    if (!engine_.tensors()[i].input || bindings_[i].has_dims) continue;
    if (count < capacity && missing != nullptr) missing[count] = engine_.tensors()[i].name.c_str();
    ++count;
  }
  if (count == 0 && !log_.check(context_.memory_bytes().status())) return -1;
  return count;
}

bool ExecutionContext::setOutputAllocator(const char* name, nvinfer1::IOutputAllocator* allocator) noexcept {
  const int32_t i = engine_.find(name);
  if (i < 0 || engine_.tensors()[static_cast<size_t>(i)].input) return false;
  Binding& b = bindings_[static_cast<size_t>(i)];
  b.allocator = allocator;
  return b.changed = true;
}

nvinfer1::IOutputAllocator* ExecutionContext::getOutputAllocator(const char* name) noexcept {
  const int32_t i = engine_.find(name);
  return i < 0 ? nullptr : bindings_[static_cast<size_t>(i)].allocator;
}

int64_t ExecutionContext::getMaxOutputSize(const char* name) const noexcept {
  const int32_t i = engine_.find(name);
  if (i < 0) return -1;
  const Dims dims = shape(static_cast<size_t>(i));
  if (open(dims)) return -1;
  return static_cast<int64_t>(byte_size(engine_.tensors()[static_cast<size_t>(i)].dtype, volume(dims)));
}

bool ExecutionContext::setTemporaryStorageAllocator(nvinfer1::IGpuAllocator* allocator) noexcept {
  temporary_ = allocator;
  return true;
}

void* ExecutionContext::reallocate(const Binding& b, const std::string& name, size_t bytes) {
#if NV_TENSORRT_MAJOR >= 10
  return b.allocator->reallocateOutputAsync(name.c_str(), b.data, bytes, kAlignment, stream_);
#else
  return b.allocator->reallocateOutput(name.c_str(), b.data, bytes, kAlignment);
#endif
}

// Tells Ingot's context what the client set since the last run.
bool ExecutionContext::tell(size_t i) {
  Binding& b = bindings_[i];
  const auto& t = engine_.tensors()[i];
  if (t.input) {
    if (!b.changed) return true;
    if (b.data == nullptr || !b.has_dims) {
      log_.error(ErrorCode::kINVALID_STATE,
                 "input '" + t.name + "' has no " + (b.has_dims ? "address" : "shape"));
      return false;
    }
    if (!log_.check(context_.set_input(t.name, {t.dtype, b.dims, b.data}))) return false;
    b.changed = false;
    return true;
  }
  if (b.data == nullptr && b.allocator == nullptr) {
    log_.error(ErrorCode::kINVALID_STATE, "output '" + t.name + "' has neither an address nor an allocator");
    return false;
  }
  const Dims dims = shape(i);
  if (open(dims)) {
    const Status why = context_.output_shape(t.name).status();
    if (why.code() != StatusCode::kFailedPrecondition)
      return log_.check(why);                 // the inputs' shapes do not fit
    if (b.allocator != nullptr) return true;  // handed out after the run
    log_.error(ErrorCode::kINVALID_STATE,
               "output '" + t.name + "' has a size that only a run can tell: it needs an allocator");
    return false;
  }
  const size_t bytes = byte_size(t.dtype, volume(dims));
  void* data = b.data;
  if (b.allocator == nullptr && !b.changed && bytes == b.told_bytes) return true;
  if (b.allocator != nullptr) {
    data = reallocate(b, t.name, bytes);
    if (data == nullptr) {
      log_.error(
          ErrorCode::kFAILED_ALLOCATION,
          "the allocator of output '" + t.name + "' gave no memory for " + std::to_string(bytes) + " bytes");
      return false;
    }
  }
  if (!log_.check(context_.set_output(t.name, data, bytes))) return false;
  b.changed = false;
  b.told_bytes = bytes;
  return true;
}

// After a run: outputs of sizes that only it could tell, and shapes for those who asked.
bool ExecutionContext::hand_out(size_t i) {
  const Binding& b = bindings_[i];
  if (b.allocator == nullptr) return true;
  const auto& t = engine_.tensors()[i];
  Dims dims = shape(i);
  if (open(dims)) {
    const auto memory = [&](const std::vector<int64_t>& actual, size_t bytes) {
      dims = to_dims(actual);
      return reallocate(b, t.name, bytes);
    };
    if (!log_.check(context_.copy_output(t.name, memory))) return false;
  }
  b.allocator->notifyShape(t.name.c_str(), dims);
  return true;
}

#if NV_TENSORRT_MAJOR >= 10
bool ExecutionContext::setTensorDebugState(const char* name, bool on) noexcept {
  if (!engine_.isDebugTensor(name)) {
    log_.error(ErrorCode::kINVALID_ARGUMENT, std::string("setTensorDebugState: '") +
                                                 (name == nullptr ? "" : name) +
                                                 "' was not marked as a debug tensor");
    return false;
  }
  if (on)
    debugged_.insert(name);
  else
    debugged_.erase(name);
  return true;
}

bool ExecutionContext::getDebugState(const char* name) const noexcept {
  return name != nullptr && debugged_.contains(std::string_view(name));
}

bool ExecutionContext::setAllTensorsDebugState(bool on) noexcept {
  debugged_.clear();
  if (on) debugged_.insert(engine_.debug_tensors().begin(), engine_.debug_tensors().end());
  return true;
}

bool ExecutionContext::tell_debug_listener() {
  for (const std::string& name : debugged_) {
    auto value = context_.output(kDebugPrefix + name);
    if (!log_.check(value.status())) return false;
    if (!debug_listener_->processDebugTensor(value->data, nvinfer1::TensorLocation::kHOST,
                                             to_tensorrt(value->dtype), to_dims(value->dims), name.c_str(),
                                             stream_)) {
      log_.error(ErrorCode::kFAILED_EXECUTION, "the debug listener refused tensor '" + name + "'");
      return false;
    }
  }
  return true;
}
#endif

bool ExecutionContext::assertions_hold() {
  for (const std::string& name : engine_.assertions()) {
    const auto value = context_.output(name);
    if (!log_.check(value.status())) return false;
    const auto* holds = static_cast<const bool*>(value->data);
    if (std::all_of(holds, holds + value->size(), [](bool b) { return b; })) continue;
    log_.error(ErrorCode::kFAILED_EXECUTION, name + " (the assertion does not hold)");
    return false;
  }
  return true;
}

bool ExecutionContext::run(cudaStream_t stream, bool wait) {
  return log_.guard("enqueue", [&] {
    if (!keep_up()) return false;
    stream_ = stream;
    for (size_t i = 0; i < bindings_.size(); ++i)
      if (!tell(i)) return false;
    if (!on_cpu_ && !log_.check(context_.set_stream(stream != nullptr ? stream : kDefaultStream)))
      return false;
    if (!log_.check(context_.enqueue())) return false;
    if (!on_cpu_ && consumed_ != nullptr && !log_.check(context_.record(consumed_))) return false;
    if (wait && !log_.check(context_.synchronize())) return false;
    if (!assertions_hold()) return false;
    for (size_t i = 0; i < bindings_.size(); ++i)
      if (!engine_.tensors()[i].input && !hand_out(i)) return false;
#if NV_TENSORRT_MAJOR >= 10
    if (debug_listener_ != nullptr && !tell_debug_listener()) return false;
#endif
    if (profiler_ != nullptr && emits_profile_) reportToProfiler();
    return true;
  });
}

bool ExecutionContext::capture(cudaStream_t stream) {
  return log_.guard("enqueue", [&] {
    if (!keep_up()) return false;
    for (size_t i = 0; i < bindings_.size(); ++i)
      if (!tell(i)) return false;
    captured_.push_back({*this, bindings_});
    const auto replay_it = [](void* data) {
      auto* captured = static_cast<CapturedRun*>(data);
      captured->context.replay(captured->bindings);
    };
    if (launch_host_function(stream, replay_it, &captured_.back())) return true;
    captured_.pop_back();
    log_.error(ErrorCode::kFAILED_EXECUTION, "the CUDA graph does not take the run");
    return false;
  });
}

void ExecutionContext::replay(std::vector<Binding>& bindings) {
  const auto exchange = [&] {
    bindings_.swap(bindings);
    for (Binding& b : bindings_) b.changed = true;
  };
  exchange();
  run(nullptr, false);  // says in the log what fails
  exchange();
}

bool ExecutionContext::enqueue(cudaStream_t stream) {
  return on_cpu_ && is_captured(stream) ? capture(stream) : run(stream, false);
}

bool ExecutionContext::enqueueV3(cudaStream_t stream) noexcept { return enqueue(stream); }

bool ExecutionContext::bind(void* const* bindings) {
  if (bindings == nullptr) {
    log_.error(ErrorCode::kINVALID_ARGUMENT, "the array of bindings is null");
    return false;
  }
  // Bindings of a second profile follow those of the first, and the profile's own are read.
#if NV_TENSORRT_MAJOR == 8
  bindings += static_cast<size_t>(profile_) * bindings_.size();
#endif
  for (size_t i = 0; i < bindings_.size(); ++i) {
#if NV_TENSORRT_MAJOR == 8
    if (bindings[i] == nullptr && !bindings_[i].values.empty()) continue;
#endif
    bindings_[i].changed |= bindings_[i].data != bindings[i];
    bindings_[i].data = bindings[i];
  }
  return true;
}

bool ExecutionContext::executeV2(void* const* bindings) noexcept {
  return bind(bindings) && run(nullptr, true);
}

}  // namespace ingot::tensorrt
