// MultiHeadAttention, which fusion makes: per head softmax(scale * Q K^T + mask) V, on matrices whose columns
// hold the heads side by side, as the projections before it write them.
//
// Inputs q [B, Sq, columns], k and v [B, Sk, columns], and optionally a mask (floats to add, or booleans:
// true is seen) that broadcasts to [B, heads, Sq, Sk]. The operands begin at columns q_offset, k_offset and
// v_offset of their inputs, so that one merged matrix can be all three. `causal` lets query i see keys 0 to
// i. The output is [B, Sq, heads * v_head_dim]; scale is 1 / sqrt(head_dim) unless it is given.
#include "ops/attention_head.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

enum Input : size_t { kQ, kK, kV, kMask };
constexpr int64_t kMaxValue = int64_t{1} << 30;

struct Layout {
  int64_t heads, dim, v_dim;
  std::array<int64_t, 3> offsets;
  static Result<Layout> read(const Attrs& attrs) {
    Layout l{attrs.get_int("heads"),
             attrs.get_int("head_dim"),
             attrs.get_int("v_head_dim"),
             {attrs.get_int("q_offset"), attrs.get_int("k_offset"), attrs.get_int("v_offset")}};
    if (l.v_dim == 0) l.v_dim = l.dim;
    for (int64_t size : {l.heads, l.dim, l.v_dim})
      if (size < 1 || size > kMaxValue)
        return invalid_argument("heads, head_dim and v_head_dim are ", l.heads, ", ", l.dim, " and ", l.v_dim,
                                ", expected 1 to ", kMaxValue);
    for (int64_t offset : l.offsets)
      if (offset < 0 || offset > kMaxValue) return invalid_argument("a column offset is ", offset);
    return l;
  }
};

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, kQ, kFloats));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kQ, kK));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kQ, kV));
  INGOT_ASSIGN_OR_RETURN(const Layout layout, Layout::read(c.attrs));
  for (size_t i : {kQ, kK, kV}) {
    INGOT_RETURN_IF_ERROR(expect_rank(c, i, 3, 3));
    if (!c.type(i).ranked) continue;
    const int64_t end = layout.offsets[i] + layout.heads * (i == kV ? layout.v_dim : layout.dim);
    if (c.shape(i)[2].is_const() && c.shape(i)[2].value() < end)
      return invalid_argument("input ", i, " has shape ", to_string(c.shape(i)), ", expected at least ", end,
                              " columns");
  }
  if (!c.type(kQ).ranked || !c.type(kK).ranked || !c.type(kV).ranked) {
    c.set_unranked(0, c.type(kQ).dtype);
    return {};
  }
  const Shape &q = c.shape(kQ), &k = c.shape(kK), &v = c.shape(kV);
  auto differ = [](const Dim& a, const Dim& b) { return a.is_const() && b.is_const() && a != b; };
  if (differ(q[0], k[0]) || differ(q[0], v[0]) || differ(k[1], v[1]))
    return invalid_argument("q, k and v of shapes ", to_string(q), ", ", to_string(k), " and ", to_string(v),
                            " do not fit together");
  INGOT_RETURN_IF_ERROR(expect_mask(c, kMask, {q[0], layout.heads, q[1], k[1]}, false));
  c.set(0, c.type(kQ).dtype, {q[0], q[1], layout.heads * layout.v_dim});
  return {};
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const Layout layout, Layout::read(c.attrs));
  const TensorView &q = c.input(kQ), &k = c.input(kK), &v = c.input(kV);
  const int64_t batch = q.dims[0], queries = q.dims[1], keys = k.dims[1];
  INGOT_ASSIGN_OR_RETURN(const auto mask, AttentionMask::make(c.has(kMask) ? c.inputs[kMask] : nullptr,
                                                              {batch, layout.heads, queries, keys}));
  const bool causal = c.attrs.get_int("causal") != 0;
  const double scale =
      c.attrs.has("scale") ? c.attrs.get_float("scale") : 1 / std::sqrt(static_cast<double>(layout.dim));
  const std::vector<double> queries_in = load_all<double>(q), keys_in = load_all<double>(k),
                            values_in = load_all<double>(v);
  std::vector<double> result(static_cast<size_t>(y.size()));
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t h = 0; h < layout.heads; ++h) {
      const AttentionHead head{
          queries_in.data() + b * queries * q.dims[2] + layout.offsets[kQ] + h * layout.dim,
          keys_in.data() + b * keys * k.dims[2] + layout.offsets[kK] + h * layout.dim,
          values_in.data() + b * keys * v.dims[2] + layout.offsets[kV] + h * layout.v_dim,
          q.dims[2],
          k.dims[2],
          v.dims[2],
          queries,
          keys,
          layout.dim,
          layout.v_dim,
          scale};
      head.run(
          result.data() + (b * queries * layout.heads + h) * layout.v_dim, layout.heads * layout.v_dim,
          [&](int64_t i, int64_t j) {
            return causal && j > i ? -std::numeric_limits<double>::infinity() : mask.at(b, h, i, j);
          },
          [](int64_t, int64_t, const AttentionHead::Step&) {});
    }
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

