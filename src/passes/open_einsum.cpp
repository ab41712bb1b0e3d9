// Einsum of one or two operands becomes sums, transposes and one matrix product (or one elementwise), which
// other passes and kernels know.
#include <algorithm>
#include <set>

#include "ops/equation.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

using Labels = std::vector<int>;
constexpr Value* kNone = nullptr;

bool has(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

// A value and the labels of its dims.
struct Term {
  Value* value;
  Labels labels;

  const Dim& size(int label) const {
    return value
        ->shape()[static_cast<size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin())];
  }
};

Value* axes_constant(Node* before, const Ints& axes) {
  return before->graph().add_constant("axes", Tensor::vector_i64(axes));
}

// Sums over the labels that are nowhere else.
Status sum_over(Node* before, Term& t, const Labels& kept) {
  Ints axes;
  for (size_t d = 0; d < t.labels.size(); ++d)
    if (!has(kept, t.labels[d])) axes.push_back(static_cast<int64_t>(d));
  if (axes.empty()) return {};
  INGOT_ASSIGN_OR_RETURN(t.value, insert(before, "ReduceSum", {t.value, axes_constant(before, axes)},
                                         {{"keepdims", int64_t{0}}}));
  std::erase_if(t.labels, [&](int l) { return !has(kept, l); });
  return {};
}

// The dims in this order; of labels that the term has not, one of size 1.
Status arrange(Node* before, Term& t, const Labels& order) {
  Ints perm, missing;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto at = std::find(t.labels.begin(), t.labels.end(), order[i]);
    if (at == t.labels.end())
      missing.push_back(static_cast<int64_t>(i));
    else
      perm.push_back(at - t.labels.begin());
  }
  if (!std::is_sorted(perm.begin(), perm.end())) {
    INGOT_ASSIGN_OR_RETURN(t.value, insert(before, "Transpose", {t.value}, {{"perm", perm}}));
  }
  if (!missing.empty()) {
    INGOT_ASSIGN_OR_RETURN(t.value, insert(before, "Unsqueeze", {t.value, axes_constant(before, missing)}));
  }
  t.labels = order;
  return {};
}

Labels joined(std::initializer_list<Labels> parts) {
  Labels out;
  for (const Labels& p : parts) out.insert(out.end(), p.begin(), p.end());
  return out;
}

// The dims from the `batch`-th on, as two: the first `rows` of them, and the rest. Null where symbols forbid
// it.
Result<Value*> as_matrices(Node* before, Value* v, size_t batch, size_t rows) {
  const Shape& from = v->shape();
  if (rows == 1 && from.size() == batch + 2) return v;
  Shape to(from.begin(), from.begin() + static_cast<ptrdiff_t>(batch));
  to.insert(to.end(), 2, Dim(1));
  for (size_t d = batch; d < from.size(); ++d) {
    Dim& size = to[batch + (d < batch + rows ? 0 : 1)];
    size = size * from[d];
  }
  return insert_reshape(before, v, to);
}

// A product of matrices over the labels that the result has not; null where it cannot be written so.
Result<Value*> product(Node* node, Term a, Term b, const Labels& result) {
  Labels batch, rows, columns, inner;
  for (int l : result)
    (has(a.labels, l) == has(b.labels, l) || l < 0 ? batch : has(a.labels, l) ? rows : columns).push_back(l);
  for (int l : a.labels)
    if (!has(result, l)) inner.push_back(l);
  for (int l : inner)
    if (a.size(l) != b.size(l)) return kNone;
  if (inner.empty()) {
    for (Term* t : {&a, &b}) INGOT_RETURN_IF_ERROR(arrange(node, *t, result));
    return insert(node, "Mul", {a.value, b.value});
  }
  INGOT_RETURN_IF_ERROR(arrange(node, a, joined({batch, rows, inner})));
  INGOT_RETURN_IF_ERROR(arrange(node, b, joined({batch, inner, columns})));
  INGOT_ASSIGN_OR_RETURN(Value* const left, as_matrices(node, a.value, batch.size(), rows.size()));
  INGOT_ASSIGN_OR_RETURN(Value* const right, as_matrices(node, b.value, batch.size(), inner.size()));
  if (left == nullptr || right == nullptr) return kNone;
  Term y{nullptr, joined({batch, rows, columns})};
  INGOT_ASSIGN_OR_RETURN(y.value, insert(node, "MatMul", {left, right}, {}, node->name()));
  if (rows.size() != 1 || columns.size() != 1) {
    Shape shape;
    for (int l : y.labels) shape.push_back(Term{node->output(), result}.size(l));
    INGOT_ASSIGN_OR_RETURN(y.value, insert_reshape(node, y.value, shape));
    if (y.value == nullptr) return kNone;
  }
  INGOT_RETURN_IF_ERROR(arrange(node, y, result));
  return y.value;
}

Status open(Node* node) {
  std::vector<size_t> ranks;
  for (const Value* v : node->inputs()) {
    if (!v->type().ranked) return {};
    ranks.push_back(v->shape().size());
  }
  INGOT_ASSIGN_OR_RETURN(const ops::Equation e, ops::parse_equation(node->attrs(), ranks));
  std::vector<Term> terms;
  for (size_t i = 0; i < ranks.size(); ++i) {
    if (std::set<int>(e.operands[i].begin(), e.operands[i].end()).size() != ranks[i]) return {};  // diagonals
    terms.push_back({node->input(i), e.operands[i]});
  }
  for (size_t i = 0; i < terms.size(); ++i)
    INGOT_RETURN_IF_ERROR(
        sum_over(node, terms[i], terms.size() == 1 ? e.result : joined({e.result, e.operands[1 - i]})));
  Value* y = nullptr;
  if (terms.size() == 1) {
    INGOT_RETURN_IF_ERROR(arrange(node, terms[0], e.result));
    y = terms[0].value;
  } else {
    INGOT_ASSIGN_OR_RETURN(y, product(node, terms[0], terms[1], e.result));
  }
  if (y != nullptr && can_replace(node->output(), y)) replace(node, y);
  return {};
}

}  // namespace

Status open_einsum(Graph& graph) {
  for (Node* node : graph.node_list())
    if (node->is("Einsum") && node->inputs().size() <= 2 && is_float(node->output()->dtype()))
      INGOT_RETURN_IF_ERROR(open(node));
  return {};
}

}  // namespace ingot::passes
