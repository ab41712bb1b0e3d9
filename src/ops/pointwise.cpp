// Pointwise: a pointwise program over broadcast inputs of one floating type; what fusion makes of a chain of
// pointwise ops.
#include "ops/common.h"
#include "ops/pointwise_program.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program,
                         PointwiseProgram::parse(c.attrs.get_string("program")));
  INGOT_RETURN_IF_ERROR(program.validate(static_cast<int>(c.inputs.size())));
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (!c.has(i)) return invalid_argument("input ", i, " is missing");
  return infer_broadcast(c);
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program,
                         PointwiseProgram::parse(c.attrs.get_string("program")));
  std::vector<TensorView> inputs;
  for (size_t i = 0; i < c.inputs.size(); ++i) inputs.push_back(c.input(i));
  return program.run(inputs, y);
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

}  // namespace ingot
