// A pointwise program over broadcast inputs; what fusion makes of a chain of pointwise ops. Pointwise: all of
// one floating type. QuantizedPointwise: some inputs are quantized (the program scales what they hold), or
// the result is, as between DequantizeLinear and QuantizeLinear; see quantized.h.
#include "ops/common.h"
#include "ops/quantized.h"

namespace ingot::ops {
namespace {

Status check_program(const InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program,
                         PointwiseProgram::parse(c.attrs.get_string("program")));
  return program.validate(static_cast<int>(c.inputs.size()));
}

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(check_program(c));
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (!c.has(i)) return invalid_argument("input ", i, " is missing");
  return infer_broadcast(c);
}

Status infer_quantized(InferContext& c) {
  INGOT_RETURN_IF_ERROR(check_program(c));
  INGOT_ASSIGN_OR_RETURN(const DataType type, quantized_output(c.attrs));
  INGOT_ASSIGN_OR_RETURN(const auto shape, broadcast_inputs(c));
  set_output(c, type, shape);
  return infer_quantized_operands(c, 0);
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program,
                         PointwiseProgram::parse(c.attrs.get_string("program")));
  std::vector<TensorView> inputs;
  for (size_t i = 0; i < c.inputs.size(); ++i) inputs.push_back(c.input(i));
  return program.run(inputs, y);
}

Status eval_quantized(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_quantized));
  return run_quantized(c, c.attrs.get_string("program"), nullptr, 0, y);
}

Cost cost(const CostContext& c) {
  Cost cost;
  for (const TensorView& v : c.inputs) cost.bytes += static_cast<double>(v.bytes());
  cost.bytes += static_cast<double>(c.outputs[0].bytes());
  const auto program = PointwiseProgram::parse(c.attrs.get_string("program"));
  if (program.ok()) cost.flops = program->flops() * static_cast<double>(c.outputs[0].size());
  return cost;
}

std::vector<OpCase> cases() {
  auto program = [](const char* text) { return Attrs{{"program", std::string(text)}}; };
  return {
      {"residual_relu",
       program("add x0 x1; relu t0"),
       {random_input({2, 3, 5, 7}), random_input({2, 3, 5, 7})}},
      {"channel_scale",
       program("mul x0 x1; add t0 x2; silu t1"),
       {random_input({2, 3, 5, 7}), random_input({3, 1, 1}), random_input({1, 3, 1, 1})}},
      {"outer", program("sub x0 x1; abs t0; mul t1 #0.5"), {random_input({5, 1}), random_input({1, 33})}},
      {"reused_temps", program("exp x0; add t0 #1; log t1; tanh t2; mul x0 t3"), {random_input({37}, -5, 5)}},
      {"choice",
       program("less x0 #0; select t0 x1 x0; clip t1 #-0.5 #0.5"),
       {random_input({65}), random_input({65})}},
      {"gelu", program("gelu x0"), {random_input({3, 41}, -4, 4)}}};
}

std::vector<OpCase> quantized_cases() {
  const auto attrs = [](DataType to, const char* program) {
    return Attrs{{"program", std::string(program)}, {"output_dtype", onnx_type_number(to)}};
  };
  const auto bytes = [](Dims dims) { return random_input(std::move(dims), -128, 127, DataType::kI8); };
  std::vector<OpCase> all = {
      {"sum",
       attrs(DataType::kI8, "mul x0 #0.5; mul x1 #0.25; add t0 t1; relu t2; mul t3 #3"),
       {bytes({2, 3, 5, 7}), bytes({2, 3, 5, 7})}},
      {"to_floats",
       attrs(DataType::kF32, "mul x0 #0.5; mul t0 x1"),
       {bytes({2, 3, 5, 7}), random_input({3, 1, 1})}},
      {"to_unsigned", attrs(DataType::kU8, "sigmoid x0; mul t0 #255"), {random_input({37}, -5, 5)}},
      {"fp8",
       attrs(DataType::kF8E4M3, "mul x0 #0.5; tanh t0; mul t1 #16"),
       {random_input({65}, -4, 4, DataType::kF8E4M3)}}};
  set_quantized_tolerances(all);
  return all;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Pointwise() {
  static const OpDef op{"Pointwise", 1,         ops::PointwiseProgram::kMaxInputs,
                        1,           1,         {required<std::string>("program")},
                        ops::infer,  ops::eval, ops::cost};
  return op;
}

std::vector<OpCase> cases_Pointwise() { return ops::cases(); }

const OpDef& op_QuantizedPointwise() {
  static const OpDef op{"QuantizedPointwise",
                        1,
                        ops::PointwiseProgram::kMaxInputs,
                        1,
                        1,
                        {required<std::string>("program"), ops::output_dtype_attr()},
                        ops::infer_quantized,
                        ops::eval_quantized,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_QuantizedPointwise() { return ops::quantized_cases(); }

}  // namespace ingot
