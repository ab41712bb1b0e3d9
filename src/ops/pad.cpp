// Pad: elements added (or, for negative pads, removed) at both ends of some axes; constant, edge, reflect or
// wrap.
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

// pads as {begins..., ends...} over all axes; nullopt where they are not known.
Result<std::optional<Contents>> all_pads(const InferContext& c, int rank) {
  const auto pads = contents_of(c, 1);
  const auto axes_given = known_ints(c, 3);
  if (!pads || (c.has(3) && !axes_given)) return std::optional<Contents>();
  Ints axes = axes_given.value_or(Ints());
  if (!axes_given)
    for (int i = 0; i < rank; ++i) axes.push_back(i);
  if (pads->size() != 2 * axes.size())
    return invalid_argument("pads has ", pads->size(), " numbers, expected ", 2 * axes.size());
  INGOT_RETURN_IF_ERROR(normalize_axes(axes, rank).status());
  Contents all(2 * static_cast<size_t>(rank), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(axes[i], rank));
    all[static_cast<size_t>(axis)] = (*pads)[i];
    all[static_cast<size_t>(axis + rank)] = (*pads)[i + axes.size()];
  }
  return std::optional(std::move(all));
}

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 1, 1));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 2));
  INGOT_RETURN_IF_ERROR(expect_type(c, 3, kIndices));
  INGOT_RETURN_IF_ERROR(expect_scalar(c, 2));
  const std::string mode = c.attrs.get_string("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap")
    return invalid_argument("mode is '", mode, "', expected 'constant', 'edge', 'reflect' or 'wrap'");
  const TensorType& x = c.type(0);
  if (!x.ranked) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const auto pads, all_pads(c, x.rank()));
  Shape shape = x.shape;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (!pads) {
      shape[d] = c.fresh_dim();
      continue;
    }
    const Dim &begin = (*pads)[d], &end = (*pads)[d + shape.size()], n = shape[d];
    shape[d] = n + begin + end;
    if (mode != "constant" && n.is(0) && !shape[d].is(0))
      return invalid_argument("dim ", d, " is empty: there is nothing to pad it with in mode '", mode, "'");
  }
  INGOT_RETURN_IF_ERROR(check_dims(shape));
  c.set(0, x.dtype, std::move(shape));
  return {};
}

// The source position along a dim of n elements for position i (which may lie outside), or -1 for the
// constant.
int64_t source(const std::string& mode, int64_t i, int64_t n) {
  if (i >= 0 && i < n) return i;
  if (mode == "constant") return -1;
  if (mode == "edge") return i < 0 ? 0 : n - 1;
  if (mode == "wrap") return (i % n + n) % n;
  if (n == 1) return 0;
  const int64_t period = 2 * (n - 1), k = (i % period + period) % period;  // reflect, the edge not repeated
  return k < n ? k : period - k;
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const TensorView& x = c.input(0);
  const int64_t size = bit_width(x.dtype) / 8;
  const std::string mode = c.attrs.get_string("mode", "constant");
  const size_t rank = x.dims.size();
  Dims begins(rank, 0);
  const Ints pads = to_int64s(c.input(1)), axes = c.has(3) ? to_int64s(c.input(3)) : Ints();
  for (size_t i = 0; i < pads.size() / 2; ++i) {
    INGOT_ASSIGN_OR_RETURN(const int axis,
                           normalize_axis(c.has(3) ? axes[i] : static_cast<int64_t>(i), x.rank()));
    begins[static_cast<size_t>(axis)] = pads[i];
  }
  const Dims strides = dense_strides(x.dims);
  std::vector<Dims> sources(
      rank);  // element offset of each position of y along each dim, -1 for the constant
  for (size_t d = 0; d < rank; ++d)
    for (int64_t i = 0; i < y.dims[d]; ++i) {
      const int64_t s = source(mode, i - begins[d], x.dims[d]);
      sources[d].push_back(s < 0 ? -1 : s * strides[d]);
    }
  const uint64_t zero = 0;
  const void* fill = c.has(2) ? c.input(2).data : &zero;
  Dims index(rank, 0);
  for (int64_t k = 0, n = y.size(); k < n; ++k) {
    int64_t offset = 0;
    bool inside = true;
    for (size_t d = 0; d < rank; ++d) {
      const int64_t s = sources[d][static_cast<size_t>(index[d])];
      inside = inside && s >= 0;
      offset += s;
    }
    copy_bytes(at(y, k, size), inside ? at(x, offset, size) : fill, size);
    for (size_t d = rank; d-- > 0;) {
      if (++index[d] < y.dims[d]) break;
      index[d] = 0;
    }
  }
  return {};
}

Cost cost(const CostContext& c) {
  return {0, static_cast<double>(c.inputs[0].bytes()) + static_cast<double>(c.outputs[0].bytes())};
}

std::vector<OpCase> cases() {
  std::vector<OpCase> cases;
  for (const char* mode : {"constant", "edge", "reflect", "wrap"})
    cases.push_back(
        {mode, {{"mode", std::string(mode)}}, {random_input({3, 4, 5}), ints_input({0, 2, 1, 1, 0, 3})}});
  cases.push_back(
      {"axes", {}, {random_input({2, 3, 4}), ints_input({1, 2}), float_input(7), ints_input({-1})}});
  cases.push_back({"crop", {}, {random_input({5, 6}), ints_input({-1, 1, -2, -3})}});
  return cases;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Pad() {
  static const OpDef op{"Pad",      2,         4,        1, 1, {optional<std::string>("mode", "constant")},
                        ops::infer, ops::eval, ops::cost};
  return op;
}

std::vector<OpCase> cases_Pad() { return ops::cases(); }

}  // namespace ingot
