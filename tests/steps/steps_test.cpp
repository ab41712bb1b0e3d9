// Every kernel that the CPU offers for an op, as a plan of one step, against the op's eval.
#include <gtest/gtest.h>

#include "backends/cpu/plugin.h"
#include "cases.h"
#include "step_checks.h"

namespace ingot {
namespace {

TEST(Steps, CasesOfEveryOp) {
  StepChecks checks(cpu::make_target(2).value(), cpu::make_device().value(),
                    {DataType::kF32, DataType::kI64, DataType::kI32, DataType::kU8, DataType::kBool});
  for (const auto& [op, cases] : ops::all_op_cases()) {
    if (!op->deterministic) continue;
    for (const OpCase& c : cases) checks.check(*op, c);
  }
  for (const StepCase& c : more_step_cases()) checks.check(*find_op(c.op), c.given);
  // What the list of families says is there has been tried.
  for (const char* family : {
#define INGOT_CPU_KERNEL(op) #op,
#include "backends/cpu/run/kernels.inc"
#undef INGOT_CPU_KERNEL
       })
    EXPECT_TRUE(checks.families().contains(family) || std::string_view(family) == "eval" ||
                std::string_view(family) == "nop")
        << "no case ran '" << family << "'";
}

}  // namespace
}  // namespace ingot
