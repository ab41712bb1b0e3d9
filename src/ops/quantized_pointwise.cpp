// QuantizedPointwise: a pointwise program over broadcast inputs of which some are quantized (the program
// scales what they hold), or whose result is; what fusion makes of pointwise ops between DequantizeLinear and
// QuantizeLinear. See quantized.h.
#include "ops/common.h"
#include "ops/quantized.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program,
                         PointwiseProgram::parse(c.attrs.get_string("program")));
  INGOT_RETURN_IF_ERROR(program.validate(static_cast<int>(c.inputs.size())));
  INGOT_ASSIGN_OR_RETURN(const DataType type, quantized_output(c.attrs));
  INGOT_ASSIGN_OR_RETURN(const auto shape, broadcast_inputs(c));
  set_output(c, type, shape);
  return infer_quantized_operands(c, 0);
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
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

const OpDef& op_QuantizedPointwise() {
  static const OpDef op{"QuantizedPointwise",
                        1,
                        ops::PointwiseProgram::kMaxInputs,
                        1,
                        1,
                        {required<std::string>("program"), ops::output_dtype_attr()},
                        ops::infer,
                        ops::eval,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_QuantizedPointwise() { return ops::cases(); }

}  // namespace ingot
