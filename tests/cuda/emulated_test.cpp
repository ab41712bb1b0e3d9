// Kernels on the host (emulated.h) against the op's `eval`: where there is no GPU, the logic of the more
// intricate ones is tested all the same. INGOT_EMULATE=TEXT,TEXT... runs all cases whose name
// has one of the texts in it.
#include "emulated.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "kernel_case.h"

namespace ingot::cuda {
namespace {

constexpr size_t kGuard = 256;
constexpr std::byte kPattern{0xff};

// Host memory between guard zones, aligned as a GPU's.
struct Guarded {
  std::vector<std::byte> bytes;
  size_t size, begin;
  explicit Guarded(size_t n) : bytes(n + 3 * kGuard, kPattern), size(n) {
    const auto at = reinterpret_cast<uintptr_t>(bytes.data());
    begin = (at + 2 * kGuard - 1) / kGuard * kGuard - at;
  }
  std::byte* data() { return bytes.data() + begin; }
  bool intact() const {
    const auto clean = [&](size_t from, size_t to) {
      return std::all_of(bytes.begin() + static_cast<ptrdiff_t>(from),
                         bytes.begin() + static_cast<ptrdiff_t>(to),
                         [](std::byte b) { return b == kPattern; });
    };
    return clean(0, begin) && clean(begin + size, bytes.size());
  }
};

void run_case(const KernelCase& c) {
  SCOPED_TRACE(c.name);
  std::vector<std::unique_ptr<Guarded>> memory;
  std::vector<void*> pointers;
  const auto add = [&](size_t bytes) {
    memory.push_back(std::make_unique<Guarded>(bytes));
    pointers.push_back(memory.back()->data());
    return memory.back()->data();
  };
  for (const Tensor& input : c.inputs) {
    if (input.valid())
      std::copy_n(static_cast<const std::byte*>(input.data()), input.bytes(), add(input.bytes()));
    else
      pointers.push_back(nullptr);
  }
  const size_t outputs = memory.size();
  for (const Tensor& output : c.expected) add(output.bytes());
  pointers.insert(pointers.end(), static_cast<size_t>(c.trailing_nulls), nullptr);
  if (c.spec->workspace_bytes > 0)
    std::fill_n(add(c.spec->workspace_bytes), c.spec->workspace_bytes, std::byte{0});
  const Status status = run_emulated(*c.spec, pointers);
  ASSERT_TRUE(status.ok()) << status.to_string();
  for (size_t i = 0; i < c.expected.size(); ++i) {
    Guarded& y = *memory[outputs + i];
    EXPECT_EQ(difference(c, {y.data(), y.data() + y.size}, c.expected[i]), "");
  }
  for (const auto& m : memory) EXPECT_TRUE(m->intact()) << "a guard zone was written";
}

struct Family {
  const char* name;
  std::vector<KernelCase> (*cases)();
};

class EmulatedKernels : public testing::TestWithParam<Family> {};

TEST_P(EmulatedKernels, MatchEval) {
  const char* wanted = std::getenv("INGOT_EMULATE");
  size_t number = 0, run = 0;
  for (const KernelCase& c : GetParam().cases()) {
    ASSERT_TRUE(c.spec.ok()) << c.name << ": " << c.spec.status().to_string();
    if (c.name.find("f8e4m3") != c.name.npos) continue;  // conversions are left to the GPU
    const bool sample = number++ % 13 == 0 && run < 5;
    if (wanted != nullptr ? !has_one_of(c.name, wanted) : !sample) continue;
    ++run;
    run_case(c);
  }
  EXPECT_TRUE(run > 0 || wanted != nullptr);
}

INSTANTIATE_TEST_SUITE_P(Families, EmulatedKernels,
                         testing::Values(Family{"conv", conv_cases}, Family{"hopper_conv", hopper_conv_cases},
                                         Family{"quantized", quantized_cases},
                                         Family{"attention", attention_cases},
                                         Family{"depthwise", depthwise_cases}, Family{"pool", pool_cases},
                                         Family{"norm", norm_cases}, Family{"index", index_cases},
                                         Family{"sample", sample_cases}, Family{"direct", direct_cases},
                                         Family{"integer", integer_cases}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ingot::cuda
