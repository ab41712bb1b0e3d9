// The equation of an Einsum.
#pragma once

#include "base/attrs.h"

namespace ingot::ops {

/// One label for each dim. Broadcast dims get the labels -1, -2... from the last one backwards.
struct Equation {
  std::vector<std::vector<int>> operands;
  std::vector<int> result;
};

/// Errors: kInvalidArgument where it does not fit operands of these ranks.
Result<Equation> parse_equation(const Attrs& attrs, const std::vector<size_t>& ranks);

}  // namespace ingot::ops
