// Ops that work on each element, or on each row over the last dimension, alone.
#pragma once

#include "passes/rewrite.h"

namespace ingot::passes {

/// A function of each element of operands that broadcast.
bool is_pointwise(const Node& node);
/// A product or a normalisation over the last dimension of input 0, whose other operands are for all rows.
bool works_on_rows(const Node& node);

}  // namespace ingot::passes
