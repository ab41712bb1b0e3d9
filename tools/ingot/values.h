// Elements of tensors as numbers, for what the commands print.
#pragma once

#include <string>

#include "ingot/tensor.h"

namespace ingot::cli {

/// Element `i` as a double; 4-bit elements included.
double value_at(const TensorRef& tensor, int64_t i);
/// "min -1.2, mean 0.03, max 4.5; 0.1, 0.2, ..."
std::string summarize(const TensorRef& tensor);

}  // namespace ingot::cli
