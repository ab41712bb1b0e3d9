// QuantizedConv: epilogue(scale * conv(X, W) + bias, extras...), what fusion makes of a convolution between
// DequantizeLinear and QuantizeLinear. X is i8, u8 or FP8, W i8 or FP8, both without zero points; bias (2)
// and scale (3) are float32, one for each filter or one for all; pads are zeros. See quantized.h.
#include "ops/common.h"
#include "ops/convolution.h"
#include "ops/quantized.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(c.outputs[0].type, infer_conv(c.attrs, c.type(0), c.type(1)));
  INGOT_ASSIGN_OR_RETURN(c.outputs[0].type.dtype, quantized_output(c.attrs));
  return infer_quantized_layer(c, c.type(1).ranked ? c.shape(1)[0] : Dim::symbol("filters"));
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const ConvProblem problem,
                         ConvProblem::make(c.attrs, c.input(0).dims, c.input(1).dims));
  const std::vector<double> sums = problem.run(load_all<double>(c.input(0)), load_all<double>(c.input(1)));
  return finish_quantized_layer(c, sums, y, 1);
}

Cost cost(const CostContext& c) {
  Cost total = epilogue_cost(c, 0);
  total.flops += conv_flops(c.inputs[1], c.outputs[0]);
  total.bytes += static_cast<double>(c.outputs[0].bytes());
  return total;
}

CaseInput bytes(Dims dims, DataType type = DataType::kI8) {
  return type == DataType::kU8 ? random_input(std::move(dims), 0, 255, type)
                               : random_input(std::move(dims), -128, 127, type);
}

std::vector<OpCase> cases() {
  constexpr auto kU8 = DataType::kU8, kF8 = DataType::kF8E4M3;
  const auto attrs = [](DataType to, Attrs more = {}) {
    more.set("output_dtype", onnx_type_number(to));
    return more;
  };
  const auto scale = [](Dims dims) { return random_input(std::move(dims), 1e-4, 3e-4); };
  const Ints ones = {1, 1, 1, 1};
  const std::string requantize = "relu x0; mul t0 #3";
  const std::string residual = "mul x1 #0.05; add x0 t0; relu t1; mul t2 #3";
  std::vector<OpCase> all = {
      {"floats",
       attrs(DataType::kF32, {{"pads", ones}}),
       {bytes({2, 16, 9, 7}), bytes({24, 16, 3, 3}), random_input({24}), scale({24})}},
      {"requantize",
       attrs(DataType::kI8, {{"pads", ones}, {"epilogue", requantize}}),
       {bytes({1, 32, 8, 8}), bytes({48, 32, 3, 3}), random_input({48}), scale({48})}},
      {"unsigned",
       attrs(kU8, {{"epilogue", requantize}}),
       {bytes({2, 48, 5, 7}, kU8), bytes({16, 48, 1, 1}), absent_input(), scale({})}},
      {"residual",
       attrs(DataType::kI8, {{"epilogue", residual}}),
       {bytes({1, 64, 6, 6}), bytes({32, 64, 1, 1}), random_input({32}), scale({32}), bytes({1, 32, 6, 6})}},
      {"first_layer",
       attrs(DataType::kI8, {{"pads", Ints{3, 3, 3, 3}}, {"strides", Ints{2, 2}}}),
       {bytes({1, 3, 23, 19}), bytes({16, 3, 7, 7}), random_input({16}), scale({16})}},
      {"zero_of_the_run",  // its product with the filters' sums at each place
       attrs(DataType::kF32, {{"pads", ones}, {"epilogue", std::string("mul x1 x2; sub x0 t0; mul t1 x3")}}),
       {bytes({2, 32, 5, 6}, kU8), bytes({24, 32, 3, 3}), absent_input(), scale({}), bytes({}, kU8),
        random_input({1, 24, 5, 6}), random_input({24, 1, 1})}},
      {"grouped",
       attrs(DataType::kF32, {{"pads", ones}, {"group", int64_t{2}}}),
       {bytes({1, 32, 6, 6}), bytes({12, 16, 3, 3}), absent_input(), scale({12})}},
      {"depthwise",
       attrs(DataType::kI8, {{"pads", ones}, {"group", int64_t{16}}}),
       {bytes({1, 16, 10, 10}), bytes({16, 1, 3, 3}), random_input({16}), scale({16})}},
      {"one_dim",
       attrs(DataType::kF32, {{"pads", Ints{2, 2}}, {"strides", Ints{3}}}),
       {bytes({2, 3, 20}), bytes({4, 3, 5}), random_input({4}), scale({4})}},
      {"fp8",
       attrs(kF8, {{"pads", ones}, {"epilogue", std::string("relu x0; mul t0 #4")}}),
       {random_input({1, 32, 7, 7}, -4, 4, kF8), random_input({16, 32, 3, 3}, -4, 4, kF8), random_input({16}),
        random_input({16}, 0.01, 0.03)}}};
  set_quantized_tolerances(all);
  return all;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_QuantizedConv() {
  static const OpDef op = [] {
    std::vector<AttrSpec> attrs = ops::conv_attrs();
    attrs.push_back(ops::epilogue_attr());
    attrs.push_back(ops::output_dtype_attr());
    return OpDef{
        "QuantizedConv", 2,        4 + ops::PointwiseProgram::kMaxInputs, 1, 1, std::move(attrs), ops::infer,
        ops::eval,       ops::cost};
  }();
  return op;
}

std::vector<OpCase> cases_QuantizedConv() { return ops::cases(); }

}  // namespace ingot
