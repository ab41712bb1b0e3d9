// Gather: slices of one axis at any indices. GatherElements: one element for each index.
#include "ops/indices.h"

namespace ingot::ops {
namespace {

Status infer_gather(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kIndices));
  const TensorType &x = c.type(0), &indices = c.type(1);
  if (!x.ranked || !indices.ranked) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", 0), x.rank()));
  Shape shape(x.shape.begin(), x.shape.begin() + axis);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), x.shape.begin() + axis + 1, x.shape.end());
  c.set(0, x.dtype, std::move(shape));
  const auto contents = contents_of(c, 0), picks = contents_of(c, 1);
  if (!contents || !picks || x.rank() != 1) return {};
  Contents picked;
  const auto n = static_cast<int64_t>(contents->size());
  for (const Dim& d : *picks) {
    if (!d.is_const()) return {};
    if (d.value() < -n || d.value() >= n)
      return invalid_argument("index ", d.value(), " is out of range for a dimension of ", n);
    picked.push_back((*contents)[static_cast<size_t>(d.value() < 0 ? d.value() + n : d.value())]);
  }
  set_contents(c, std::move(picked));
  return {};
}

Status eval_gather(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_gather));
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", 0), x.rank()));
  const AxisSplit s = split_at(x.dims, axis);
  INGOT_ASSIGN_OR_RETURN(const Ints indices, read_indices(c.input(1), s.n));
  const int64_t size = bit_width(x.dtype) / 8;
  int64_t done = 0;
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t i : indices) {
      copy_bytes(at(y, done, size), at(x, (o * s.n + i) * s.inner, size), s.inner * size);
      done += s.inner;
    }
  return {};
}

// Only the rows that are taken are read.
Cost cost(const CostContext& c) {
  return {0, 2.0 * static_cast<double>(c.outputs[0].bytes()) + static_cast<double>(c.inputs[1].bytes())};
}

Status infer_elements(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kIndices));
  const TensorType &x = c.type(0), &indices = c.type(1);
  if (x.ranked && indices.ranked) {
    INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", 0), x.rank()));
    bool fits = x.rank() == indices.rank();
    for (int d = 0; fits && d < x.rank(); ++d) {
      const Dim &a = x.shape[static_cast<size_t>(d)], &b = indices.shape[static_cast<size_t>(d)];
      fits = d == axis || !a.is_const() || !b.is_const() || b.value() <= a.value();
    }
    if (!fits)
      return invalid_argument("indices of shape ", to_string(indices.shape), " do not fit data of shape ",
                              to_string(x.shape), " along axis ", axis);
  }
  set_output(c, x.dtype, indices.ranked ? std::optional(indices.shape) : std::nullopt);
  return {};
}

Status eval_elements(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_elements));
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", 0), x.rank()));
  INGOT_ASSIGN_OR_RETURN(const Ints indices, read_indices(c.input(1), x.dims[static_cast<size_t>(axis)]));
  const int64_t size = bit_width(x.dtype) / 8;
  Dims strides = dense_strides(x.dims);
  const int64_t step = strides[static_cast<size_t>(axis)];
  strides[static_cast<size_t>(axis)] = 0;  // the index stands for the position along the axis
  int64_t k = 0;
  for_each_broadcast<1>(y.dims, {strides}, [&](const auto& offset) {
    copy_bytes(at(y, k, size), at(x, offset[0] + indices[static_cast<size_t>(k)] * step, size), size);
    ++k;
  });
  return {};
}

std::vector<OpCase> cases_gather() {
  return {{"rows", {}, {random_input({7, 5}), ints_input({6, 0, -1})}},
          {"inner",
           {{"axis", int64_t{2}}},
           {random_input({2, 3, 5}), random_input({2, 2}, -5, 4, DataType::kI32)}},
          {"scalar", {{"axis", int64_t{-1}}}, {random_input({3, 4}), int_input(2)}},
          {"embedding", {}, {random_input({100, 16}), random_input({2, 9}, 0, 99, DataType::kI64)}}};
}

std::vector<OpCase> cases_elements() {
  return {
      {"axis0", {}, {random_input({3, 4}), random_input({2, 4}, -3, 2, DataType::kI64)}},
      {"axis1", {{"axis", int64_t{1}}}, {random_input({3, 4}), random_input({3, 6}, -4, 3, DataType::kI64)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Gather() {
  static const OpDef op{
      "Gather", 2, 2, 1, 1, {optional<int64_t>("axis", 0)}, ops::infer_gather, ops::eval_gather, ops::cost};
  return op;
}

std::vector<OpCase> cases_Gather() { return ops::cases_gather(); }

const OpDef& op_GatherElements() {
  static const OpDef op{
      "GatherElements",   2,        2, 1, 1, {optional<int64_t>("axis", 0)}, ops::infer_elements,
      ops::eval_elements, ops::cost};
  return op;
}

std::vector<OpCase> cases_GatherElements() { return ops::cases_elements(); }

}  // namespace ingot
