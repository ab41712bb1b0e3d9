// For tests: the examples that the ops give of themselves.
#pragma once

#include "ops/op.h"

namespace ingot::ops {

struct OpWithCases {
  const OpDef* op;
  std::vector<OpCase> cases;
};
/// In the order of ops.inc; ops that have none (control flow) are left out.
std::vector<OpWithCases> all_op_cases();

}  // namespace ingot::ops
