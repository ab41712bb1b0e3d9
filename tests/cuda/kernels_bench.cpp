// cuda_kernels_bench [NAME...]: times kernels on problems of real networks, and gives their share of the
// floor: the larger of bytes over the bandwidth and operations over the matrix rate that this GPU reaches.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "gpu.h"
#include "kernel_case.h"

namespace ingot::cuda {
namespace {

// What a copy of 1 GB and a product of 8192-cubed fp16 matrices reach on an H200.
constexpr double kBytesPerMicrosecond = 4.3e6, kFlopsPerMicrosecond = 7.7e8;
constexpr size_t kRotated = 256 << 20;  // inputs and outputs rotate through this much: the L2 cache has 60 MB

// Memory of random numbers of the type (8 bits: any bytes), from a pattern of 16 MB.
std::unique_ptr<GuardedMemory> random_memory(const DriverFunctions& f, DataType type, size_t bytes) {
  static const Tensor patterns[] = {random_tensor(DataType::kF16, {1 << 23}),
                                    random_tensor(DataType::kF32, {1 << 22})};
  const Tensor& pattern = bit_width(type) == 32 ? patterns[1] : patterns[0];
  auto memory = std::make_unique<GuardedMemory>(f, bytes);
  for (size_t at = 0; at < bytes; at += pattern.bytes())
    f.cuMemcpyHtoD_v2(memory->address() + at, pattern.data(), std::min(pattern.bytes(), bytes - at));
  return memory;
}

Status run(Gpu& gpu, const KernelBench& b, const std::vector<std::byte>& cubin) {
  INGOT_ASSIGN_OR_RETURN(const CUfunction function, gpu.load(cubin, *b.spec));
  double bytes = 0;
  for (const size_t n : b.inputs) bytes += static_cast<double>(n);
  for (const size_t n : b.outputs) bytes += static_cast<double>(n);
  const size_t sets = std::clamp<size_t>(static_cast<size_t>(kRotated / std::max(1.0, bytes)), 1, 32);
  std::vector<std::unique_ptr<GuardedMemory>> memory;
  std::vector<std::vector<CUdeviceptr>> pointers(sets);
  for (auto& set : pointers) {
    for (const size_t n : b.inputs) {
      memory.push_back(random_memory(gpu.functions(), b.type, n));
      set.push_back(memory.back()->address());
    }
    if (!b.same_input.empty()) {
      const std::vector<CUdeviceptr> inputs = set;
      for (size_t i = 0; i < set.size(); ++i) set[i] = inputs[b.same_input[i]];
    }
    for (const size_t n : b.outputs) {
      memory.push_back(std::make_unique<GuardedMemory>(gpu.functions(), n));
      set.push_back(memory.back()->address());
    }
    if (b.spec->workspace_bytes > 0) {
      memory.push_back(std::make_unique<GuardedMemory>(gpu.functions(), b.spec->workspace_bytes));
      if (b.spec->zeroed_workspace) memory.back()->zero();
      set.push_back(memory.back()->address());
    }
  }
  gpu.functions().cuStreamSynchronize(nullptr);
  INGOT_ASSIGN_OR_RETURN(const double us, gpu.time(64, [&](int call) {
    return gpu.launch(function, *b.spec, pointers[static_cast<size_t>(call) % sets]);
  }));
  const double least = b.bytes > 0 ? b.bytes : bytes;
  const double floor = std::max(least / kBytesPerMicrosecond, b.flops / kFlopsPerMicrosecond);
  std::printf("%-52s %9.2f us  %5.1f%% of floor  %7.0f GB/s  %6.1f TFLOP/s\n", b.name.c_str(), us,
              100 * floor / us, least / us * 1e-3, b.flops / us * 1e-6);
  std::fflush(stdout);
  return {};
}

}  // namespace
}  // namespace ingot::cuda

int main(int argc, char** argv) {
  using namespace ingot::cuda;
  auto gpu = Gpu::open();
  if (!gpu.ok()) {
    std::fprintf(stderr, "%s\n", gpu.status().to_string().c_str());
    return 0;
  }
  std::vector<KernelBench> benches;
  for (const auto& family : {pointwise_benches, copy_benches, attention_benches, depthwise_benches,
                             pool_benches, conv_benches, quantized_benches, norm_benches})
    for (KernelBench& b : family()) benches.push_back(std::move(b));
  std::erase_if(benches, [&](const KernelBench& b) {
    return argc > 1 &&
           std::none_of(argv + 1, argv + argc, [&](const char* a) { return b.name.find(a) != b.name.npos; });
  });
  std::vector<const ingot::cuda::KernelSpec*> specs;
  int failures = 0;
  for (const KernelBench& b : benches)
    if (b.spec.ok()) specs.push_back(&*b.spec);
  const auto cubins = compile_all(specs, (*gpu)->arch());
  for (size_t i = 0, k = 0; i < benches.size(); ++i) {
    ingot::Status status = benches[i].spec.status();
    if (benches[i].spec.ok()) {
      const auto& cubin = cubins[k++];
      status = cubin.ok() ? run(**gpu, benches[i], *cubin) : cubin.status();
    }
    if (status.ok()) continue;
    ++failures;
    std::printf("%-52s %s\n", benches[i].name.c_str(), status.to_string().c_str());
  }
  return failures > 0;
}
