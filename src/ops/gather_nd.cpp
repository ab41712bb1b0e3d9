// GatherND and ScatterND: slices at index tuples, read or written.
#include "ops/indices.h"

namespace ingot::ops {
namespace {

// Checks data [batch dims..., indexed dims..., slice dims...] against indices [..., k] and gives k, the
// length of a tuple; nullopt where it is not known.
Result<std::optional<size_t>> tuple_length(const TensorType& x, const TensorType& indices, size_t batch) {
  if (!x.ranked || !indices.ranked) return std::optional<size_t>();
  if (x.rank() < 1 || indices.rank() < 1)
    return invalid_argument("data and indices have shapes ", to_string(x.shape), " and ",
                            to_string(indices.shape), ", expected rank 1 or more");
  if (batch >= indices.shape.size() || batch >= x.shape.size())
    return invalid_argument("batch_dims is ", batch, ", expected less than both ranks (", x.rank(), ", ",
                            indices.rank(), ")");
  for (size_t d = 0; d < batch; ++d)
    if (x.shape[d].is_const() && indices.shape[d].is_const() && x.shape[d] != indices.shape[d])
      return invalid_argument("batch dims of ", to_string(x.shape), " and ", to_string(indices.shape),
                              " differ");
  const Dim& k = indices.shape.back();
  if (!k.is_const()) return std::optional<size_t>();
  if (k.value() < 1 || k.value() > static_cast<int64_t>(x.shape.size() - batch))
    return invalid_argument("index tuples have ", k.value(), " numbers, data of shape ", to_string(x.shape),
                            " takes 1 to ", x.shape.size() - batch);
  return std::optional(static_cast<size_t>(k.value()));
}

// The element offsets of all tuples within one batch of `dims` = the indexed dims.
Result<Ints> offsets(const TensorView& indices, const Dims& dims, int64_t slice, int64_t per_batch,
                     int64_t batch_size) {
  const size_t k = dims.size();
  const Ints values = to_int64s(indices);
  Ints result;
  for (size_t t = 0; t + k <= values.size(); t += k) {
    int64_t offset = 0;
    for (size_t d = 0; d < k; ++d) {
      int64_t i = values[t + d];
      if (i < -dims[d] || i >= dims[d])
        return invalid_argument("index ", i, " is out of range for a dimension of ", dims[d]);
      offset = offset * dims[d] + (i < 0 ? i + dims[d] : i);
    }
    const int64_t batch = static_cast<int64_t>(t / k) / per_batch;
    result.push_back(batch * batch_size + offset * slice);
  }
  return result;
}

struct Layout {
  Dims indexed;
  int64_t slice = 1, per_batch = 1, batch_size = 1;
};
Layout layout(const TensorView& x, const TensorView& indices, size_t batch) {
  Layout l;
  const size_t k = static_cast<size_t>(indices.dims.back());
  for (size_t d = batch; d < x.dims.size(); ++d) {
    l.batch_size *= x.dims[d];
    if (d < batch + k)
      l.indexed.push_back(x.dims[d]);
    else
      l.slice *= x.dims[d];
  }
  for (size_t d = batch; d + 1 < indices.dims.size(); ++d) l.per_batch *= indices.dims[d];
  return l;
}

Status infer_gather(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  const int64_t batch = c.attrs.get_int("batch_dims", 0);
  if (batch < 0) return invalid_argument("batch_dims is ", batch, ", expected 0 or more");
  const TensorType &x = c.type(0), &indices = c.type(1);
  INGOT_ASSIGN_OR_RETURN(const auto k, tuple_length(x, indices, static_cast<size_t>(batch)));
  if (!k) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  Shape shape(indices.shape.begin(), indices.shape.end() - 1);
  shape.insert(shape.end(), x.shape.begin() + batch + static_cast<int64_t>(*k), x.shape.end());
  c.set(0, x.dtype, std::move(shape));
  return {};
}

Status eval_gather(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_gather));
  const TensorView& x = c.input(0);
  const Layout l = layout(x, c.input(1), static_cast<size_t>(c.attrs.get_int("batch_dims", 0)));
  INGOT_ASSIGN_OR_RETURN(const Ints at_x, offsets(c.input(1), l.indexed, l.slice, l.per_batch, l.batch_size));
  const int64_t size = bit_width(x.dtype) / 8;
  for (size_t t = 0; t < at_x.size(); ++t)
    copy_bytes(at(y, static_cast<int64_t>(t) * l.slice, size), at(x, at_x[t], size), l.slice * size);
  return {};
}

