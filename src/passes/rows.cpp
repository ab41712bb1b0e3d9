#include "passes/rows.h"

namespace ingot::passes {

bool is_pointwise(const Node& n) {
  return is_any(n, {"Abs",         "Add",       "Ceil", "Clip",      "Cos",   "Div",  "Elu",   "Erf",
                    "Exp",         "Floor",     "Gelu", "HardSwish", "Log",   "Max",  "Min",   "Mish",
                    "HardSigmoid", "LeakyRelu", "Mul",  "Neg",       "Pow",   "Relu", "Round", "Reciprocal",
                    "Sigmoid",     "Softplus",  "Sqrt", "Sub",       "Swish", "Sin",  "Tanh",  "Softsign"});
}

bool works_on_rows(const Node& n) {
  if (n.is("FusedMatMul")) {
    const auto vector_or_none = [](const Value* v) {
      return !v || (v->type().ranked && v->type().rank() <= 1);
    };
    return n.attrs().get_int("trans_a") == 0 && n.input(1)->type().ranked && n.input(1)->type().rank() == 2 &&
           n.inputs().size() <= 3 && vector_or_none(n.input(2));
  }
  if (n.is("Softmax")) return axis_of(n, "axis", -1, n.input(0)) + 1 == n.input(0)->type().rank();
  if (!is_any(n, {"LayerNormalization", "RMSNormalization"}) || n.outputs().size() != 1) return false;
  return axis_of(n, "axis", -1, n.input(0)) + 1 == n.input(0)->type().rank();
}

}  // namespace ingot::passes
