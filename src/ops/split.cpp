// Split: a tensor cut along an axis, in parts of given or equal sizes (the last one smaller where they do not
// fit).
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  const TensorType& x = c.type(0);
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  const size_t parts = c.outputs.size();
  const int64_t wanted = c.attrs.get_int("num_outputs", static_cast<int64_t>(parts));
  if (!c.has(1) && wanted != static_cast<int64_t>(parts))
    return invalid_argument("num_outputs is ", wanted, ", the node has ", parts, " outputs");
  if (!x.ranked) {
    for (size_t i = 0; i < parts; ++i) c.set_unranked(i, x.dtype);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis"), x.rank()));
  const Dim n = x.shape[static_cast<size_t>(axis)];
  auto sizes = contents_of(c, 1);
  if (!sizes && c.has(1)) {
    if (auto ints = known_ints(c, 1)) sizes = Contents(ints->begin(), ints->end());
  }
  if (sizes) {
    if (sizes->size() != parts)
      return invalid_argument("split has ", sizes->size(), " sizes, the node has ", parts, " outputs");
    INGOT_RETURN_IF_ERROR(check_dims(*sizes));
    Dim sum = 0;
    for (const Dim& d : *sizes) sum = sum + d;
    if (sum.is_const() && n.is_const() && sum != n)
      return invalid_argument("split ", to_string(*sizes), " adds up to ", sum.value(), ", dim ", axis,
                              " is ", n.value());
  }
  const auto contents = x.rank() == 1 ? contents_of(c, 0) : std::nullopt;
  size_t first = 0;  // of the part, in contents
  Dim left = n;
  const Dim chunk = ceil_div(n, static_cast<int64_t>(parts));
  for (size_t i = 0; i < parts; ++i) {
    Shape shape = x.shape;
    Dim& d = shape[static_cast<size_t>(axis)];
    d = sizes ? (*sizes)[i] : c.has(1) ? c.fresh_dim() : min(chunk, left);
    left = max(left - d, 0);
    if (contents && d.is_const() && first + static_cast<size_t>(d.value()) <= contents->size()) {
      const auto begin = contents->begin() + static_cast<int64_t>(first);
      c.outputs[i].contents = Contents(begin, begin + d.value());
      first += static_cast<size_t>(d.value());
    }
    c.set(i, x.dtype, std::move(shape));
  }
  return {};
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const auto types, infer_concrete(c, infer));
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis"), x.rank()));
  const int64_t size = bit_width(x.dtype) / 8;
  const AxisSplit whole = split_at(x.dims, axis);
  int64_t begin = 0;
  for (size_t k = 0; k < types.size(); ++k) {
    INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(k, x.dtype, types[k].dims));
    const AxisSplit part = split_at(y.dims, axis);
    const int64_t row = part.n * part.inner;
    for (int64_t o = 0; o < part.outer; ++o)
      copy_bytes(at(y, o * row, size), at(x, (o * whole.n + begin) * whole.inner, size), row * size);
    begin += part.n;
  }
  return {};
}

Cost cost(const CostContext& c) { return {0, 2.0 * static_cast<double>(c.inputs[0].bytes())}; }

std::vector<OpCase> cases() {
  return {{"equal", {{"axis", int64_t{1}}}, {random_input({3, 6, 5})}, 3},
          {"sizes",
           {{"axis", int64_t{-1}}},
           {constant_input(Tensor::vector_f32(Floats{1, 2, 3, 4, 5, 6})), ints_input({2, 0, 4})},
           3},
          {"smaller_last", {{"num_outputs", int64_t{3}}}, {random_input({7, 2})}, 3}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Split() {
  static const OpDef op{
      "Split",    1,         2,
      1,          kVariadic, {optional<int64_t>("axis", 0), absent_or<int64_t>("num_outputs")},
      ops::infer, ops::eval, ops::cost};
  return op;
}

std::vector<OpCase> cases_Split() { return ops::cases(); }

}  // namespace ingot