Status infer_scatter(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 2));
  INGOT_RETURN_IF_ERROR(find_combine(c.attrs).status());
  const TensorType &x = c.type(0), &indices = c.type(1), &updates = c.type(2);
  INGOT_ASSIGN_OR_RETURN(const auto k, tuple_length(x, indices, 0));
  if (k && updates.ranked) {
    Shape expected(indices.shape.begin(), indices.shape.end() - 1);
    expected.insert(expected.end(), x.shape.begin() + static_cast<int64_t>(*k), x.shape.end());
    bool fits = expected.size() == updates.shape.size();
    for (size_t d = 0; fits && d < expected.size(); ++d)
      fits = expected[d] == updates.shape[d] || !expected[d].is_const() || !updates.shape[d].is_const();
    if (!fits)
      return invalid_argument("updates have shape ", to_string(updates.shape), ", expected ",
                              to_string(expected));
  }
  return infer_same(c);
}

Status eval_scatter(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_scatter));
  const TensorView &x = c.input(0), &updates = c.input(2);
  copy_bytes(y.data, x.data, static_cast<int64_t>(x.bytes()));
  const Layout l = layout(x, c.input(1), 0);
  INGOT_ASSIGN_OR_RETURN(const Ints at_y,
                         offsets(c.input(1), l.indexed, l.slice, std::max<int64_t>(l.per_batch, 1), 0));
  INGOT_ASSIGN_OR_RETURN(const Combine combine, find_combine(c.attrs));
  for (size_t t = 0; t < at_y.size(); ++t)
    for (int64_t i = 0; i < l.slice; ++i)
      combine(y, at_y[t] + i, updates, static_cast<int64_t>(t) * l.slice + i);
  return {};
}

std::vector<OpCase> cases_gather() {
  return {{"elements", {}, {random_input({3, 4}), random_input({5, 2}, -3, 2, DataType::kI64)}},
          {"slices", {}, {random_input({3, 4, 5}), random_input({2, 2, 1}, 0, 2, DataType::kI64)}},
          {"batch",
           {{"batch_dims", int64_t{1}}},
           {random_input({2, 3, 4}), random_input({2, 6, 1}, 0, 2, DataType::kI64)}}};
}

std::vector<OpCase> cases_scatter() {
  const CaseInput x = random_input({4, 5}), rows = random_input({2, 5});
  Tensor indices = Tensor::vector_i64(Ints{3, -4}).reshaped({2, 1});
  std::vector<OpCase> cases;
  for (const char* how : {"none", "add", "mul", "max", "min"})
    cases.push_back({how, {{"reduction", std::string(how)}}, {x, constant_input(indices), rows}});
  return cases;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_GatherND() {
  static const OpDef op{
      "GatherND",       2,      2, 1, 1, {optional<int64_t>("batch_dims", 0)}, ops::infer_gather,
      ops::eval_gather, nullptr};
  return op;
}

std::vector<OpCase> cases_GatherND() { return ops::cases_gather(); }

const OpDef& op_ScatterND() {
  static const OpDef op{
      "ScatterND",       3,      3, 1, 1, {optional<std::string>("reduction", "none")}, ops::infer_scatter,
      ops::eval_scatter, nullptr};
  return op;
}

std::vector<OpCase> cases_ScatterND() { return ops::cases_scatter(); }

}  // namespace ingot
