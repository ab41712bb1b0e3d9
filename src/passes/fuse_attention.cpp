// softmax(scale * Q K^T + mask) V, as exporters write it, becomes MultiHeadAttention.
//
// Q, K and V are understood as views of what the projections wrote (view.h): the reshapes, transposes, splits
// and scalings between a projection and its matrix product may come in any order and grouping. The result is
// rearranged back to what the last product gave; merge_rearrangements then cancels that with what follows.
#include "passes/pass.h"
#include "passes/view.h"

namespace ingot::passes {
namespace {

// One operand of a product: a view of a matrix [B, S, columns], times a scalar.
struct Operand {
  View view;
  double scale = 1;
};

// `v` as a view of the value `depth` steps before it; nullopt where there is no such value or the view cannot
// be told.
std::optional<Operand> operand_at(Value* v, int depth) {
  std::vector<std::pair<const Node*, size_t>> chain;
  Operand operand;
  for (int i = 0; i < depth; ++i) {
    const Node* n = v->producer();
    if (n == nullptr) return std::nullopt;
    const auto scaled = with_scalar(*n);
    if (scaled && n->is("Mul")) {
      operand.scale *= scaled->scalar;
      v = scaled->value;
    } else if (scaled && n->is("Div") && scaled->value_index == 0) {
      operand.scale /= scaled->scalar;
      v = scaled->value;
    } else if (is_movement(*n)) {
      chain.emplace_back(n, v->output_index());
      v = n->input(0);
    } else {
      return std::nullopt;
    }
  }
  if (!v->type().ranked) return std::nullopt;
  operand.view = View::whole(v);
  for (auto it = chain.rbegin(); it != chain.rend(); ++it)
    if (!operand.view.apply(*it->first, it->second)) return std::nullopt;
  return operand;
}

struct Heads {
  Value* matrix;  // [batch, rows, columns], or the same elements in other dims, columns last
  Dim batch, rows;
  int64_t offset, heads, dim;
  double scale;
};

// The operand as heads side by side in a matrix, when it is: [B, heads, S, dim] or [B * heads, S, dim].
std::optional<Heads> as_heads(const Operand& operand) {
  const View& view = operand.view;
  const Shape& matrix = view.root->shape();
  if (matrix.size() < 2 || view.dims.size() < 3 || !view.offset.is_const() || !matrix.back().is_const())
    return std::nullopt;
  const Dim& columns = matrix.back();
  const ViewDim &rows = view.dims[view.dims.size() - 2], &last = view.dims.back();
  if (last.size() != 1 || !last[0].extent.is_const() || !last[0].stride.is(1)) return std::nullopt;
  if (rows.size() > 1 || (rows.size() == 1 && rows[0].stride != columns)) return std::nullopt;
  const int64_t dim = last[0].extent.value(), offset = view.offset.value();
  Heads found{view.root, 1, rows.empty() ? Dim(1) : rows[0].extent, offset, 1, dim, operand.scale};
  ViewDim batch;
  for (size_t i = 0; i + 2 < view.dims.size(); ++i)
    batch.insert(batch.end(), view.dims[i].begin(), view.dims[i].end());
  if (!batch.empty() && batch.back().stride == Dim(dim) && batch.back().extent.is_const()) {
    found.heads = batch.back().extent.value();
    batch.pop_back();
  }
  if (batch.size() > 1 || (batch.size() == 1 && batch[0].stride != found.rows * columns)) return std::nullopt;
  if (batch.size() == 1) found.batch = batch[0].extent;
  Dim all_rows = 1;
  for (size_t i = 0; i + 1 < matrix.size(); ++i) all_rows = all_rows * matrix[i];
  if (all_rows != found.batch * found.rows || offset < 0 || offset + found.heads * dim > columns.value())
    return std::nullopt;
  return found;
}

// The matrix in the dims that the attention wants; null where a Reshape cannot say them.
Result<Value*> in_rows(Node* before, const Heads& heads) {
  const Shape wanted = {heads.batch, heads.rows, heads.matrix->shape().back()};
  if (heads.matrix->shape() == wanted) return heads.matrix;
  return insert_reshape(before, heads.matrix, wanted);
}

// The farthest source counts: it needs the fewest nodes before the attention.
std::optional<Heads> heads_of(Value* v, bool transposed) {
  for (int depth = 16; depth >= 0; --depth) {
    auto operand = operand_at(v, depth);
    if (!operand || operand->view.dims.size() < 3) continue;
    auto& dims = operand->view.dims;
    if (transposed) std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
    if (const auto heads = as_heads(*operand)) return heads;
  }
  return std::nullopt;
}

bool is_plain_product(const Node& n) {
  return n.is("FusedMatMul") && n.inputs().size() <= 3 && !n.attrs().has("epilogue");
}

// p of Where(IsNaN(p), 0, p): rows that see nothing give zeros, as in MultiHeadAttention.
Value* without_nan_guard(Value* v) {
  const Node* where = producer(v, "Where");
  const Node* test = where ? producer(where->input(0), "IsNaN") : nullptr;
  const bool guard = test && scalar(where->input(1)) == 0.0 && where->input(2) == test->input(0);
  return guard ? where->input(2) : v;
}

struct Mask {
  Value* value = nullptr;      // added to the scores
  Value* condition = nullptr;  // or: where true (false, if `inverted`), the score is kept
  Value* otherwise = nullptr;  // and else replaced by this
  bool inverted = false;
};

struct Scores {
  Node* product;
  double scale = 1;
  Mask mask;
};

// The product that `v` is made of, through scalings and at most one mask after them.
std::optional<Scores> scores_of(Value* v) {
  Scores scores{nullptr};
  for (int i = 0; i < 8; ++i) {
    Node* n = v->producer();
    if (n == nullptr || !only_user(v)) return std::nullopt;
    const bool masked = scores.mask.value || scores.mask.condition;
    if (is_plain_product(*n)) {
      if (n->input(2) && masked) return std::nullopt;
      if (n->input(2)) scores.mask.value = n->input(2);
      scores.scale *= n->attrs().get_float("alpha", 1);
      scores.product = n;
      return scores;
    }
    const auto scaled = with_scalar(*n);
    if (scaled && n->is("Mul")) {
      scores.scale *= scaled->scalar;
      v = scaled->value;
    } else if (scaled && n->is("Div") && scaled->value_index == 0) {
      scores.scale /= scaled->scalar;
      v = scaled->value;
    } else if (n->is("Add") && !masked && scores.scale == 1) {
      const bool first = producer(n->input(0), "FusedMatMul") || n->input(0)->type() == n->output()->type();
      scores.mask.value = n->input(first ? 1 : 0);
      v = n->input(first ? 0 : 1);
    } else if (n->is("Where") && !masked && scores.scale == 1 &&
               (scalar(n->input(1)) || scalar(n->input(2)))) {
      scores.mask.inverted = scalar(n->input(1)).has_value();
      scores.mask.condition = n->input(0);
      scores.mask.otherwise = n->input(scores.mask.inverted ? 1 : 2);
      if (*scalar(scores.mask.otherwise) > -1e4) return std::nullopt;  // a score like others
      v = n->input(scores.mask.inverted ? 2 : 1);
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

bool all_true(const Value* v) {
  if (!v->is_constant() || v->dtype() != DataType::kBool) return false;
  const std::span<const bool> values = v->constant().span<bool>();
  return std::all_of(values.begin(), values.end(), [](bool b) { return b; });
}

// A condition without what only repeats it: the attention repeats its mask itself.
Value* unrepeated(Value* condition) {
  while (const Node* both = producer(condition, "And")) {
    const bool first = all_true(both->input(0));
    if (!first && !all_true(both->input(1))) break;
    condition = both->input(first ? 1 : 0);
  }
  return condition;
}

// The mask as floats to add; null for none.
Result<Value*> additive(Node* before, const Mask& mask, DataType dtype) {
  if (mask.condition == nullptr && mask.value == nullptr) return mask.value;
  Graph& g = before->graph();
  if (mask.condition == nullptr) {
    const Node* where = producer(mask.value, "Where");
    if (!where || !scalar(where->input(1)) || !scalar(where->input(2))) return mask.value;
    Value* const condition = unrepeated(where->input(0));
    if (condition == where->input(0) || !condition->type().ranked) return mask.value;
    return insert(before, "Where", {condition, where->input(1), where->input(2)});
  }
  INGOT_ASSIGN_OR_RETURN(Tensor zero, Tensor::allocate(dtype, {}));
  Value* keep = g.add_constant("zero", std::move(zero));
  std::vector<Value*> inputs = {unrepeated(mask.condition), keep, mask.otherwise};
  if (mask.inverted) std::swap(inputs[1], inputs[2]);
  return insert(before, "Where", std::move(inputs));
}

// What `node` gave, out of the attention's [B, S, heads * dim].
Result<Value*> rearranged(Node* node, Value* y, const Heads& v) {
  const Shape &rows = y->shape(), &wanted = node->output()->shape();
  INGOT_ASSIGN_OR_RETURN(Value * split, insert_reshape(node, y, {rows[0], rows[1], v.heads, v.dim}));
  if (split == nullptr) return split;
  INGOT_ASSIGN_OR_RETURN(Value * moved, insert(node, "Transpose", {split}, {{"perm", Ints{0, 2, 1, 3}}}));
  if (moved->shape() == wanted) return moved;
  return insert_reshape(node, moved, wanted);
}

Status fuse(Node* node) {
  if (!is_plain_product(*node) || node->input(2) || node->attrs().get_int("trans_a") != 0) return {};
  if (node->attrs().get_float("alpha", 1) != 1 || !node->output()->type().ranked) return {};
  const Node* softmax = producer(without_nan_guard(node->input(0)), "Softmax");
  if (!softmax || axis_of(*softmax, "axis", -1, softmax->input(0)) + 1 != softmax->input(0)->type().rank())
    return {};
  const auto scores = scores_of(softmax->input(0));
  if (!scores) return {};
  const Attrs& product = scores->product->attrs();
  const auto q = heads_of(scores->product->input(0), product.get_int("trans_a") != 0);
  const auto k = heads_of(scores->product->input(1), product.get_int("trans_b") == 0);
  const auto v = heads_of(node->input(1), node->attrs().get_int("trans_b") != 0);
  if (!q || !k || !v || q->heads != k->heads || q->heads != v->heads || q->dim != k->dim || v->scale != 1)
    return {};
  if (q->batch != k->batch || k->batch != v->batch || k->rows != v->rows) return {};

  INGOT_ASSIGN_OR_RETURN(Value * mask, additive(node, scores->mask, node->output()->dtype()));
  if (mask && !(mask->type().ranked && mask->type().rank() <= 4)) return {};
  // A mask over [B * heads, S, S] is none over [B, heads, S, S] unless it is the same for all of them.
  if (mask && node->output()->type().rank() == 3 && mask->type().rank() == 3 && !mask->shape()[0].is(1))
    return {};
  std::vector<Value*> inputs;
  for (const Heads& operand : {*q, *k, *v}) {
    INGOT_ASSIGN_OR_RETURN(Value * matrix, in_rows(node, operand));
    if (matrix == nullptr) return {};
    inputs.push_back(matrix);
  }
  if (mask) inputs.push_back(mask);
  Attrs attrs{{"heads", q->heads},
              {"head_dim", q->dim},
              {"scale", static_cast<float>(scores->scale * q->scale * k->scale)}};
  const std::pair<const char*, int64_t> others[] = {
      {"q_offset", q->offset}, {"k_offset", k->offset}, {"v_offset", v->offset}};
  for (const auto& [name, value] : others)
    if (value != 0) attrs.set(name, value);
  if (v->dim != q->dim) attrs.set("v_head_dim", v->dim);
  INGOT_ASSIGN_OR_RETURN(
      Value * y, insert(node, "MultiHeadAttention", std::move(inputs), std::move(attrs), node->name()));
  INGOT_ASSIGN_OR_RETURN(Value * result, rearranged(node, y, *v));
  if (result && can_replace(node->output(), result)) replace(node, result);
  return {};
}

}  // namespace

Status fuse_attention(Graph& graph) {
  for (Node* node : graph.node_list())
    if (node->is("FusedMatMul")) INGOT_RETURN_IF_ERROR(fuse(node));
  return {};
}

}  // namespace ingot::passes
