// Every CUDA kernel is compiled (where NVRTC is found), and run against the op's `eval` (where a GPU is
// found), with guard zones around all memory and outputs poisoned before. INGOT_TEST_CASES=TEXT,TEXT...
// leaves those whose name has one of the texts in it.
#include <gtest/gtest.h>

#include <cstdlib>

#include "backends/cuda/driver/nvrtc.h"
#include "gpu.h"
#include "kernel_case.h"

namespace ingot::cuda {
namespace {

Gpu* gpu() {
  static const auto opened = Gpu::open();
  return opened.ok() ? opened->get() : nullptr;
}

void run_case(const KernelCase& c, const std::vector<std::byte>& cubin) {
  const DriverFunctions& f = gpu()->functions();
  std::vector<std::unique_ptr<GuardedMemory>> memory;
  std::vector<CUdeviceptr> pointers;
  const auto add = [&](size_t bytes) -> GuardedMemory& {
    memory.push_back(std::make_unique<GuardedMemory>(f, bytes));
    pointers.push_back(memory.back()->address());
    return *memory.back();
  };
  for (const Tensor& input : c.inputs) {
    if (input.valid())
      add(input.bytes()).upload(input.data());
    else
      pointers.push_back(0);
  }
  const size_t outputs = memory.size();
  for (const Tensor& output : c.expected) add(output.bytes());
  pointers.insert(pointers.end(), static_cast<size_t>(c.trailing_nulls), 0);
  if (c.spec->workspace_bytes > 0) {
    GuardedMemory& workspace = add(c.spec->workspace_bytes);
    if (c.spec->zeroed_workspace) workspace.zero();
  }
  const auto function = gpu()->load(cubin, *c.spec);
  ASSERT_TRUE(function.ok()) << c.name << ": " << function.status().to_string();
  ASSERT_TRUE(f.check(f.cuStreamSynchronize(nullptr), "upload").ok());
  for (int launch = 0; launch < 2; ++launch) {  // the second finds what the first left in the workspace
    Status status = gpu()->launch(*function, *c.spec, pointers);
    if (status.ok()) status = gpu()->synchronize();
    if (!status.ok()) {
      std::fprintf(stderr, "%s: %s\n", c.name.c_str(), status.to_string().c_str());
      std::abort();  // the context is lost
    }
  }
  for (size_t i = 0; i < c.expected.size(); ++i)
    EXPECT_EQ(difference(c, memory[outputs + i]->download(), c.expected[i]), "") << c.name;
  for (const auto& m : memory) EXPECT_TRUE(m->intact()) << c.name << ": a guard zone was written";
}

void run_cases(std::vector<KernelCase> cases) {
  if (const char* texts = std::getenv("INGOT_TEST_CASES"))
    std::erase_if(cases, [&](const KernelCase& c) { return !has_one_of(c.name, texts); });
  std::vector<const KernelSpec*> specs;
  const size_t step = gpu() != nullptr ? 1 : cases.size() / 12 + 1;  // without a GPU, a sample is compiled
  for (size_t i = 0; i < cases.size(); ++i) {
    const KernelCase& c = cases[i];
    ASSERT_TRUE(c.spec.ok()) << c.name << ": " << c.spec.status().to_string();
    if (i % step == 0) specs.push_back(&*c.spec);
  }
  if (const auto found = nvrtc(); !found.ok()) GTEST_SKIP() << found.status().to_string();
  const auto cubins = compile_all(specs, gpu() != nullptr ? gpu()->arch() : "sm_90a");
  for (size_t i = 0; i < specs.size(); ++i) {
    ASSERT_TRUE(cubins[i].ok()) << cases[i * step].name << ": " << cubins[i].status().to_string();
    if (gpu() != nullptr) run_case(cases[i], *cubins[i]);
  }
  if (gpu() == nullptr) GTEST_SKIP() << specs.size() << " kernels compiled; there is no GPU to run them on";
}

TEST(CudaKernels, Pointwise) { run_cases(pointwise_cases()); }
TEST(CudaKernels, Copy) { run_cases(copy_cases()); }
TEST(CudaKernels, Norm) { run_cases(norm_cases()); }
TEST(CudaKernels, Reduce) { run_cases(reduce_cases()); }
TEST(CudaKernels, Conv) { run_cases(conv_cases()); }
TEST(CudaKernels, HopperConv) {
  if (gpu() != nullptr && gpu()->arch() != "sm_90a") GTEST_SKIP() << "they are for sm_90a";
  run_cases(hopper_conv_cases());
}
TEST(CudaKernels, Quantized) { run_cases(quantized_cases()); }
TEST(CudaKernels, Index) { run_cases(index_cases()); }
TEST(CudaKernels, Sample) { run_cases(sample_cases()); }
TEST(CudaKernels, Direct) { run_cases(direct_cases()); }
TEST(CudaKernels, Integer) { run_cases(integer_cases()); }
TEST(CudaKernels, Pool) { run_cases(pool_cases()); }
TEST(CudaKernels, Depthwise) { run_cases(depthwise_cases()); }
TEST(CudaKernels, Attention) { run_cases(attention_cases()); }

}  // namespace
}  // namespace ingot::cuda
