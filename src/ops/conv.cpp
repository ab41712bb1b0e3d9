// Conv: https://onnx.ai/onnx/operators/onnx__Conv.html (version 22), 1 to 3 spatial dimensions. Beyond ONNX:
// the attribute `epilogue` with extra inputs from index 3 on (epilogue.h), which fusion passes set; X of
// float32 with W of 16 bits, the result's type: a first layer that reads its image as it is given; and
// `output_dtype`, the type of a result that is stored as a quantizer would, without extra inputs.
#include "ops/common.h"
#include "ops/convolution.h"
#include "ops/epilogue.h"
#include "ops/quantized.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

bool is_stored_quantized(const Attrs& attrs) { return attrs.get_int("output_dtype", 0) != 0; }

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  const DataType narrow = c.type(1).dtype;
  const bool mixed =
      c.type(0).dtype == DataType::kF32 && (narrow == DataType::kF16 || narrow == DataType::kBF16);
  if (!mixed) INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 1));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 1, 2));
  INGOT_ASSIGN_OR_RETURN(c.outputs[0].type, infer_conv(c.attrs, c.type(0), c.type(1)));
  c.outputs[0].type.dtype = narrow;
  if (is_stored_quantized(c.attrs)) {
    INGOT_ASSIGN_OR_RETURN(c.outputs[0].type.dtype, quantized_output(c.attrs));
    if (c.inputs.size() > 3) return invalid_argument("a quantized result goes without extra inputs");
  }
  if (c.has(2) && c.type(2).ranked && c.type(1).ranked) {
    const Shape &b = c.shape(2), &w = c.shape(1);
    if (b.size() != 1 || (b[0].is_const() && w[0].is_const() && b[0] != w[0]))
      return invalid_argument("B has shape ", to_string(b), ", expected [", w[0].to_string(), "]");
  }
  return infer_epilogue(c, 3);
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const ConvProblem problem,
                         ConvProblem::make(c.attrs, c.input(0).dims, c.input(1).dims));
  std::vector<double> sums = problem.run(load_all<double>(c.input(0)), load_all<double>(c.input(1)));
  if (c.has(2)) {
    const std::vector<double> bias = load_all<double>(c.input(2));
    const size_t plane = static_cast<size_t>(num_elements(problem.out));
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += bias[i / plane % bias.size()];
  }
  if (is_stored_quantized(c.attrs)) return store_quantized(c, sums, 3, y);
  store(sums.data(), y.size(), y, 0);
  return eval_epilogue(c, 3, y);
}

Cost cost(const CostContext& c) {
  Cost total = epilogue_cost(c, 3);
  total.flops += conv_flops(c.inputs[1], c.outputs[0]);
  for (size_t i = 0; i < std::min<size_t>(c.inputs.size(), 3); ++i)
    total.bytes += static_cast<double>(c.inputs[i].bytes());
  total.bytes += static_cast<double>(c.outputs[0].bytes());
  return total;
}

std::vector<OpCase> cases() {
  const Ints ones = {1, 1, 1, 1};
  return {
      {"3x3_pad", {{"pads", ones}}, {random_input({1, 3, 9, 11}), random_input({5, 3, 3, 3})}},
      {"bias_stride",
       {{"pads", ones}, {"strides", Ints{2, 2}}},
       {random_input({2, 4, 8, 9}), random_input({6, 4, 3, 3}), random_input({6})}},
      {"1x1", {}, {random_input({1, 16, 7, 7}), random_input({32, 16, 1, 1}), random_input({32})}},
      {"first_layer",
       {{"pads", Ints{3, 3, 3, 3}}, {"strides", Ints{2, 2}}},
       {random_input({1, 3, 32, 32}), random_input({16, 3, 7, 7}), random_input({16})}},
      {"depthwise",
       {{"pads", ones}, {"group", int64_t{16}}},
       {random_input({1, 16, 10, 10}), random_input({16, 1, 3, 3}), random_input({16})}},
      {"grouped",
       {{"pads", ones}, {"group", int64_t{2}}},
       {random_input({1, 8, 6, 6}), random_input({12, 4, 3, 3})}},
      {"dilated",
       {{"dilations", Ints{2, 2}}, {"pads", Ints{2, 2, 2, 2}}},
       {random_input({1, 4, 12, 12}), random_input({4, 4, 3, 3})}},
      {"same_lower",
       {{"auto_pad", std::string("SAME_LOWER")}, {"strides", Ints{2, 2}}},
       {random_input({1, 2, 7, 8}), random_input({3, 2, 4, 2})}},
      {"asymmetric", {{"pads", Ints{0, 2, 1, 0}}}, {random_input({1, 3, 6, 5}), random_input({4, 3, 2, 3})}},
      {"one_dim",
       {{"pads", Ints{2, 2}}, {"strides", Ints{3}}},
       {random_input({2, 3, 20}), random_input({4, 3, 5}), random_input({4})}},
      {"three_dims",
       {{"pads", Ints{1, 1, 1, 1, 1, 1}}},
       {random_input({1, 2, 4, 5, 6}), random_input({3, 2, 3, 3, 3})}},
      {"residual_relu",
       {{"pads", ones}, {"epilogue", std::string("add x0 x1; relu t0")}},
       {random_input({1, 16, 8, 8}), random_input({16, 16, 3, 3}), random_input({16}),
        random_input({1, 16, 8, 8})}},
      {"hardswish",
       {{"epilogue", std::string("hardswish x0")}},
       {random_input({1, 8, 5, 5}), random_input({24, 8, 1, 1}), random_input({24})}},
      {"channel_scale",
       {{"epilogue", std::string("mul x0 x1")}},
       {random_input({1, 8, 5, 5}), random_input({4, 8, 1, 1}), random_input({4}), random_input({4, 1, 1})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Conv() {
  static const OpDef op = [] {
    std::vector<AttrSpec> attrs = ops::conv_attrs();
    attrs.push_back(ops::epilogue_attr());
    attrs.push_back(optional<int64_t>("output_dtype", 0));
    return OpDef{"Conv",     2,         3 + ops::PointwiseProgram::kMaxInputs,
                 1,          1,         std::move(attrs),
                 ops::infer, ops::eval, ops::cost};
  }();
  return op;
}

std::vector<OpCase> cases_Conv() { return ops::cases(); }

}  // namespace ingot
