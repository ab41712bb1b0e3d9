// DynamicQuantizeLinear: 8 bits with the scale and zero point of this very tensor.
// https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html (version 11)
#include <algorithm>

#include "ops/quantization.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, type_set({DataType::kF32})));
  c.outputs[0].type = c.type(0);
  c.outputs[0].type.dtype = DataType::kU8;
  c.set(1, DataType::kF32, {});
  c.set(2, DataType::kU8, {});
  return {};
}

Status eval(EvalContext& c) {
  const auto x = c.input(0).span<const float>();
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, DataType::kU8, c.input(0).dims));
  INGOT_ASSIGN_OR_RETURN(const TensorView scale_out, c.output(1, DataType::kF32, {}));
  INGOT_ASSIGN_OR_RETURN(const TensorView zero_out, c.output(2, DataType::kU8, {}));
  float low = 0, high = 0;  // zero is always representable
  for (float v : x) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const float scale = low == high ? 1 : (high - low) / 255;
  const double zero = quantize(-low / scale, 0, DataType::kU8);
  *scale_out.as<float>() = scale;
  *zero_out.as<uint8_t>() = static_cast<uint8_t>(zero);
  uint8_t* to = y.as<uint8_t>();
  for (float v : x) *to++ = static_cast<uint8_t>(quantize(v / scale, zero, DataType::kU8));
  return {};
}

std::vector<OpCase> cases() {
  return {{"both_signs", {}, {random_input({3, 17}, -3, 8)}, 3},
          {"positive", {}, {random_input({33}, 2, 5)}, 3},
          {"zeros", {}, {random_input({4}, 0, 0)}, 3}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_DynamicQuantizeLinear() {
  static const OpDef op{"DynamicQuantizeLinear", 1, 1, 3, 3, {}, ops::infer, ops::eval, nullptr};
  return op;
}

std::vector<OpCase> cases_DynamicQuantizeLinear() { return ops::cases(); }

}  // namespace ingot
