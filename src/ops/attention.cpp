// Attention: https://onnx.ai/onnx/operators/onnx__Attention.html (version 24, and the window sizes of later
// ones). Grouped queries, past keys and values, masks, softcap; sums are in double, so softmax_precision
// changes nothing.
#include "ops/attention_head.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

enum Input : size_t { kQ, kK, kV, kMask, kPastKey, kPastValue, kKvLength };

// The sizes that Q, K and V give, in either of their forms: [batch, length, heads * dim] or [batch, heads,
// length, dim].
struct Sizes {
  Dim batch, heads, length, dim;
};

Result<Sizes> read_sizes(const Attrs& attrs, const Shape& s, std::string_view heads_attr) {
  if (s.size() == 4) return Sizes{s[0], s[1], s[2], s[3]};
  const int64_t heads = attrs.get_int(heads_attr);
  if (s.size() != 3) return invalid_argument("got shape ", to_string(s), ", expected rank 3 or 4");
  if (heads < 1 || (s[2].is_const() && s[2].value() % heads != 0))
    return invalid_argument(heads_attr, " is ", heads, ", expected a divisor of ", s[2].to_string());
  return Sizes{s[0], heads, s[1], floor_div(s[2], heads)};
}

bool differ(const Dim& a, const Dim& b) { return a.is_const() && b.is_const() && a != b; }

Status infer(InferContext& c) {
  const DataType type = c.type(kQ).dtype;
  for (size_t i : {kQ, kV}) INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kQ, kK));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kK, kPastKey));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kV, kPastValue));
  INGOT_RETURN_IF_ERROR(expect_type(c, kKvLength, type_set({DataType::kI64})));
  if (c.has(kPastKey) != c.has(kPastValue) || (c.has(kPastKey) && c.has(kKvLength)))
    return invalid_argument(
        "expected past_key and past_value together, and nonpad_kv_seqlen only without them");
  const int64_t mode = c.attrs.get_int("qk_matmul_output_mode");
  if (mode < 0 || mode > 3) return invalid_argument("qk_matmul_output_mode is ", mode, ", expected 0 to 3");
  if (!c.all_ranked()) {
    for (size_t i = 0; i < c.outputs.size(); ++i) c.set_unranked(i, i == 2 ? c.type(kV).dtype : type);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const Sizes q, read_sizes(c.attrs, c.shape(kQ), "q_num_heads"));
  INGOT_ASSIGN_OR_RETURN(const Sizes k, read_sizes(c.attrs, c.shape(kK), "kv_num_heads"));
  INGOT_ASSIGN_OR_RETURN(const Sizes v, read_sizes(c.attrs, c.shape(kV), "kv_num_heads"));
  if (c.shape(kQ).size() != c.shape(kK).size() || c.shape(kQ).size() != c.shape(kV).size() ||
      differ(q.batch, k.batch) || differ(q.batch, v.batch) || differ(q.dim, k.dim) ||
      differ(k.heads, v.heads) || differ(k.length, v.length))
    return invalid_argument("Q, K and V of shapes ", to_string(c.shape(kQ)), ", ", to_string(c.shape(kK)),
                            " and ", to_string(c.shape(kV)), " do not fit together");
  if (q.heads.is_const() && k.heads.is_const() &&
      (k.heads.value() < 1 || q.heads.value() % k.heads.value() != 0))
    return invalid_argument("got ", q.heads.value(), " query heads for ", k.heads.value(),
                            " key heads, expected a multiple");
  Dim total = k.length;
  if (c.has(kPastKey)) {
    INGOT_RETURN_IF_ERROR(expect_rank(c, kPastKey, 4, 4));
    INGOT_RETURN_IF_ERROR(expect_rank(c, kPastValue, 4, 4));
    const Shape &key = c.shape(kPastKey), &value = c.shape(kPastValue);
    if (differ(key[0], q.batch) || differ(key[1], k.heads) || differ(key[3], k.dim) ||
        differ(value[0], q.batch) || differ(value[1], k.heads) || differ(value[3], v.dim) ||
        differ(key[2], value[2]))
      return invalid_argument("past_key has shape ", to_string(key), " and past_value ", to_string(value),
                              ", which do not fit K and V");
    total = total + key[2];
  }
  INGOT_RETURN_IF_ERROR(expect_mask(c, kMask, {q.batch, q.heads, q.length, total}, true));
  INGOT_RETURN_IF_ERROR(expect_rank(c, kKvLength, 1, 1));
  if (c.has(kKvLength) && differ(c.shape(kKvLength)[0], q.batch))
    return invalid_argument("nonpad_kv_seqlen has shape ", to_string(c.shape(kKvLength)), ", expected [",
                            q.batch.to_string(), "]");
  c.set(0, type,
        c.shape(kQ).size() == 4 ? Shape{q.batch, q.heads, q.length, v.dim}
                                : Shape{q.batch, q.length, q.heads * v.dim});
  c.set(1, type, {q.batch, k.heads, total, k.dim});
  c.set(2, c.type(kV).dtype, {q.batch, k.heads, total, v.dim});
  c.set(3, type, {q.batch, q.heads, q.length, total});
  return {};
}

