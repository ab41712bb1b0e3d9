// What the quantizing ops share: ranges of the quantized types, rounding, and how scales lie over a tensor.
#pragma once

#include "ops/common.h"

namespace ingot::ops {

inline constexpr TypeSet kBytes = type_set({DataType::kI8, DataType::kU8});
inline constexpr TypeSet kQuantized =
    kBytes | kNarrow | type_set({DataType::kI16, DataType::kU16, DataType::kI4, DataType::kU4});

struct QuantizedRange {
  double low, high;
};
/// The lowest and highest value of a quantized type.
QuantizedRange quantized_range(DataType type);
/// round(value) + zero_point, saturated; floating types only saturate.
double quantize(double value, double zero_point, DataType type);

/// Where the scale of an element lies: one for the tensor, one per index of an axis, or one per block along
/// it.
class ScaleLayout {
 public:
  static Result<ScaleLayout> make(const Attrs& attrs, const Dims& x, const Dims& scale);
  size_t index(int64_t element) const {
    const int64_t inner = element % inner_, along = element / inner_ % size_,
                  outer = element / inner_ / size_;
    return static_cast<size_t>(outer * outer_step_ + along / block_ * along_step_ + inner * inner_step_);
  }

 private:
  int64_t inner_ = 1, size_ = 1, block_ = 1;  // elements after the axis, along it, and of one block
  int64_t outer_step_ = 0, along_step_ = 0, inner_step_ = 0;
};

/// Checks types and shapes of the scale (input 1) and the zero point (input 2) of Quantize- and
/// DequantizeLinear.
Status check_scales(const InferContext& c, TypeSet scale_types);

}  // namespace ingot::ops
