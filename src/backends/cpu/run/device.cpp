// The CPU as a Device: host memory, thread pools as streams, kernels by family name.
#include <immintrin.h>
#include <sys/mman.h>

#include <cstdlib>
#include <fstream>

#include "backends/cpu/kernels/simd/isa.h"
#include "backends/cpu/plugin.h"
#include "backends/cpu/run/epilogue.h"
#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {

#define INGOT_CPU_KERNEL(op) Result<std::unique_ptr<Kernel>> make_##op##_kernel(const KernelSpec& spec);
#include "backends/cpu/run/kernels.inc"
#undef INGOT_CPU_KERNEL

namespace {

constexpr size_t kHugePage = size_t{2} << 20;

class HostBuffer final : public Buffer {
 public:
  HostBuffer(void* data, size_t size) : data_(data), size_(size) {}
  ~HostBuffer() override { std::free(data_); }
  void* data() const override { return data_; }
  size_t size() const override { return size_; }

 private:
  void* data_;
  size_t size_;
};

struct Entry {
  std::string_view op;
  KernelFactory make;
};
constexpr Entry kFactories[] = {
#define INGOT_CPU_KERNEL(op) {#op, make_##op##_kernel},
#include "backends/cpu/run/kernels.inc"
#undef INGOT_CPU_KERNEL
};

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(Isa isa) : isa_(isa) {}
  std::string_view name() const override { return "cpu"; }
  std::string_view arch() const override { return isa_name(isa_); }
  std::string model() const override { return processor_model(); }

  bool can_run(const Plan& plan) const override {
    const auto needed = parse_isa(plan.arch);
    return plan.device == "cpu" && needed.has_value() && *needed <= isa_;
  }

  Result<std::unique_ptr<Buffer>> allocate(size_t bytes) override {
    // Large buffers take huge pages where the system offers them: fewer TLB misses on the way through
    // activations.
    const size_t alignment = bytes >= kHugePage ? kHugePage : 64;
    const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    void* data = std::aligned_alloc(alignment, rounded);
    if (data == nullptr) return out_of_memory("cannot allocate ", bytes, " bytes");
    if (alignment == kHugePage) ::madvise(data, rounded, MADV_HUGEPAGE);
    return std::unique_ptr<Buffer>(std::make_unique<HostBuffer>(data, bytes));
  }

  void evict(const void* data, size_t bytes) override {
    constexpr size_t kLine = 64;
    for (size_t at = 0; at < bytes; at += kLine) _mm_clflush(static_cast<const char*>(data) + at);
    _mm_mfence();
  }

  void settle(const TensorArg& operand, Stream& stream) override {
    if (!operand.given() || operand.dims.size() < 2) return;
    const Dims dims = walked_dims(operand.dims, operand.layout, operand.block);
    const bool blocked = operand.layout == Layout::kBlocked;
    int64_t planes = 1, rows = 1, row = static_cast<int64_t>(byte_size(operand.dtype, 1));
    for (size_t d = 0; d < dims.size(); ++d)
      (blocked && d < 2 ? planes : d + 1 < dims.size() && (!blocked || d == 2) ? rows : row) *= dims[d];
    ThreadPool& pool = static_cast<CpuStream&>(stream).pool;
    pool.run([&](int thread) {
      constexpr int64_t kLine = 64;
      const Share mine = share(rows, thread, pool.size());
      for (int64_t plane = 0; plane < planes; ++plane) {
        auto* const bytes = operand.as<volatile char>() + plane * rows * row;
        for (int64_t at = mine.begin * row; at < mine.end * row; at += kLine) bytes[at] = bytes[at];
      }
    });
  }

  Result<std::unique_ptr<Stream>> make_stream(int threads) override {
    if (threads < 1 || threads > 1024)
      return invalid_argument("thread count ", threads, " is out of range, expected 1 to 1024");
    return std::unique_ptr<Stream>(std::make_unique<CpuStream>(threads));
  }

  Result<std::unique_ptr<Kernel>> make_kernel(const PlanStep& step, const Plan& plan,
                                              Stream& stream) override {
    for (const Entry& e : kFactories)
      if (e.op == step.op) return e.make({step, plan, static_cast<CpuStream&>(stream).pool.size()});
    return not_found("the CPU has no kernel '", step.op, "'");
  }

 private:
  Isa isa_;
};

}  // namespace

std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  return "unknown processor";
}

Result<std::unique_ptr<Device>> make_device() {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, detect_isa());
  return std::unique_ptr<Device>(std::make_unique<CpuDevice>(isa));
}

}  // namespace ingot::cpu
