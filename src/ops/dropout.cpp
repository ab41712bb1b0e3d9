// Dropout as inference runs it: the identity, with a mask of ones. Training mode is refused.
// https://onnx.ai/onnx/operators/onnx__Dropout.html (version 22)
#include <cstring>

#include "ops/common.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  c.outputs[0].type = c.type(0);
  if (c.outputs.size() > 1) {
    c.outputs[1].type = c.type(0);
    c.outputs[1].type.dtype = DataType::kBool;
  }
  return {};
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  if (c.has(2) && c.input(2).dtype == DataType::kBool && c.input(2).size() == 1 &&
      c.input(2).as<const bool>()[0])
    return unsupported("training mode draws random numbers; only inference is supported");
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  if (x.bytes() > 0) std::memcpy(y.data, x.data, x.bytes());
  if (c.num_outputs > 1) {
    INGOT_ASSIGN_OR_RETURN(const TensorView mask, c.output(1, DataType::kBool, x.dims));
    std::memset(mask.data, 1, mask.bytes());
  }
  return {};
}

std::vector<OpCase> cases() {
  return {{"plain", {}, {random_input({3, 17})}},
          {"mask", {}, {random_input({3, 17}), float_input(0.5f)}, 2}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Dropout() {
  static const OpDef op{"Dropout",  1,         3,      1, 2, {optional<int64_t>("seed", 0)},
                        ops::infer, ops::eval, nullptr};
  return op;
}

std::vector<OpCase> cases_Dropout() { return ops::cases(); }

}  // namespace ingot
