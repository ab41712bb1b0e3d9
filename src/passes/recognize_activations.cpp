// Activations that exporters write out in parts: GELU (erf and tanh), Swish/SiLU, HardSigmoid, HardSwish,
// Mish. Each is a product; its factors are collected first, so that their order and grouping do not matter.
#include <algorithm>
#include <cmath>

#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

struct Product {
  double scalar = 1;
  std::vector<Value*> factors;

  bool is(double s, size_t count) const {
    return factors.size() == count && std::fabs(scalar - s) <= 1e-5 * std::fabs(s);
  }
};

// The factors of `v`: through Mul, Div by a scalar and small powers, as long as only this product uses them.
void collect(Value* v, Product& product, int depth, bool root) {
  Node* n = v->producer();
  if (n && depth < 8 && (root || used_once(v))) {
    const auto scaled = with_scalar(*n);
    if (n->is("Div") && scaled && scaled->value_index == 0 && scaled->scalar != 0) {
      product.scalar /= scaled->scalar;
      return collect(scaled->value, product, depth + 1, false);
    }
    if (n->is("Mul")) {
      if (scaled) {
        product.scalar *= scaled->scalar;
        return collect(scaled->value, product, depth + 1, false);
      }
      collect(n->input(0), product, depth + 1, false);
      return collect(n->input(1), product, depth + 1, false);
    }
    if (n->is("Pow") && scaled && scaled->value_index == 0 && (scaled->scalar == 2 || scaled->scalar == 3)) {
      product.factors.insert(product.factors.end(), static_cast<size_t>(scaled->scalar), scaled->value);
      return;
    }
  }
  product.factors.push_back(v);
}

Product product_of(Value* v) {
  Product product;
  collect(v, product, 0, true);
  return product;
}

// x of `x + scalar`.
Value* plus(const Value* v, double scalar) {
  const Node* n = producer(v, "Add");
  const auto sum = n ? with_scalar(*n) : std::nullopt;
  return sum && std::fabs(sum->scalar - scalar) <= 1e-6 * std::fabs(scalar) ? sum->value : nullptr;
}

// x of `op(factor * x)`.
Value* scaled_argument(const Value* v, std::string_view op, double factor) {
  const Node* n = producer(v, op);
  if (n == nullptr) return nullptr;
  const Product inner = product_of(n->input(0));
  return inner.is(factor, 1) ? inner.factors[0] : nullptr;
}

// x of clip(x + 3, 0, 6).
Value* clipped_plus_three(const Value* v) {
  const Node* n = producer(v, "Clip");
  if (n == nullptr || !n->input(1) || !n->input(2) || scalar(n->input(1)) != 0.0 ||
      scalar(n->input(2)) != 6.0)
    return nullptr;
  return plus(n->input(0), 3);
}

// x of sqrt(2 / pi) * (x + 0.044715 x^3), also as sqrt(2 / pi) * x * (1 + 0.044715 x^2).
Value* gelu_tanh_argument(Value* v) {
  constexpr double kRoot = 0.7978845608028654, kCube = 0.044715;
  const Product p = product_of(v);
  if (p.is(kRoot, 1)) {
    const Node* sum = producer(p.factors[0], "Add");
    for (size_t i = 0; sum && i < 2; ++i) {
      Value* x = sum->input(i);
      const Product cube = product_of(sum->input(1 - i));
      if (cube.is(kCube, 3) && cube.factors == std::vector<Value*>(3, x)) return x;
    }
  }
  if (!p.is(kRoot, 2)) return nullptr;
  for (size_t i = 0; i < 2; ++i) {
    Value* x = p.factors[i];
    Value* square = plus(p.factors[1 - i], 1);
    if (square == nullptr) continue;
    const Product inner = product_of(square);
    if (inner.is(kCube, 2) && inner.factors == std::vector<Value*>(2, x)) return x;
  }
  return nullptr;
}

struct Activation {
  std::string_view op;
  Attrs attrs = {};
};

// What s * x * gate is, where gate depends on x alone.
std::optional<Activation> gated(double s, const Value* x, const Value* gate) {
  const auto near = [](double a, double b) { return std::fabs(a - b) <= 1e-5 * std::fabs(b); };
  if (near(s, 0.5)) {
    if (Value* inner = plus(gate, 1)) {
      if (scaled_argument(inner, "Erf", 0.7071067811865476) == x) return Activation{"Gelu"};
      if (const Node* n = producer(inner, "Tanh"); n && gelu_tanh_argument(n->input(0)) == x)
        return Activation{"Gelu", {{"approximate", std::string("tanh")}}};
    }
  }
  if (near(s, 1.0 / 6) && clipped_plus_three(gate) == x) return Activation{"HardSwish"};
  if (!near(s, 1)) return std::nullopt;
  if (const Node* n = producer(gate, "Sigmoid")) {
    const Product inner = product_of(n->input(0));
    if (n->input(0) == x) return Activation{"Swish"};
    if (inner.factors == std::vector<Value*>{const_cast<Value*>(x)})
      return Activation{"Swish", {{"alpha", static_cast<float>(inner.scalar)}}};
  }
  if (const Node* n = producer(gate, "HardSigmoid"); n && n->input(0) == x &&
                                                     near(n->attrs().get_float("alpha", 0.2f), 1.0 / 6) &&
                                                     near(n->attrs().get_float("beta", 0.5f), 0.5))
    return Activation{"HardSwish"};
  if (const Node* n = producer(gate, "Tanh"))
    if (const Node* softplus = producer(n->input(0), "Softplus"); softplus && softplus->input(0) == x)
      return Activation{"Mish"};
  return std::nullopt;
}

Status recognize(Node* node) {
  const Product p = product_of(node->output());
  if (p.is(1.0 / 6, 1)) {
    if (Value* x = clipped_plus_three(p.factors[0]))
      return replace_by(node, "HardSigmoid", {x}, {{"alpha", 1.0f / 6}, {"beta", 0.5f}}).status();
  }
  if (p.factors.size() != 2) return {};
  for (size_t i = 0; i < 2; ++i)
    if (auto found = gated(p.scalar, p.factors[i], p.factors[1 - i]))
      return replace_by(node, found->op, {p.factors[i]}, std::move(found->attrs)).status();
  return {};
}

}  // namespace

Status recognize_activations(Graph& graph) {
  for (Node* node : graph.node_list())
    if (is_any(*node, {"Mul", "Div"}) && is_float(node->output()->dtype()))
      INGOT_RETURN_IF_ERROR(recognize(node));
  return {};
}

}  // namespace ingot::passes