Cost cost(const CostContext& c) {
  const double heads = static_cast<double>(c.attrs.get_int("heads")),
               dim = static_cast<double>(c.attrs.get_int("head_dim"));
  const TensorView &q = c.inputs[kQ], &k = c.inputs[kK];
  Cost cost;
  if (q.rank() == 3 && k.rank() == 3)
    cost.flops =
        4 * heads * dim * static_cast<double>(q.dims[0] * q.dims[1]) * static_cast<double>(k.dims[1]);
  // Only the operands' columns are read, each once.
  for (size_t i : {kQ, kK, kV}) {
    const TensorView& v = c.inputs[i];
    if (v.rank() == 3)
      cost.bytes += static_cast<double>(byte_size(v.dtype, v.dims[0] * v.dims[1])) * heads * dim;
  }
  if (c.inputs.size() > kMask) cost.bytes += static_cast<double>(c.inputs[kMask].bytes());
  cost.bytes += static_cast<double>(c.outputs[0].bytes());
  return cost;
}

std::vector<OpCase> cases() {
  Attrs plain = {{"heads", int64_t{3}}, {"head_dim", int64_t{8}}}, merged = plain, wide = plain,
        causal = plain;
  merged.set("k_offset", int64_t{24});
  merged.set("v_offset", int64_t{48});
  wide.set("v_head_dim", int64_t{5});
  wide.set("scale", 0.25f);
  causal.set("causal", int64_t{1});
  const std::vector<CaseInput> three = {random_input({2, 5, 24}), random_input({2, 7, 24}),
                                        random_input({2, 7, 24})};
  std::vector<CaseInput> masked = three, full = three;
  masked.push_back(random_input({2, 1, 1, 7}, -5, 0));
  full.push_back(random_input({2, 3, 5, 7}, 0, 1, DataType::kBool));
  return {{"plain", plain, three},
          {"causal", causal, {random_input({1, 9, 24}), random_input({1, 9, 24}), random_input({1, 9, 24})}},
          {"wide_values",
           wide,
           {random_input({1, 17, 24}), random_input({1, 33, 24}), random_input({1, 33, 15})}},
          {"mask", plain, masked},
          {"bool_mask", plain, full},
          {"merged", merged, {random_input({2, 5, 72}), random_input({2, 5, 72}), random_input({2, 5, 72})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_MultiHeadAttention() {
  static const OpDef op{
      "MultiHeadAttention",
      3,
      4,
      1,
      1,
      {optional<int64_t>("causal", 0), required<int64_t>("head_dim"), required<int64_t>("heads"),
       optional<int64_t>("k_offset", 0), optional<int64_t>("q_offset", 0), absent_or<float>("scale"),
       optional<int64_t>("v_head_dim", 0), optional<int64_t>("v_offset", 0)},
      ops::infer,
      ops::eval,
      ops::cost};
  return op;
}

std::vector<OpCase> cases_MultiHeadAttention() { return ops::cases(); }

}  // namespace ingot
