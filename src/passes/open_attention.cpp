// Attention and RotaryEmbedding of newer ONNX models, written out: fuse_attention then finds what it finds in
// older ones. Where a query may see no key, its result is a mean of the values in place of zeros.
#include <cmath>
#include <limits>

#include "passes/pass.h"
#include "passes/writer.h"

namespace ingot::passes {
namespace {

enum Input : size_t { kQ, kK, kV, kMask, kPastKey, kPastValue, kKvLength };
constexpr double kUnseen = -65504;  // what narrow floats can hold, and an exponential makes nothing of
constexpr Value* kNone = nullptr;

// [batch, heads, length, dim], of rows of heads where the dims are 3; null where they cannot be told.
Result<Value*> as_heads(const Writer& w, Value* v, const char* attribute) {
  const Shape s = v->shape();
  if (s.size() == 4) return v;
  const int64_t heads = w.node->attrs().get_int(attribute);
  if (heads < 1 || !s[2].is_const()) return kNone;
  INGOT_ASSIGN_OR_RETURN(Value* const split,
                         insert_reshape(w.node, v, {s[0], s[1], heads, s[2].value() / heads}));
  if (split == nullptr) return kNone;
  return w.op("Transpose", {split}, {{"perm", Ints{0, 2, 1, 3}}});
}

// Each head as often as queries share it; null where sizes are open.
Result<Value*> shared(const Writer& w, Value* v, const Dim& heads) {
  const Shape s = v->shape();
  if (s[1] == heads) return v;
  if (!s[1].is_const() || !heads.is_const()) return kNone;
  INGOT_ASSIGN_OR_RETURN(Value * wide, w.op("Unsqueeze", {v, w.ints({2})}));
  INGOT_ASSIGN_OR_RETURN(wide, w.op("Expand", {wide, w.ints({1, 1, heads.value() / s[1].value(), 1, 1})}));
  return insert_reshape(w.node, wide, {s[0], heads, s[2], s[3]});
}

// What is added to the scores [.., queries, keys], so that no query sees keys behind it; `past` keys come
// before the first query.
Result<Value*> causal_bias(const Writer& w, Value* q, Value* k, Value* past) {
  const Attrs length = {{"start", int64_t{2}}, {"end", int64_t{3}}};
  INGOT_ASSIGN_OR_RETURN(Value* const queries, w.op("Shape", {q}, length));
  INGOT_ASSIGN_OR_RETURN(Value* const keys, w.op("Shape", {k}, length));
  INGOT_ASSIGN_OR_RETURN(Value* const sizes, w.op("Concat", {queries, keys}, {{"axis", int64_t{0}}}));
  INGOT_ASSIGN_OR_RETURN(Tensor unseen, filled(q->dtype(), {}, kUnseen));
  INGOT_ASSIGN_OR_RETURN(Value* const all,
                         w.op("Expand", {w.node->graph().add_constant("unseen", std::move(unseen)), sizes}));
  Value* diagonal = w.node->graph().add_constant("one", Tensor::vector_i64(Ints{1}).reshaped({}));
  if (past != nullptr) {
    INGOT_ASSIGN_OR_RETURN(Value * before, w.op("Shape", {past}, length));
    INGOT_ASSIGN_OR_RETURN(before, w.op("Squeeze", {before}));
    INGOT_ASSIGN_OR_RETURN(diagonal, w.op("Add", {before, diagonal}));
  }
  return w.op("Trilu", {all, diagonal}, {{"upper", int64_t{1}}});
}

Result<Value*> masked(const Writer& w, Value* scores, Value* bias, Value* mask) {
  if (mask != nullptr && mask->dtype() == DataType::kBool) {
    INGOT_ASSIGN_OR_RETURN(Tensor zero, filled(scores->dtype(), {}, 0));
    INGOT_ASSIGN_OR_RETURN(Tensor unseen, filled(scores->dtype(), {}, kUnseen));
    Graph& g = w.node->graph();
    Value* const seen = bias != nullptr ? bias : g.add_constant("seen", std::move(zero));
    INGOT_ASSIGN_OR_RETURN(bias, w.op("Where", {mask, seen, g.add_constant("unseen", std::move(unseen))}));
    mask = nullptr;
  }
  for (Value* added : {bias, mask}) {
    if (added == nullptr) continue;
    INGOT_ASSIGN_OR_RETURN(scores, w.op("Add", {scores, added}));
  }
  return scores;
}

Status open_attention(Node* node) {
  const Writer w{node};
  const Attrs& a = node->attrs();
  const auto used = [&](size_t i) {
    return node->output(i) != nullptr && node->graph().num_uses(node->output(i)) > 0;
  };
  if (node->input(kKvLength) != nullptr || used(3) || a.get_int("left_window_size", -1) >= 0 ||
      a.get_int("right_window_size", -1) >= 0)
    return {};
  INGOT_ASSIGN_OR_RETURN(Value* const q, as_heads(w, node->input(kQ), "q_num_heads"));
  INGOT_ASSIGN_OR_RETURN(Value * k, as_heads(w, node->input(kK), "kv_num_heads"));
  INGOT_ASSIGN_OR_RETURN(Value * v, as_heads(w, node->input(kV), "kv_num_heads"));
  if (q == nullptr || k == nullptr || v == nullptr) return {};
  if (Value* const past = node->input(kPastKey)) {
    const Attrs lengths = {{"axis", int64_t{2}}};
    INGOT_ASSIGN_OR_RETURN(k, w.op("Concat", {past, k}, lengths));
    INGOT_ASSIGN_OR_RETURN(v, w.op("Concat", {node->input(kPastValue), v}, lengths));
  }
  Value* const presents[] = {nullptr, k, v};
  for (size_t i : {1, 2})
    if (used(i) && !can_replace(node->output(i), presents[i])) return {};
  const Shape &queries = q->shape(), &keys = k->shape();
  Value* const mask = node->input(kMask);
  if (mask != nullptr && mask->type().rank() > 0 && mask->shape().back() != keys[2] &&
      !mask->shape().back().is(1))
    return {};  // keys beyond the mask are not seen
  if (!queries[3].is_const()) return {};
  INGOT_ASSIGN_OR_RETURN(Value* const all_k, shared(w, k, queries[1]));
  INGOT_ASSIGN_OR_RETURN(Value* const all_v, shared(w, v, queries[1]));
  if (all_k == nullptr || all_v == nullptr) return {};
  INGOT_ASSIGN_OR_RETURN(Value* const transposed, w.op("Transpose", {all_k}, {{"perm", Ints{0, 1, 3, 2}}}));
  INGOT_ASSIGN_OR_RETURN(Value * scores, w.op("MatMul", {q, transposed}));
  const double scale =
      a.has("scale") ? a.get_float("scale") : 1 / std::sqrt(static_cast<double>(queries[3].value()));
  INGOT_ASSIGN_OR_RETURN(scores, w.with_number("Mul", scores, scale));
  if (const float cap = a.get_float("softcap", 0); cap > 0) {
    INGOT_ASSIGN_OR_RETURN(scores, w.with_number("Div", scores, cap));
    INGOT_ASSIGN_OR_RETURN(scores, w.op("Tanh", {scores}));
    INGOT_ASSIGN_OR_RETURN(scores, w.with_number("Mul", scores, cap));
  }
  Value* bias = nullptr;
  if (a.get_int("is_causal") != 0) {
    INGOT_ASSIGN_OR_RETURN(bias, causal_bias(w, q, k, node->input(kPastKey)));
  }
  INGOT_ASSIGN_OR_RETURN(scores, masked(w, scores, bias, mask));
  INGOT_ASSIGN_OR_RETURN(Value* const weights, w.op("Softmax", {scores}, {{"axis", int64_t{-1}}}));
  INGOT_ASSIGN_OR_RETURN(Value * y, w.op("MatMul", {weights, all_v}));
  if (node->input(kQ)->type().rank() == 3) {
    INGOT_ASSIGN_OR_RETURN(y, w.op("Transpose", {y}, {{"perm", Ints{0, 2, 1, 3}}}));
    INGOT_ASSIGN_OR_RETURN(y, insert_reshape(node, y, node->output()->shape()));
    if (y == nullptr) return {};
  }
  if (!can_replace(node->output(), y)) return {};
  for (size_t i : {1, 2})
    if (used(i)) node->graph().replace_uses(node->output(i), presents[i]);
  replace(node, y);
  return {};
}

// x * cos - y * sin and y * cos + x * sin, of the pairs that `first` and `second` hold.
Status open_rotary(Node* node) {
  const Writer w{node};
  const Attrs& a = node->attrs();
  Value* const x = node->input(0);
  const bool rows = x->type().rank() == 3, interleaved = a.get_int("interleaved") != 0;
  const Shape shape = x->shape();
  const int64_t heads = a.get_int("num_heads");
  if (!shape.back().is_const() || (rows && heads < 1)) return {};
  const int64_t dim = shape.back().value() / (rows ? heads : 1), asked = a.get_int("rotary_embedding_dim"),
                rotated = asked == 0 ? dim : asked, half = rotated / 2;
  Value* split = x;  // [batch, length, heads, dim] or [batch, heads, length, dim]
  if (rows) {
    INGOT_ASSIGN_OR_RETURN(split, insert_reshape(node, x, {shape[0], shape[1], heads, dim}));
    if (split == nullptr) return {};
  }
  Value* factors[2];
  for (size_t i = 0; i < 2; ++i) {
    factors[i] = node->input(1 + i);
    if (Value* const positions = node->input(3)) {
      INGOT_ASSIGN_OR_RETURN(factors[i], w.op("Gather", {factors[i], positions}, {{"axis", int64_t{0}}}));
    }
    INGOT_ASSIGN_OR_RETURN(factors[i], w.op("Unsqueeze", {factors[i], w.ints({rows ? 2 : 1})}));
  }
  const int64_t step = interleaved ? 2 : 1;
  INGOT_ASSIGN_OR_RETURN(Value* const first, w.slice(split, 3, 0, interleaved ? rotated : half, step));
  INGOT_ASSIGN_OR_RETURN(Value* const second, w.slice(split, 3, interleaved ? 1 : half, rotated, step));
  const auto product = [&](Value* v, size_t factor) { return w.op("Mul", {v, factors[factor]}); };
  INGOT_ASSIGN_OR_RETURN(Value* const a0, product(first, 0));
  INGOT_ASSIGN_OR_RETURN(Value* const a1, product(second, 1));
  INGOT_ASSIGN_OR_RETURN(Value* const b0, product(second, 0));
  INGOT_ASSIGN_OR_RETURN(Value* const b1, product(first, 1));
  INGOT_ASSIGN_OR_RETURN(Value * real, w.op("Sub", {a0, a1}));
  INGOT_ASSIGN_OR_RETURN(Value * imaginary, w.op("Add", {b0, b1}));
  std::vector<Value*> parts = {real, imaginary};
  if (interleaved) {
    for (Value*& part : parts) {
      INGOT_ASSIGN_OR_RETURN(part, w.op("Unsqueeze", {part, w.ints({4})}));
    }
    INGOT_ASSIGN_OR_RETURN(Value* const pairs, w.op("Concat", parts, {{"axis", int64_t{4}}}));
    Shape flat = split->shape();
    flat.back() = rotated;
    INGOT_ASSIGN_OR_RETURN(Value* const joined, insert_reshape(node, pairs, flat));
    if (joined == nullptr) return {};
    parts = {joined};
  }
  if (rotated < dim) {
    INGOT_ASSIGN_OR_RETURN(Value* const rest, w.slice(split, 3, rotated, -1));
    parts.push_back(rest);
  }
  Value* y = parts[0];
  if (parts.size() > 1) {
    INGOT_ASSIGN_OR_RETURN(y, w.op("Concat", parts, {{"axis", int64_t{3}}}));
  }
  if (rows) {
    INGOT_ASSIGN_OR_RETURN(y, insert_reshape(node, y, shape));
    if (y == nullptr) return {};
  }
  if (can_replace(node->output(), y)) replace(node, y);
  return {};
}

bool all_ranked(const Node& node) {
  return std::all_of(node.inputs().begin(), node.inputs().end(),
                     [](const Value* v) { return v == nullptr || v->type().ranked; });
}

}  // namespace

Status open_attention(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (!is_any(*node, {"Attention", "RotaryEmbedding"}) || !all_ranked(*node)) continue;
    INGOT_RETURN_IF_ERROR(node->is("Attention") ? open_attention(node) : open_rotary(node));
  }
  return {};
}

}  // namespace ingot::passes
