// A CUDA stream with what belongs to one: events, recordings (CUDA graphs), handles of the libraries.
#pragma once

#include <map>

#include "backends/cuda/driver/cublaslt.h"
#include "backends/cuda/libs/cudnn_conv.h"
#include "backends/cuda/run/gpu.h"
#include "runtime/device.h"

namespace ingot::cuda {

class CudaStream final : public Stream {
 public:
  static Result<std::unique_ptr<CudaStream>> create(std::shared_ptr<const Gpu> gpu);
  ~CudaStream() override;

  Status synchronize() override;
  Status upload(void* to, const void* from, size_t bytes) override;
  Status download(void* to, const void* from, size_t bytes) override;
  Status copy(void* to, const void* from, size_t bytes) override;
  Status mark(size_t number) override;
  Result<double> seconds_between(size_t from, size_t to) override;
  Status follow(void* native) override;
  Status wait_for(void* native_event) override;
  Status record(void* native_event) override;
  Status hand_over() override;
  bool can_record() const override;
  Status begin_recording() override;
  Result<std::unique_ptr<Recording>> end_recording() override;

  const Gpu& gpu() const { return *gpu_; }
  CUstream handle() const { return current_; }
  /// Handles on this stream, made when they are first asked for. Errors: kNotFound without the library.
  Result<CudnnHandle> cudnn_handle();
  Result<CublasLtHandle> cublaslt_handle();
  /// Plans are shared by the steps that have the same problem and engine.
  Result<std::shared_ptr<CudnnPlan>> conv_plan(const CudnnProblem& problem, const CudnnEngine& engine);

 private:
  explicit CudaStream(std::shared_ptr<const Gpu> gpu) : gpu_(std::move(gpu)) {}
  Status go_to(CUstream stream);
  Status record_handover();
  bool captured(CUstream stream) const;  // the program records it into a CUDA graph

  std::shared_ptr<const Gpu> gpu_;
  CUstream own_ = nullptr;
  CUstream followed_ = nullptr, current_ = nullptr;  // current: followed, or own while that records
  CUevent handover_ = nullptr;                       // behind all that went to the followed stream
  std::vector<CUevent> events_;
  CudnnHandle cudnn_ = nullptr;
  CublasLtHandle cublaslt_ = nullptr;
  std::map<std::string, std::shared_ptr<CudnnPlan>> conv_plans_;
};

}  // namespace ingot::cuda