struct ConcreteSizes {
  int64_t batch, heads, length, dim;
  int64_t size() const { return batch * heads * length * dim; }
};

// The elements in the order [batch, heads, length, dim], after those of `past` in each head.
Result<std::vector<double>> load_heads(const Attrs& attrs, const TensorView& x, std::string_view heads_attr,
                                       const TensorView* past, ConcreteSizes& sizes) {
  INGOT_ASSIGN_OR_RETURN(const Sizes s, read_sizes(attrs, to_shape(x.dims), heads_attr));
  sizes = {s.batch.value(), s.heads.value(), s.length.value(), s.dim.value()};
  const int64_t before = past == nullptr ? 0 : past->dims[2], total = before + sizes.length;
  const std::vector<double> source = load_all<double>(x);
  std::vector<double> out(static_cast<size_t>(sizes.batch * sizes.heads * total * sizes.dim));
  for (int64_t b = 0; b < sizes.batch; ++b) {
    for (int64_t h = 0; h < sizes.heads; ++h) {
      const int64_t head = b * sizes.heads + h;
      double* to = out.data() + head * total * sizes.dim;
      if (before > 0) load(*past, head * before * sizes.dim, before * sizes.dim, to);
      to += before * sizes.dim;
      for (int64_t i = 0; i < sizes.length; ++i) {
        const int64_t row =
            x.rank() == 4 ? head * sizes.length + i : (b * sizes.length + i) * sizes.heads + h;
        std::copy_n(source.data() + row * sizes.dim, sizes.dim, to + i * sizes.dim);
      }
    }
  }
  sizes.length = total;
  return out;
}

// Which keys a query may see: causal and windowed attention count positions from `offset` on.
struct Visibility {
  bool causal;
  int64_t left, right;  // window; -1: unbounded
  bool sees(int64_t query, int64_t key, int64_t offset, int64_t valid_keys) const {
    const int64_t position = query + offset;
    return key < valid_keys && (!causal || key <= position) && (left < 0 || position - key <= left) &&
           (right < 0 || key - position <= right);
  }
};

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const auto types, infer_concrete(c, infer));
  const TensorView* past_key = c.has(kPastKey) ? c.inputs[kPastKey] : nullptr;
  const TensorView* past_value = c.has(kPastValue) ? c.inputs[kPastValue] : nullptr;
  ConcreteSizes q, k, v;
  INGOT_ASSIGN_OR_RETURN(const auto queries, load_heads(c.attrs, c.input(kQ), "q_num_heads", nullptr, q));
  INGOT_ASSIGN_OR_RETURN(const auto keys, load_heads(c.attrs, c.input(kK), "kv_num_heads", past_key, k));
  INGOT_ASSIGN_OR_RETURN(const auto values, load_heads(c.attrs, c.input(kV), "kv_num_heads", past_value, v));
  INGOT_ASSIGN_OR_RETURN(const auto mask, AttentionMask::make(c.has(kMask) ? c.inputs[kMask] : nullptr,
                                                              {q.batch, q.heads, q.length, k.length}));
  const Dims lengths = c.has(kKvLength) ? to_int64s(c.input(kKvLength)) : Dims();
  const Visibility visibility{c.attrs.get_int("is_causal") != 0, c.attrs.get_int("left_window_size", -1),
                              c.attrs.get_int("right_window_size", -1)};
  const double scale =
      c.attrs.has("scale") ? c.attrs.get_float("scale") : 1 / std::sqrt(static_cast<double>(q.dim));
  const int64_t mode = c.attrs.get_int("qk_matmul_output_mode");
  const bool flat = c.input(kQ).rank() == 3;
  std::vector<double> y(static_cast<size_t>(q.batch * q.heads * q.length * v.dim)), scores;
  if (c.num_outputs > 3) scores.resize(static_cast<size_t>(q.batch * q.heads * q.length * k.length));
  for (int64_t b = 0; b < q.batch; ++b) {
    const int64_t valid = lengths.empty() ? k.length : lengths[static_cast<size_t>(b)];
    const int64_t offset = past_key != nullptr ? past_key->dims[2] : lengths.empty() ? 0 : valid - q.length;
    for (int64_t h = 0; h < q.heads; ++h) {
      const int64_t kv = b * k.heads + h / (q.heads / k.heads), qh = b * q.heads + h;
      const AttentionHead head{queries.data() + qh * q.length * q.dim,
                               keys.data() + kv * k.length * k.dim,
                               values.data() + kv * k.length * v.dim,
                               q.dim,
                               k.dim,
                               v.dim,
                               q.length,
                               k.length,
                               q.dim,
                               v.dim,
                               scale,
                               c.attrs.get_float("softcap")};
      double* out = y.data() + (flat ? (b * q.length * q.heads + h) * v.dim : qh * q.length * v.dim);
      head.run(
          out, flat ? q.heads * v.dim : v.dim,
          [&](int64_t i, int64_t j) {
            if (!visibility.sees(i, j, offset, valid)) return -std::numeric_limits<double>::infinity();
            return mask.at(b, h, i, j);
          },
          [&](int64_t i, int64_t j, const AttentionHead::Step& s) {
            if (scores.empty()) return;
            scores[static_cast<size_t>((qh * q.length + i) * k.length + j)] = mode == 3   ? s.probability
                                                                              : mode == 2 ? s.logit
                                                                              : mode == 1 ? s.capped
                                                                                          : s.product;
          });
    }
  }
  const std::vector<double>* results[] = {&y, &keys, &values, &scores};
  for (size_t i = 0; i < c.num_outputs; ++i) {
    INGOT_ASSIGN_OR_RETURN(const TensorView out, c.output(i, types[i].dtype, types[i].dims));
    store(results[i]->data(), out.size(), out, 0);
  }
  return {};
}

