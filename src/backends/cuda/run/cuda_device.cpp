#include "backends/cuda/run/cuda_device.h"

#include "backends/cuda/driver/nvrtc.h"
#include "backends/cuda/plugin.h"
#include "backends/cuda/run/kernel.h"

namespace ingot::cuda {

#define INGOT_CUDA_KERNEL(op) Result<std::unique_ptr<Kernel>> make_##op##_kernel(const KernelSource& source);
#include "backends/cuda/run/kernels.inc"
#undef INGOT_CUDA_KERNEL
Result<std::unique_ptr<Kernel>> make_launch_kernel(const KernelSource& source, LaunchFunction launches);

namespace {

class DeviceBuffer final : public Buffer {
 public:
  DeviceBuffer(std::shared_ptr<const Gpu> gpu, CUdeviceptr data, size_t size)
      : gpu_(std::move(gpu)), data_(data), size_(size) {}
  ~DeviceBuffer() override {
    if (gpu_->still_there()) gpu_->f.cuMemFree_v2(data_);
  }
  void* data() const override { return reinterpret_cast<void*>(data_); }
  size_t size() const override { return size_; }

 private:
  std::shared_ptr<const Gpu> gpu_;
  CUdeviceptr data_;
  size_t size_;
};

struct Entry {
  std::string_view op;
  KernelFactory make;
};
constexpr Entry kFactories[] = {
#define INGOT_CUDA_KERNEL(op) {#op, make_##op##_kernel},
#include "backends/cuda/run/kernels.inc"
#undef INGOT_CUDA_KERNEL
};

}  // namespace

bool CudaDevice::can_access(const void* data) const {
  if (!gpu_->activate().ok()) return false;
  unsigned type = 0;
  const auto address = reinterpret_cast<CUdeviceptr>(data);
  return gpu_->f.cuPointerGetAttribute(&type, kPointerMemoryType, address) == kCudaSuccess &&
         type == kMemoryTypeDevice;
}

Result<void*> CudaDevice::constant(const Tensor& tensor) {
  const std::lock_guard lock(mutex_);
  Constant& c = constants_[tensor.data()];
  if (c.buffer == nullptr || c.buffer->size() < tensor.bytes()) {
    INGOT_ASSIGN_OR_RETURN(c.buffer, allocate(std::max<size_t>(tensor.bytes(), 1)));
    c.host = tensor;
    const auto to = reinterpret_cast<CUdeviceptr>(c.buffer->data());
    if (tensor.bytes() > 0)
      INGOT_RETURN_IF_ERROR(gpu_->write(to, tensor.data(), tensor.bytes(), "copying a constant"));
  }
  return c.buffer->data();
}

Result<std::unique_ptr<Buffer>> CudaDevice::allocate(size_t bytes) {
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  CUdeviceptr data = 0;
  const CUresult result = gpu_->f.cuMemAlloc_v2(&data, std::max<size_t>(bytes, 1));
  if (result == kCudaOutOfMemory) return out_of_memory("cannot allocate ", bytes, " bytes on the GPU");
  INGOT_RETURN_IF_ERROR(gpu_->f.check(result, "allocating memory"));
  return std::unique_ptr<Buffer>(std::make_unique<DeviceBuffer>(gpu_, data, bytes));
}

Result<std::unique_ptr<Stream>> CudaDevice::make_stream(int) {
  INGOT_ASSIGN_OR_RETURN(std::unique_ptr<CudaStream> stream, CudaStream::create(gpu_));
  return std::unique_ptr<Stream>(std::move(stream));
}

Result<std::unique_ptr<Kernel>> CudaDevice::make_kernel(const PlanStep& step, const Plan& plan,
                                                        Stream& stream) {
  const KernelSource source{step, plan, static_cast<CudaStream&>(stream), programs_};
  for (const Entry& e : kFactories)
    if (e.op == step.op) return e.make(source);
  if (const LaunchFunction launches = find_launches(step.op)) return make_launch_kernel(source, launches);
  return not_found("the GPU has no kernel '", step.op, "'");
}

void CudaDevice::prefetch(const PlanStep& step, std::span<const TensorArg* const> inputs,
                          std::span<const TensorArg* const> outputs) {
  const LaunchFunction launches = find_launches(step.op);
  if (launches == nullptr) return;
  const auto made = launches({step.kernel, step.args, inputs, outputs});
  if (!made.ok()) return;
  for (const Launch& launch : *made) programs_.prefetch(launch.spec);
}

Result<std::unique_ptr<Device>> make_device(int ordinal) {
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<const Gpu> gpu, Gpu::open(ordinal));
  return std::unique_ptr<Device>(std::make_unique<CudaDevice>(std::move(gpu)));
}

std::vector<GpuInfo> gpus() {
  std::vector<GpuInfo> out;
  for (int i = 0;; ++i) {
    const auto gpu = Gpu::open(i);
    if (!gpu.ok()) return out;
    const Gpu& g = **gpu;
    out.push_back({g.name, g.arch, g.multiprocessors, g.memory_bytes, g.gbytes_per_s, g.tflops});
  }
}

std::vector<std::string> library_report() {
  std::vector<std::string> lines;
  const auto add = [&](const char* name, const auto& found, const char* loss, const auto& version) {
    lines.push_back(found.ok() ? str(name, " ", version(**found), ": ", (*found)->path)
                               : str(name, ": not found; ", loss));
  };
  // cuDNN 9 and cuBLASLt count in ten thousands, the driver in thousands.
  const auto dotted = [](size_t number, size_t major) {
    return str(number / major, '.', number % major / (major / 100));
  };
  int of_driver = 0;
  if (const auto found = driver(); found.ok() && (*found)->cuDriverGetVersion(&of_driver) == kCudaSuccess)
    lines.push_back(str("driver for CUDA ", of_driver / 1000, '.', of_driver % 1000 / 10));
  add("cuDNN", cudnn(), "its convolutions are no candidates",
      [&](const CudnnFunctions& f) { return dotted(f.cudnnGetVersion(), 10000); });
  add("cuBLASLt", cublaslt(), "its products are no candidates",
      [&](const CublasLtFunctions& f) { return dotted(f.cublasLtGetVersion(), 10000); });
  add("NVRTC", nvrtc(),
      "nothing is built for GPUs, and engines run only with the sizes that they were built for",
      [](const NvrtcFunctions& f) { return str(f.major, '.', f.minor); });
  return lines;
}

}  // namespace ingot::cuda
