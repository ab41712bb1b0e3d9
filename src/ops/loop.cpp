// Loop: a body repeated up to a trip count or while a condition holds, with carried values and collected
// outputs. Inputs: trip count (optional), condition (optional), carried values. Body: (iteration, condition,
// carried...) -> (condition, carried..., collected...). Outputs: final carried values, then each collected
// value stacked.
#include "ops/control_flow.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

constexpr int kMaxRounds = 16;

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kBools));
  for (size_t i : {0, 1})
    if (c.has(i) && c.type(i).is_static() && !num_elements(c.shape(i)).is(1))
      return invalid_argument("input ", i, " has shape ", to_string(c.shape(i)), ", expected one element");
  const size_t carried = c.inputs.size() < 2 ? 0 : c.inputs.size() - 2;
  std::vector<TensorType> formals{{DataType::kI64, {}, true}, {DataType::kBool, {}, true}};
  for (size_t i = 0; i < carried; ++i) {
    if (!c.has(i + 2)) return invalid_argument("carried input ", i, " is missing");
    formals.push_back(c.type(i + 2));
  }
  const std::set<std::string> known = outer_symbols(c);
  // A carried value whose shape changes gets weaker types until the body agrees with itself.
  std::vector<TensorType> results;
  bool stable = false;
  std::vector<std::vector<bool>> changes(carried);  // dims that have become fresh symbols
  for (int round = 0; !stable; ++round) {
    if (round > kMaxRounds) return unsupported("the types of the carried values do not settle");
    INGOT_ASSIGN_OR_RETURN(results, c.infer_subgraph("body", formals));
    if (results.size() < carried + 1 || results.size() != c.outputs.size() + 1)
      return invalid_argument("the body has ", results.size(), " outputs, expected ", c.outputs.size() + 1);
    stable = true;
    for (size_t i = 0; i < carried; ++i) {
      TensorType& in = formals[i + 2];
      const TensorType& out = results[i + 1];
      if (in.dtype != out.dtype)
        return invalid_argument("carried value ", i, " has type ", data_type_name(in.dtype), " before and ",
                                data_type_name(out.dtype), " after an iteration");
      if (!in.ranked) continue;
      if (!out.ranked || in.rank() != out.rank()) {
        in = TensorType::unranked(in.dtype);
        stable = false;
        continue;
      }
      changes[i].resize(in.shape.size(), false);
      for (size_t d = 0; d < in.shape.size(); ++d) {
        if (changes[i][d] || in.shape[d] == out.shape[d]) continue;
        in.shape[d] = c.fresh_dim();
        changes[i][d] = true;
        stable = false;
      }
    }
  }
  for (size_t i = 0; i < carried && i < c.outputs.size(); ++i) {
    const TensorType& t = formals[i + 2];
    Shape shape = t.shape;
    // Inside the symbol stands for one iteration's size; the final size is another.
    for (size_t d = 0; t.ranked && d < shape.size(); ++d)
      if (d < changes[i].size() && changes[i][d]) shape[d] = c.fresh_dim();
    c.outputs[i].type = {t.dtype, std::move(shape), t.ranked};
  }
  for (size_t i = carried; i < c.outputs.size(); ++i) {
    const TensorType& t = results[i + 1];
    if (!t.ranked) {
      c.set_unranked(i, t.dtype);
      continue;
    }
    Shape shape = outside(c, t.shape, known);
    shape.insert(shape.begin(), c.fresh_dim());  // iterations
    c.set(i, t.dtype, std::move(shape));
  }
  return {};
}

Status eval(EvalContext& c) {
  const size_t carried = c.inputs.size() < 2 ? 0 : c.inputs.size() - 2;
  for (size_t i : {0, 1})
    if (c.has(i) && c.input(i).size() != 1)
      return invalid_argument("input ", i, " has ", c.input(i).size(), " elements, expected one");
  const int64_t trips = c.has(0) ? *c.input(0).as<int64_t>() : INT64_MAX;
  bool condition = c.has(1) ? *c.input(1).as<bool>() : true;
  std::vector<Tensor> state, results;
  for (size_t i = 0; i < carried; ++i) {
    const TensorView& v = c.input(i + 2);
    state.push_back(Tensor::wrap(v.dtype, v.dims, v.data, nullptr));
  }
  std::vector<std::vector<Tensor>> collected(c.num_outputs - carried);
  for (int64_t iteration = 0; iteration < trips && condition; ++iteration) {
    std::vector<TensorView> formals{{DataType::kI64, {}, &iteration}, {DataType::kBool, {}, &condition}};
    for (const Tensor& t : state) formals.push_back(t.view());
    INGOT_RETURN_IF_ERROR(c.run_subgraph("body", formals, results));
    INGOT_RETURN_IF_ERROR(own(results, formals));
    if (results[0].dtype() != DataType::kBool || results[0].size() != 1)
      return invalid_argument("the body's condition is ", results[0].view().type_string(),
                              ", expected one bool");
    const bool next = results[0].span<bool>()[0];
    state.assign(results.begin() + 1, results.begin() + 1 + static_cast<int64_t>(carried));
    for (size_t i = 0; i < collected.size(); ++i) collected[i].push_back(results[1 + carried + i]);
    condition = next;
  }
  for (size_t i = 0; i < carried; ++i) INGOT_RETURN_IF_ERROR(set_output(c, i, state[i].view()));
  for (size_t i = 0; i < collected.size(); ++i)
    INGOT_RETURN_IF_ERROR(set_stacked(c, carried + i, "body", 1 + carried + i, collected[i], 0));
  return {};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Loop() {
  static const OpDef op{"Loop", 0, kVariadic, 1, kVariadic, {}, ops::infer, ops::eval, nullptr, {"body"}};
  return op;
}

std::vector<OpCase> cases_Loop() { return {}; }  // networks_test.cpp

}  // namespace ingot
