// More cases than the ops' own: sizes that leave rests in vectors and tiles, and forms that kernels treat
// differently.
#pragma once

#include "ops/op.h"

namespace ingot {

struct StepCase {
  std::string_view op;
  OpCase given;
};
std::vector<StepCase> more_step_cases();

}  // namespace ingot
