// Gelu: x * Phi(x), exact or by the tanh approximation of arXiv:1606.08415.
#include <cmath>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  const std::string how = c.attrs.get_string("approximate", "none");
  if (how != "none" && how != "tanh")
    return invalid_argument("approximate is '", how, "', expected 'none' or 'tanh'");
  return infer_same_of<kFloats>(c);
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const bool approximate = c.attrs.get_string("approximate", "none") == "tanh";
  const double root = std::sqrt(2 / M_PI);
  auto values = load_all<double>(x);
  for (double& v : values)
    v *= 0.5 * (1 + (approximate ? std::tanh(root * (v + 0.044715 * v * v * v)) : std::erf(v / M_SQRT2)));
  store(values.data(), x.size(), y, 0);
  return {};
}

std::vector<OpCase> cases() {
  return {{"exact", {}, {random_input({3, 37}, -4, 4)}},
          {"tanh", {{"approximate", std::string("tanh")}}, {random_input({3, 37}, -4, 4)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Gelu() {
  static const OpDef op{"Gelu",     1,         1,      1, 1, {optional<std::string>("approximate", "none")},
                        ops::infer, ops::eval, nullptr};
  return op;
}

std::vector<OpCase> cases_Gelu() { return ops::cases(); }

}  // namespace ingot
