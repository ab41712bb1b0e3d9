// QuantizedMatMul: epilogue(scale * op(A) * op(B) + bias, extras...), what fusion makes of a matrix product
// between DequantizeLinear and QuantizeLinear. A is i8, u8 or FP8, B i8 or FP8, both without zero points;
// bias (2) and scale (3) are float32, one for each column or one for all. See quantized.h and matrices.h.
#include "ops/common.h"
#include "ops/matrices.h"
#include "ops/quantized.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const DataType type, quantized_output(c.attrs));
  if (!c.type(0).ranked || !c.type(1).ranked) {
    c.set_unranked(0, type);
    return infer_quantized_layer(c, Dim::symbol("columns"));
  }
  INGOT_ASSIGN_OR_RETURN(Shape y, product_shape(c.attrs, c.shape(0), c.shape(1)));
  c.set(0, type, y);
  return infer_quantized_layer(c, y.back());
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  return finish_quantized_layer(c, products(c.attrs, c.input(0), c.input(1), y.dims), y, y.dims.size() - 1);
}

Cost cost(const CostContext& c) {
  Cost total = epilogue_cost(c, 0);
  total.flops += product_flops(c.attrs, c.inputs[0], c.outputs[0]);
  total.bytes += static_cast<double>(c.outputs[0].bytes());
  return total;
}

std::vector<OpCase> cases() {
  constexpr auto kI8 = DataType::kI8, kU8 = DataType::kU8, kF8 = DataType::kF8E4M3;
  const auto attrs = [](DataType to, Attrs more = {}) {
    more.set("output_dtype", onnx_type_number(to));
    return more;
  };
  const auto scale = [](Dims dims) { return random_input(std::move(dims), 1e-4, 3e-4); };
  const auto bytes = [](Dims dims) { return random_input(std::move(dims), -128, 127, DataType::kI8); };
  const int64_t yes = 1;
  std::vector<OpCase> all = {
      {"floats",
       attrs(DataType::kF32, {{"trans_b", yes}}),
       {bytes({3, 65}), bytes({40, 65}), random_input({40}), scale({40})}},
      {"requantize",
       attrs(kI8, {{"epilogue", std::string("gelu x0; mul t0 #4")}}),
       {bytes({2, 5, 64}), bytes({64, 48}), random_input({48}), scale({48})}},
      {"residual",
       attrs(kI8, {{"epilogue", std::string("mul x1 #0.05; add x0 t0; mul t1 #4")}}),
       {bytes({7, 32}), bytes({32, 16}), random_input({16}), scale({}), bytes({7, 16})}},
      {"unsigned",
       attrs(kU8, {{"epilogue", std::string("mul x0 #4; add t0 #128")}}),
       {random_input({9, 32}, 0, 255, kU8), bytes({32, 24}), absent_input(), scale({24})}},
      {"zero_of_the_run",
       attrs(DataType::kF32, {{"epilogue", std::string("mul x1 x2; sub x0 t0; mul t1 x3")}}),
       {random_input({2, 9, 64}, 0, 255, kU8), bytes({64, 24}), absent_input(), scale({}),
        random_input({}, 0, 255, kU8), random_input({24}), random_input({24})}},
      {"batched",
       attrs(DataType::kF32, {{"trans_b", yes}}),
       {bytes({2, 3, 5, 16}), bytes({2, 3, 6, 16}), absent_input(), scale({})}},
      {"fp8",
       attrs(kF8, {{"trans_b", yes}}),
       {random_input({5, 48}, -4, 4, kF8), random_input({32, 48}, -4, 4, kF8), random_input({32}),
        random_input({32}, 0.1, 0.3)}},
      {"fp8_floats",
       attrs(DataType::kF32),
       {random_input({2, 9, 64}, -4, 4, kF8), random_input({64, 16}, -4, 4, kF8), random_input({16}),
        random_input({16}, 0.01, 0.03)}}};
  set_quantized_tolerances(all);
  return all;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_QuantizedMatMul() {
  static const OpDef op{"QuantizedMatMul",
                        2,
                        4 + ops::PointwiseProgram::kMaxInputs,
                        1,
                        1,
                        {optional<int64_t>("trans_a", 0), optional<int64_t>("trans_b", 0),
                         ops::epilogue_attr(), ops::output_dtype_attr()},
                        ops::infer,
                        ops::eval,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_QuantizedMatMul() { return ops::cases(); }

}  // namespace ingot
