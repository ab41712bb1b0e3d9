#include "ops/attention_head.h"

#include "ops/wide.h"

namespace ingot::ops {

Result<AttentionMask> AttentionMask::make(const TensorView* mask, const Dims& full) {
  AttentionMask m;
  if (mask == nullptr) return m;
  Dims to = full;
  if (mask->rank() > 0 && mask->dims.back() < full.back() && mask->dims.back() != 1)
    to.back() = mask->dims.back();
  const auto together = broadcast(mask->dims, to);
  if (!together.ok() || *together != to)
    return invalid_argument("the mask is ", mask->type_string(), ", which does not broadcast to ",
                            dims_to_string(full));
  m.keys_ = to.back();
  m.strides_ = broadcast_strides(mask->dims, to);
  m.values_ = load_all<double>(*mask);
  if (mask->dtype == DataType::kBool)
    for (double& v : m.values_) v = v != 0 ? 0 : -std::numeric_limits<double>::infinity();
  return m;
}

Status expect_mask(const InferContext& c, size_t i, const Shape& full, bool may_be_short) {
  if (!c.has(i)) return {};
  const TensorType& mask = c.type(i);
  if (mask.dtype != DataType::kBool && mask.dtype != c.type(0).dtype)
    return invalid_argument("the mask has type ", data_type_name(mask.dtype), ", expected bool or ",
                            data_type_name(c.type(0).dtype));
  if (!mask.ranked) return {};
  bool fits = mask.rank() <= 4;
  for (size_t k = 0; fits && k < mask.shape.size(); ++k) {
    const Dim &have = mask.shape[mask.shape.size() - 1 - k], &want = full[3 - k];
    if (!have.is_const() || !want.is_const() || have.is(1)) continue;
    fits = k == 0 && may_be_short ? have.value() <= want.value() : have == want;
  }
  if (fits) return {};
  return invalid_argument("the mask has shape ", to_string(mask.shape), ", which does not broadcast to ",
                          to_string(full));
}

}  // namespace ingot::ops
