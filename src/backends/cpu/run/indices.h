// Index operands as the kernels take them: int64, converted where they are int32.
#pragma once

#include <algorithm>

#include "runtime/device.h"

namespace ingot::cpu {

class Indices {
 public:
  Status resize(const TensorArg& from) {
    if (from.dtype != DataType::kI64 && from.dtype != DataType::kI32)
      return invalid_argument("indices of type ", data_type_name(from.dtype));
    if (from.dtype == DataType::kI32) wide_.resize(static_cast<size_t>(num_elements(from.dims)));
    return {};
  }
  /// Valid until the next call.
  const int64_t* read(const TensorArg& from) {
    if (from.dtype == DataType::kI64) return from.as<const int64_t>();
    std::copy_n(from.as<const int32_t>(), wide_.size(), wide_.begin());
    return wide_.data();
  }

 private:
  std::vector<int64_t> wide_;
};

}  // namespace ingot::cpu
