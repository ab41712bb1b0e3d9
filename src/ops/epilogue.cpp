#include "ops/epilogue.h"

#include "ops/broadcast.h"

namespace ingot::ops {

Status infer_epilogue(InferContext& c, size_t first) {
  const std::string text = c.attrs.get_string("epilogue");
  const size_t extras = c.inputs.size() > first ? c.inputs.size() - first : 0;
  if (text.empty()) {
    if (extras > 0) return invalid_argument("got ", extras, " extra inputs, but no epilogue that reads them");
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program, PointwiseProgram::parse(text));
  INGOT_RETURN_IF_ERROR(program.validate(static_cast<int>(1 + extras)));
  const TensorType& y = c.outputs[0].type;
  for (size_t i = first; i < first + extras; ++i) {
    if (!c.has(i)) return invalid_argument("extra input ", i, " of the epilogue is missing");
    if (c.type(i).dtype != y.dtype)
      return invalid_argument("extra input ", i, " has type ", data_type_name(c.type(i).dtype), ", expected ",
                              data_type_name(y.dtype));
    if (!c.type(i).ranked || !y.ranked) continue;
    INGOT_ASSIGN_OR_RETURN(const Shape together, broadcast(c.shape(i), y.shape));
    if (together.size() != y.shape.size() ||
        (is_static(together) && is_static(y.shape) && together != y.shape))
      return invalid_argument("extra input ", i, " of shape ", to_string(c.shape(i)),
                              " does not broadcast to ", to_string(y.shape));
  }
  return {};
}

Status eval_epilogue(EvalContext& c, size_t first, const TensorView& y) {
  const std::string text = c.attrs.get_string("epilogue");
  if (text.empty()) return {};
  INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program, PointwiseProgram::parse(text));
  std::vector<TensorView> inputs = {y};
  for (size_t i = first; i < c.inputs.size(); ++i) inputs.push_back(c.input(i));
  return program.run(inputs, y);
}

Cost epilogue_cost(const CostContext& c, size_t first) {
  Cost cost;
  for (size_t i = first; i < c.inputs.size(); ++i) cost.bytes += static_cast<double>(c.inputs[i].bytes());
  const std::string text = c.attrs.get_string("epilogue");
  if (text.empty()) return cost;
  const auto program = PointwiseProgram::parse(text);
  if (program.ok()) cost.flops = program->flops() * static_cast<double>(c.outputs[0].size());
  return cost;
}

}  // namespace ingot::ops
