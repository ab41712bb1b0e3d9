#include "ops/op_cases.h"

namespace ingot {

#define INGOT_OP(name)      \
  const OpDef& op_##name(); \
  std::vector<OpCase> cases_##name();
#include "ops/ops.inc"
#undef INGOT_OP

std::vector<ops::OpWithCases> ops::all_op_cases() {
  std::vector<OpWithCases> all = {
#define INGOT_OP(name) {&op_##name(), cases_##name()},
#include "ops/ops.inc"
#undef INGOT_OP
  };
  std::erase_if(all, [](const OpWithCases& one) { return one.cases.empty(); });
  return all;
}

}  // namespace ingot
