#include "ops/quantization.h"

#include <algorithm>
#include <cmath>

namespace ingot::ops {

QuantizedRange quantized_range(DataType type) {
  switch (type) {
    case DataType::kI4:
      return {-8, 7};
    case DataType::kU4:
      return {0, 15};
    case DataType::kI8:
      return {-128, 127};
    case DataType::kU8:
      return {0, 255};
    case DataType::kI16:
      return {-32768, 32767};
    case DataType::kU16:
      return {0, 65535};
    case DataType::kF8E4M3:
      return {-448, 448};
    case DataType::kF8E5M2:
      return {-57344, 57344};
    default:
      return {-2147483648.0, 2147483647.0};
  }
}

double quantize(double value, double zero_point, DataType type) {
  if (is_float(type)) return value + zero_point;
  const QuantizedRange range = quantized_range(type);
  if (std::isnan(value)) return zero_point;
  return std::clamp(std::nearbyint(value) + zero_point, range.low, range.high);
}

Result<ScaleLayout> ScaleLayout::make(const Attrs& attrs, const Dims& x, const Dims& scale) {
  ScaleLayout layout;
  if (scale.empty() || (scale.size() == 1 && scale[0] == 1)) return layout;
  INGOT_ASSIGN_OR_RETURN(const int axis,
                         normalize_axis(attrs.get_int("axis", 1), static_cast<int>(x.size())));
  const size_t a = static_cast<size_t>(axis);
  layout.size_ = x[a];
  for (size_t d = a + 1; d < x.size(); ++d) layout.inner_ *= x[d];
  layout.along_step_ = 1;
  const int64_t block = attrs.get_int("block_size");
  if (block == 0) {
    if (scale != Dims{x[a]})
      return invalid_argument("the scale has shape ", dims_to_string(scale), ", expected [] or [", x[a], "]");
  } else {
    Dims expected = x;
    if (block > 0) expected[a] = (x[a] + block - 1) / block;
    if (block < 0 || scale != expected)
      return invalid_argument("the scale has shape ", dims_to_string(scale), ", expected ",
                              dims_to_string(expected), " for blocks of ", block);
    layout.block_ = block;
    layout.inner_step_ = 1;
    layout.along_step_ = layout.inner_;
    layout.outer_step_ = expected[a] * layout.inner_;
  }
  // Empty tensors have no elements to look up; keep the divisions in index() defined.
  layout.inner_ = std::max<int64_t>(layout.inner_, 1);
  layout.size_ = std::max<int64_t>(layout.size_, 1);
  return layout;
}

Status check_scales(const InferContext& c, TypeSet scale_types) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, scale_types));
  if (c.has(2) && c.type(1).is_static() && c.type(2).is_static() && c.shape(1) != c.shape(2) &&
      !(num_elements(c.shape(1)).is(1) && num_elements(c.shape(2)).is(1)))  // [] and [1] mean the same
    return invalid_argument("the zero point has shape ", to_string(c.shape(2)),
                            ", expected that of the scale, ", to_string(c.shape(1)));
  if (!c.type(0).is_static() || !c.type(1).is_static()) return {};
  INGOT_ASSIGN_OR_RETURN(const Dims x, eval(c.shape(0), {}));
  INGOT_ASSIGN_OR_RETURN(const Dims scale, eval(c.shape(1), {}));
  return ScaleLayout::make(c.attrs, x, scale).status();
}

}  // namespace ingot::ops
