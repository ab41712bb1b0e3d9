// ConstantOfShape: one value everywhere. EyeLike: ones on a diagonal. Range: an arithmetic sequence.
#include <cmath>

#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// ---- ConstantOfShape

Result<Tensor> fill_value(const Attrs& attrs) {
  Tensor value = attrs.get<Tensor>("value");
  if (!value.valid()) return Tensor::scalar_f32(0);
  if (value.size() != 1)
    return invalid_argument("value has shape ", dims_to_string(value.dims()), ", expected one element");
  return value;
}

Status infer_constant(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 1, 1));
  INGOT_ASSIGN_OR_RETURN(const Tensor value, fill_value(c.attrs));
  auto target = contents_of(c, 0);
  if (!target)
    if (auto ints = known_ints(c, 0)) target = Contents(ints->begin(), ints->end());
  if (!target) {
    if (!c.type(0).ranked || !c.shape(0)[0].is_const() || c.shape(0)[0].value() > 64) {
      c.set_unranked(0, value.dtype());
      return {};
    }
    target.emplace();
    for (int64_t i = 0; i < c.shape(0)[0].value(); ++i) target->push_back(c.fresh_dim());
  }
  INGOT_RETURN_IF_ERROR(check_dims(*target));
  c.set(0, value.dtype(), *target);
  const Dim count = num_elements(*target);
  if (is_integer(value.dtype()) && count.is_const() && count.value() <= static_cast<int64_t>(kMaxContents))
    set_contents(c, Contents(static_cast<size_t>(count.value()), load_all<int64_t>(value.view())[0]));
  return {};
}

Status eval_constant(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_constant));
  INGOT_ASSIGN_OR_RETURN(const Tensor value, fill_value(c.attrs));
  INGOT_ASSIGN_OR_RETURN(const int64_t size, element_bytes(y));
  copy_strided(y.data, dense_strides(y.dims), value.data(), Dims(y.dims.size(), 0), y.dims, size);
  return {};
}

// ---- EyeLike

Status infer_eye(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 2, 2));
  c.outputs[0].type = c.type(0);
  if (c.attrs.has("dtype")) {
    INGOT_ASSIGN_OR_RETURN(c.outputs[0].type.dtype, from_onnx_type_number(c.attrs.get_int("dtype")));
  }
  return {};
}

Status eval_eye(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_eye));
  const int64_t k = c.attrs.get_int("k", 0), rows = y.dims[0], columns = y.dims[1];
  std::vector<int64_t> row(static_cast<size_t>(columns), 0);
  for (int64_t i = 0; i < rows; ++i) {
    const bool hit = k > -rows && k < columns && i + k >= 0 && i + k < columns;
    if (hit) row[static_cast<size_t>(i + k)] = 1;
    store(row.data(), columns, y, i * columns);
    if (hit) row[static_cast<size_t>(i + k)] = 0;
  }
  return {};
}

// ---- Range

template <class W>
Result<int64_t> range_size(W start, W limit, W delta) {
  if (delta == 0) return invalid_argument("delta is 0");
  const double n =
      std::ceil((static_cast<double>(limit) - static_cast<double>(start)) / static_cast<double>(delta));
  if (!(n < 0x1p58)) return invalid_argument("a range of ", n, " elements is too long");
  return static_cast<int64_t>(std::max(n, 0.0));
}

Status infer_range(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers));
  for (size_t i : {0, 1, 2}) {
    INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, i));
    INGOT_RETURN_IF_ERROR(expect_scalar(c, i));
  }
  const DataType dtype = c.type(0).dtype;
  const bool constant = c.inputs[0].constant && c.inputs[1].constant && c.inputs[2].constant;
  if (is_float(dtype) && constant) {
    double v[3];
    for (size_t i : {0, 1, 2}) load(c.inputs[i].constant->view(), 0, 1, v + i);
    INGOT_ASSIGN_OR_RETURN(const int64_t n, range_size(v[0], v[1], v[2]));
    c.set(0, dtype, {n});
    return {};
  }
  const auto start = contents_of(c, 0), limit = contents_of(c, 1), delta = contents_of(c, 2);
  if (is_float(dtype) || !start || !limit || !delta || !(*delta)[0].is_const()) {
    c.set(0, dtype, {c.fresh_dim()});
    return {};
  }
  const Dim &first = (*start)[0], &last = (*limit)[0], &step = (*delta)[0];
  if (step.is(0)) return invalid_argument("delta is 0");
  Dim n = step.value() > 0 ? ceil_div(last - first, step) : ceil_div(first - last, Dim(0) - step);
  if (!non_negative(n)) n = max(n, 0);
  c.set(0, dtype, {n});
  if (!n.is_const() || n.value() > static_cast<int64_t>(kMaxContents)) return {};
  Contents contents;
  for (int64_t i = 0; i < n.value(); ++i) contents.push_back(first + step * Dim(i));
  set_contents(c, std::move(contents));
  return {};
}

Status eval_range(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_range));
  with_wide(y.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    W start, delta;
    load(c.input(0), 0, 1, &start);
    load(c.input(2), 0, 1, &delta);
    for (int64_t i = 0, n = y.size(); i < n; ++i) {
      const W v = wrapping_add(start, wrapping_mul(static_cast<W>(i), delta));
      store(&v, 1, y, i);
    }
  });
  return {};
}

std::vector<OpCase> cases_constant() {
  return {{"zeros", {}, {ints_input({2, 3})}},
          {"ones", {{"value", Tensor::vector_i64(Ints{1})}}, {ints_input({4})}},
          {"scalar", {}, {ints_input({})}},
          {"none", {}, {ints_input({2, 0})}}};
}

std::vector<OpCase> cases_eye() {
  return {{"square", {}, {random_input({4, 4})}},
          {"above", {{"k", int64_t{2}}, {"dtype", int64_t{7}}}, {random_input({3, 5})}},
          {"below", {{"k", int64_t{-1}}}, {random_input({3, 2})}},
          {"outside", {{"k", INT64_MAX}}, {random_input({3, 2})}}};
}

std::vector<OpCase> cases_range() {
  return {{"up", {}, {int_input(1), int_input(10), int_input(2)}},
          {"down", {}, {int_input(10), int_input(3), int_input(-3)}},
          {"none", {}, {int_input(3), int_input(1), int_input(1)}},
          {"floats", {}, {float_input(0), float_input(1), float_input(0.25f)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_ConstantOfShape() {
  static const OpDef op{
      "ConstantOfShape",  1,      1, 1, 1, {absent_or<Tensor>("value")}, ops::infer_constant,
      ops::eval_constant, nullptr};
  return op;
}

std::vector<OpCase> cases_ConstantOfShape() { return ops::cases_constant(); }

const OpDef& op_EyeLike() {
  static const OpDef op{"EyeLike",
                        1,
                        1,
                        1,
                        1,
                        {absent_or<int64_t>("dtype"), optional<int64_t>("k", 0)},
                        ops::infer_eye,
                        ops::eval_eye,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_EyeLike() { return ops::cases_eye(); }

const OpDef& op_Range() {
  static const OpDef op{"Range", 3, 3, 1, 1, {}, ops::infer_range, ops::eval_range, nullptr};
  return op;
}

std::vector<OpCase> cases_Range() { return ops::cases_range(); }

}  // namespace ingot
