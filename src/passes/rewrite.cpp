#include "passes/rewrite.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "ir/infer.h"

namespace ingot::passes {

Node* producer(const Value* v, std::string_view op) {
  Node* n = v ? v->producer() : nullptr;
  return n && n->is(op) ? n : nullptr;
}

bool is_any(const Node& node, std::initializer_list<std::string_view> ops) {
  return std::find(ops.begin(), ops.end(), node.op().name) != ops.end();
}

Node* only_user(const Value* v) {
  if (v->uses().empty()) return nullptr;
  Node* user = v->uses().front().node;
  for (const Use& u : v->uses())
    if (u.node != user) return nullptr;
  return user->graph().is_output(v) ? nullptr : user;
}

bool used_once(const Value* v) { return v->uses().size() == 1 && only_user(v) != nullptr; }

namespace {

template <class F>
void for_each_element(const Tensor& t, F&& fn) {
  dispatch_type(t.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (T v : t.span<T>())
      if (!fn(static_cast<double>(v))) return;
  });
}

}  // namespace

std::optional<double> scalar(const Value* v) {
  if (v == nullptr || !v->is_constant() || v->constant().size() != 1) return std::nullopt;
  std::optional<double> out;
  for_each_element(v->constant(), [&](double x) { return out = x, true; });
  return out;
}

bool is_scalar(const Value* v, double expected) {
  const auto s = scalar(v);
  return s && std::fabs(*s - expected) <= 1e-6 * std::fabs(expected);
}

bool all_are(const Ints& values, int64_t expected) {
  return std::all_of(values.begin(), values.end(), [&](int64_t v) { return v == expected; });
}

bool all_equal(const Tensor& t, double value) {
  if (bit_width(t.dtype()) < 8 || t.size() == 0) return false;
  bool equal = true;
  for_each_element(t, [&](double x) { return equal = x == value; });
  return equal;
}

std::optional<Ints> ints(const Value* v) {
  if (v == nullptr) return std::nullopt;
  if (v->is_constant()) {
    if (!is_integer(v->dtype()) || bit_width(v->dtype()) < 8) return std::nullopt;
    return to_int64s(v->constant().view());
  }
  if (!v->contents()) return std::nullopt;
  Ints out;
  for (const Dim& d : *v->contents()) {
    if (!d.is_const()) return std::nullopt;
    out.push_back(d.value());
  }
  return out;
}

std::optional<WithScalar> with_scalar(const Node& node) {
  if (node.inputs().size() != 2) return std::nullopt;
  for (size_t i : {size_t{0}, size_t{1}}) {
    Value* v = node.input(i);
    const auto s = scalar(node.input(1 - i));
    if (s && v->type().ranked && node.input(1 - i)->constant().rank() <= v->type().rank())
      return WithScalar{v, *s, i};
  }
  return std::nullopt;
}

Value* other(const Node& node, const Value* operand) {
  return node.input(0) == operand ? node.input(1) : node.input(0);
}

int axis_of(const Node& node, std::string_view attribute, int64_t fallback, const Value* v) {
  const int64_t axis = node.attrs().get_int(attribute, fallback), rank = v->type().rank();
  if (!v->type().ranked || axis < -rank || axis >= rank) return -1;
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Result<Value*> insert(Node* before, std::string_view op, std::vector<Value*> inputs, Attrs attrs,
                      std::string name) {
  const OpDef* def = find_op(op);
  INGOT_CHECK(def != nullptr);
  Node* n = before->graph().add_node(*def, std::move(inputs), std::move(attrs), 1, std::move(name), before);
  INGOT_RETURN_IF_ERROR(infer_node(*n));
  return n->output();
}

bool refines(const TensorType& to, const TensorType& from) {
  return to.dtype == from.dtype && (!from.ranked || (to.ranked && to.shape == from.shape));
}

bool keeps_names(const Value* from, const Value* to) {
  const Graph& g = from->producer()->graph();
  return !g.is_output(from) || (to->producer() != nullptr && !g.is_output(to));
}

bool can_replace(const Value* from, const Value* to) {
  return refines(to->type(), from->type()) && keeps_names(from, to);
}

namespace {

// Names that Graph makes up: "v12".
bool is_made_up(std::string_view name) {
  return name.size() > 1 && name[0] == 'v' &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void erase_unused(Node* node) {
  Graph& g = node->graph();
  std::set<Node*> candidates = {node};  // only nodes taken out of it are erased, so all others are alive
  while (!candidates.empty()) {
    Node* n = candidates.extract(candidates.begin()).value();
    const auto& results = n->outputs();
    if (std::any_of(results.begin(), results.end(), [&](Value* v) { return v && g.num_uses(v) > 0; }))
      continue;
    for (const Value* v : n->inputs())
      if (v != nullptr && v->producer() != nullptr) candidates.insert(v->producer());
    g.erase(n);
  }
}

void replace(Node* node, Value* with) {
  Graph& g = node->graph();
  std::string name = node->output()->name();
  g.replace_uses(node->output(), with);
  erase_unused(node);
  if (is_made_up(with->name()) && !with->is_input() && !g.is_output(with)) g.rename(with, std::move(name));
}

Result<bool> replace_by(Node* node, std::string_view op, std::vector<Value*> inputs, Attrs attrs) {
  INGOT_ASSIGN_OR_RETURN(Value * v, insert(node, op, std::move(inputs), std::move(attrs), node->name()));
  if (!refines(v->type(), node->output()->type())) {
    node->graph().erase(v->producer());
    return false;
  }
  replace(node, v);
  return true;
}

std::optional<Ints> reshape_target(const Shape& from, const Shape& to) {
  Ints target;
  bool guessed = false;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i].is_const() && to[i].value() > 0) {
      target.push_back(to[i].value());
    } else if (i < from.size() && from[i] == to[i]) {
      target.push_back(0);
    } else if (!guessed && !to[i].is_const()) {
      guessed = true;
      target.push_back(-1);
    } else {
      return std::nullopt;
    }
  }
  return target;
}

Result<Value*> insert_reshape(Node* before, Value* v, const Shape& shape) {
  const auto target = reshape_target(v->shape(), shape);
  if (!target) return static_cast<Value*>(nullptr);
  Graph& g = before->graph();
  return insert(before, "Reshape", {v, g.add_constant("shape", Tensor::vector_i64(*target))});
}

}  // namespace ingot::passes
