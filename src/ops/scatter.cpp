// ScatterElements: a copy of the data with one element written for each index along an axis. TensorScatter: a
// cache whose rows from a position on are overwritten.
#include "ops/indices.h"

namespace ingot::ops {
namespace {

Status infer_elements(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kIndices));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 2));
  INGOT_RETURN_IF_ERROR(find_combine(c.attrs).status());
  if (c.all_ranked()) {
    const Shape &x = c.shape(0), &indices = c.shape(1), &updates = c.shape(2);
    INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", 0), c.type(0).rank()));
    bool fits = x.size() == indices.size() && x.size() == updates.size();
    for (size_t d = 0; fits && d < x.size(); ++d) {
      fits = indices[d] == updates[d] || !indices[d].is_const() || !updates[d].is_const();
      if (static_cast<int>(d) != axis && x[d].is_const() && indices[d].is_const())
        fits = fits && indices[d].value() <= x[d].value();
    }
    if (!fits)
      return invalid_argument("indices and updates have shapes ", to_string(indices), " and ",
                              to_string(updates), ", expected one shape that fits data of shape ",
                              to_string(x), " along axis ", axis);
  }
  return infer_same(c);
}

Status eval_elements(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_elements));
  const TensorView &x = c.input(0), &updates = c.input(2);
  copy_bytes(y.data, x.data, static_cast<int64_t>(x.bytes()));
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", 0), x.rank()));
  INGOT_ASSIGN_OR_RETURN(const Ints indices, read_indices(c.input(1), x.dims[static_cast<size_t>(axis)]));
  INGOT_ASSIGN_OR_RETURN(const Combine combine, find_combine(c.attrs));
  Dims strides = dense_strides(x.dims);
  const int64_t step = strides[static_cast<size_t>(axis)];
  strides[static_cast<size_t>(axis)] = 0;
  int64_t k = 0;
  for_each_broadcast<1>(c.input(1).dims, {strides}, [&](const auto& offset) {
    combine(y, offset[0] + indices[static_cast<size_t>(k)] * step, updates, k);
    ++k;
  });
  return {};
}

// ---- TensorScatter: past [batch, ..., n, ...], update of the same shape but for the axis, write position
// per batch

Status infer_tensor(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 1));
  INGOT_RETURN_IF_ERROR(expect_type(c, 2, type_set({DataType::kI64})));
  const std::string mode = c.attrs.get_string("mode", "linear");
  if (mode != "linear" && mode != "circular")
    return invalid_argument("mode is '", mode, "', expected 'linear' or 'circular'");
  if (c.all_ranked()) {
    const Shape &x = c.shape(0), &update = c.shape(1);
    INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -2), c.type(0).rank()));
    bool fits = x.size() == update.size() && axis > 0;
    for (size_t d = 0; fits && d < x.size(); ++d) {
      if (!x[d].is_const() || !update[d].is_const()) continue;
      fits = static_cast<int>(d) == axis ? update[d].value() <= x[d].value() : update[d] == x[d];
    }
    if (!fits)
      return invalid_argument("update of shape ", to_string(update), " does not fit a cache of shape ",
                              to_string(x), " along axis ", axis);
    if (c.has(2) &&
        (c.type(2).rank() != 1 || (c.shape(2)[0].is_const() && x[0].is_const() && c.shape(2)[0] != x[0])))
      return invalid_argument("write_indices have shape ", to_string(c.shape(2)), ", expected [",
                              x[0].to_string(), "]");
  }
  return infer_same(c);
}

Status eval_tensor(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_tensor));
  const TensorView &x = c.input(0), &update = c.input(1);
  copy_bytes(y.data, x.data, static_cast<int64_t>(x.bytes()));
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -2), x.rank()));
  const AxisSplit s = split_at(x.dims, axis), u = split_at(update.dims, axis);
  const int64_t batches = x.dims[0], per_batch = batches == 0 ? 0 : s.outer / batches,
                size = bit_width(x.dtype) / 8;
  const Ints begin = c.has(2) ? to_int64s(c.input(2)) : Ints(static_cast<size_t>(batches), 0);
  const bool circular = c.attrs.get_string("mode", "linear") == "circular";
  for (int64_t o = 0; o < s.outer; ++o) {
    const int64_t first = begin[static_cast<size_t>(o / per_batch)];
    if (first < 0 || first >= std::max<int64_t>(s.n, 1) || (!circular && first + u.n > s.n))
      return invalid_argument("write index ", first, " with ", u.n, " rows is out of range for a cache of ",
                              s.n);
    for (int64_t i = 0; i < u.n; ++i)
      copy_bytes(at(y, (o * s.n + (first + i) % s.n) * s.inner, size),
                 at(update, (o * u.n + i) * u.inner, size), u.inner * size);
  }
  return {};
}

std::vector<OpCase> cases_elements() {
  std::vector<OpCase> cases;
  Tensor indices = Tensor::vector_i64(Ints{1, 0, 2, -1, 3, -4}).reshaped({2, 3});
  for (const char* how : {"none", "add", "mul", "max", "min"})
    cases.push_back({how,
                     {{"axis", int64_t{1}}, {"reduction", std::string(how)}},
                     {random_input({2, 4}), constant_input(indices), random_input({2, 3})}});
  return cases;
}

std::vector<OpCase> cases_tensor() {
  const std::vector<CaseInput> inputs{random_input({2, 3, 8, 5}), random_input({2, 3, 2, 5}),
                                      ints_input({0, 6})};
  return {{"linear", {}, inputs}, {"circular", {{"mode", std::string("circular")}}, inputs}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_ScatterElements() {
  static const OpDef op{"ScatterElements",
                        3,
                        3,
                        1,
                        1,
                        {optional<int64_t>("axis", 0), optional<std::string>("reduction", "none")},
                        ops::infer_elements,
                        ops::eval_elements,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_ScatterElements() { return ops::cases_elements(); }

const OpDef& op_TensorScatter() {
  static const OpDef op{"TensorScatter",
                        2,
                        3,
                        1,
                        1,
                        {optional<int64_t>("axis", -2), optional<std::string>("mode", "linear")},
                        ops::infer_tensor,
                        ops::eval_tensor,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_TensorScatter() { return ops::cases_tensor(); }

}  // namespace ingot
