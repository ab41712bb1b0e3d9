// Every kernel that the GPU offers for an op, as a plan of one step, against the op's eval. Skips without a
// GPU. INGOT_TEST_SHARD=i/n does every n-th case, from the i-th on: kernels are compiled as they are met.
// INGOT_TEST_OPS=NAME,NAME... does the cases of these ops only.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "backends/cuda/plugin.h"
#include "cases.h"
#include "step_checks.h"

namespace ingot {
namespace {

TEST(CudaSteps, CasesOfEveryOp) {
  auto device = cuda::make_device();
  if (!device.ok()) GTEST_SKIP() << device.status().to_string();
  auto target = cuda::make_target(**device, false);
  ASSERT_TRUE(target.ok()) << target.status().to_string();
  StepChecks checks(std::move(*target), std::move(*device),
                    {DataType::kF32, DataType::kF16, DataType::kBF16, DataType::kI64, DataType::kBool});
  size_t first = 0, step = 1, at = 0;
  if (const char* shard = std::getenv("INGOT_TEST_SHARD")) std::sscanf(shard, "%zu/%zu", &first, &step);
  const char* const only = std::getenv("INGOT_TEST_OPS");
  const auto wanted = [&](std::string_view op) {
    return only == nullptr || str(",", only, ",").find(str(",", op, ",")) != std::string::npos;
  };
  for (const auto& [op, cases] : ops::all_op_cases()) {
    if (!op->deterministic || !wanted(op->name)) continue;
    for (const OpCase& c : cases)
      if (at++ % step == first && checks.alive()) checks.check(*op, c);
  }
  for (const StepCase& c : more_step_cases())
    if (wanted(c.op) && checks.alive() && at++ % step == first) checks.check(*find_op(c.op), c.given);
  std::string families;
  for (const std::string& f : checks.families()) families += " " + f;
  std::printf("%zu runs of families:%s\n", checks.runs(), families.c_str());
  EXPECT_TRUE(checks.alive());
  if (step != 1 || only != nullptr) return;
  // What the lists of families say is there has been tried.
  for (const std::string_view family : {
#define INGOT_CUDA_FAMILY(family) std::string_view(#family),
#include "backends/cuda/steps/families.inc"
#undef INGOT_CUDA_FAMILY
#define INGOT_CUDA_KERNEL(op) std::string_view(#op),
#include "backends/cuda/run/kernels.inc"
#undef INGOT_CUDA_KERNEL
       })
    EXPECT_TRUE(checks.families().contains(std::string(family)) || family == "eval" || family == "nop")
        << "no case ran '" << family << "'";
}

}  // namespace
}  // namespace ingot