Cost cost(const CostContext& c) {
  Cost cost;
  for (const TensorView& v : c.inputs)
    cost.bytes += v.dtype == DataType::kInvalid ? 0 : static_cast<double>(v.bytes());
  for (const TensorView& v : c.outputs) cost.bytes += static_cast<double>(v.bytes());
  const TensorView &q = c.inputs[kQ], &k = c.inputs[kK];
  const double keys = q.rank() == 4   ? static_cast<double>(k.dims[2])
                      : q.rank() == 3 ? static_cast<double>(k.dims[1])
                                      : 0;
  cost.flops = 4 * static_cast<double>(q.size()) * keys;
  return cost;
}

std::vector<OpCase> cases() {
  const Attrs heads = {{"q_num_heads", int64_t{3}}, {"kv_num_heads", int64_t{3}}};
  Attrs grouped = {{"q_num_heads", int64_t{4}}, {"kv_num_heads", int64_t{2}}, {"is_causal", int64_t{1}}};
  const std::vector<CaseInput> four = {random_input({2, 3, 5, 8}), random_input({2, 3, 7, 8}),
                                       random_input({2, 3, 7, 4})};
  std::vector<CaseInput> masked = four, past = four;
  masked.push_back(random_input({1, 1, 5, 7}));
  past.push_back(absent_input());
  past.push_back(random_input({2, 3, 6, 8}));
  past.push_back(random_input({2, 3, 6, 4}));
  return {
      {"four_dims", {}, four},
      {"three_dims", heads, {random_input({2, 5, 24}), random_input({2, 7, 24}), random_input({2, 7, 12})}},
      {"grouped_causal",
       grouped,
       {random_input({1, 6, 32}), random_input({1, 6, 16}), random_input({1, 6, 16})}},
      {"mask_softcap", {{"softcap", 2.0f}, {"scale", 0.5f}}, masked},
      {"past", {}, past, 3},
      {"scores", {{"qk_matmul_output_mode", int64_t{3}}}, masked, 4}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Attention() {
  static const OpDef op{
      "Attention",
      3,
      7,
      1,
      4,
      {optional<int64_t>("is_causal", 0), absent_or<int64_t>("kv_num_heads"),
       optional<int64_t>("left_window_size", -1), absent_or<int64_t>("q_num_heads"),
       optional<int64_t>("qk_matmul_output_mode", 0), optional<int64_t>("right_window_size", -1),
       absent_or<float>("scale"), optional<float>("softcap", 0), absent_or<int64_t>("softmax_precision")},
      ops::infer,
      ops::eval,
      ops::cost};
  return op;
}

std::vector<OpCase> cases_Attention() { return ops::cases(); }

}  // namespace ingot
