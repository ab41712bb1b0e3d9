// Split and Slice as cuts along one axis at fixed places, which every backend can copy and plans make views
// of.
#pragma once

#include <optional>

#include "ir/graph.h"

namespace ingot {

struct Cut {
  int64_t axis = -1;
  Ints starts;  // one for each output
};

/// How a Split or Slice cuts; nothing where it cuts several axes, with steps, or at places that are not
/// known.
std::optional<Cut> cut_of(const Node& node);

}  // namespace ingot
