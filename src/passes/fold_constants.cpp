// Constant folding: nodes whose inputs are all constants run through their op's `eval`, values whose contents
// inference knows (shape arithmetic) become constants, and so do the targets of reshapes.
#include "ir/interpreter.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

constexpr size_t kGrowth = size_t{1} << 20;  // bytes by which results may exceed what they are made of

bool may_fold(const Node& node) {
  if (!node.op().deterministic || !node.subgraphs().empty()) return false;
  const bool weights = node.is("DequantizeLinear");  // of a layer that works on floats: as large as it is
  size_t source = 0, result = 0;
  for (const Value* v : node.inputs()) {
    if (v == nullptr) continue;
    if (!v->is_constant()) return false;
    source += v->constant().bytes();
  }
  bool known = true;
  for (const Value* v : node.outputs()) {
    if (v == nullptr) continue;
    if (!v->type().is_static()) {
      known = false;
      continue;
    }
    const auto bytes = checked_bytes(v->dtype(), *eval(v->shape(), {}));
    if (!bytes.ok() || (*bytes > kGrowth + source && !weights)) return false;
    result += *bytes;
  }
  // Sizes that only a run can tell come from ops that select some of their input.
  return (result <= source + kGrowth || weights) && (known || source <= kGrowth);
}

Status fold(Node* node) {
  std::vector<Tensor> inputs;
  for (const Value* v : node->inputs()) inputs.push_back(v ? v->constant() : Tensor());
  auto results = interpret_node(*node, inputs);
  if (!results.ok()) return {};  // it fails in every run, too: the run is the place to say so
  Graph& g = node->graph();
  std::vector<std::pair<Value*, std::string>> names;
  for (size_t i = 0; i < results->size(); ++i) {
    Value* v = node->output(i);
    if (v == nullptr) continue;
    names.emplace_back(g.add_constant("", std::move((*results)[i])), v->name());
    g.replace_uses(v, names.back().first);
  }
  g.erase(node);
  for (auto& [constant, name] : names) g.rename(constant, std::move(name));
  return {};
}

// A constant of these integers, in the type of `like`; invalid for types that shapes do not have.
Tensor constant_like(const Ints& values, const Value& like) {
  const bool scalar = like.type().rank() == 0;
  if (like.dtype() == DataType::kI64)
    return scalar ? Tensor::scalar_i64(values[0]) : Tensor::vector_i64(values);
  auto t = Tensor::allocate(like.dtype(), scalar ? Dims{} : Dims{static_cast<int64_t>(values.size())});
  if (!t.ok() || like.dtype() != DataType::kI32) return {};
  std::copy(values.begin(), values.end(), t->mutable_span<int32_t>().begin());
  return std::move(t).value();
}

void fold_contents(Node* node) {
  Graph& g = node->graph();
  for (Value* v : node->outputs()) {
    if (v == nullptr || g.num_uses(v) == 0) continue;
    const auto values = ints(v);
    if (!values || !v->type().ranked || v->type().rank() > 1) continue;
    if (Tensor t = constant_like(*values, *v); t.valid()) g.replace_uses(v, g.add_constant("", t));
  }
}

// A Reshape whose target is computed from other shapes does not need them where its result's shape is known
// from its input's.
void fold_target(Node* reshape) {
  const Value *x = reshape->input(0), *y = reshape->output();
  if (reshape->input(1)->is_constant() || !x->type().ranked || !y->type().ranked) return;
  const auto target = reshape_target(x->shape(), y->shape());
  if (!target) return;
  Graph& g = reshape->graph();
  Node* unused = reshape->input(1)->producer();
  g.set_input(reshape, 1, g.add_constant("shape", Tensor::vector_i64(*target)));
  reshape->attrs().erase("allowzero");
  if (unused) erase_unused(unused);
}

// Products take in the transposes of their operands; a large constant would be copied for nothing.
bool is_for_a_product(const Node& n) {
  const Node* user = n.is("Transpose") && n.output() ? only_user(n.output()) : nullptr;
  return user && is_any(*user, {"MatMul", "Gemm", "FusedMatMul"}) && n.output()->type().rank() == 2;
}

}  // namespace

Status fold_constants(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (may_fold(*node)) {
      if (!is_for_a_product(*node)) INGOT_RETURN_IF_ERROR(fold(node));
    } else {
      if (node->op().deterministic) fold_contents(node);
      if (node->is("Reshape")) fold_target(node);
    }
  }
  return {};
}

}  // namespace ingot::passes
