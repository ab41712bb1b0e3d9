#include "passes/pass_testing.h"

#include <cmath>
#include <map>
#include <random>

#include "ir/interpreter.h"

namespace ingot {
namespace {

Tensor random_tensor(DataType dtype, const Dims& dims, std::mt19937_64& random) {
  Tensor t = Tensor::allocate(dtype, dims).value();
  std::uniform_real_distribution<double> number(-2, 2);
  dispatch_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (T& v : t.mutable_span<T>()) {
      const double x = number(random);
      if constexpr (std::is_same_v<T, bool>)
        v = x > 0;
      else if constexpr (std::is_integral_v<T>)
        v = static_cast<T>(std::floor(std::fabs(x) * 2));
      else
        v = static_cast<T>(static_cast<float>(x));
    }
  });
  return t;
}

std::vector<double> to_doubles(const Tensor& t) {
  std::vector<double> out;
  dispatch_type(t.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (T v : t.span<T>()) out.push_back(static_cast<double>(v));
  });
  return out;
}

std::string tensor_difference(const Tensor& a, const Tensor& b, double tolerance) {
  if (a.dtype() != b.dtype() || a.dims() != b.dims())
    return str("expected ", a.view().type_string(), ", got ", b.view().type_string());
  const auto x = to_doubles(a), y = to_doubles(b);
  for (size_t i = 0; i < x.size(); ++i) {
    const bool same = x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i])) ||
                      std::fabs(x[i] - y[i]) <= tolerance * (1 + std::fabs(x[i]));
    if (!same) return str("element ", i, " is ", y[i], ", expected ", x[i]);
  }
  return "";
}

void count_into(const Graph& graph, std::map<std::string_view, int>& counts) {
  for (const auto& n : graph.nodes()) {
    ++counts[n->op().name];
    for (const auto& [name, body] : n->subgraphs()) count_into(*body, counts);
  }
}

}  // namespace

std::vector<Tensor> random_inputs(const Graph& graph, uint64_t seed) {
  std::mt19937_64 random(seed);
  SymbolValues symbols;
  for (const Value* v : graph.inputs()) {
    std::vector<std::string> names;
    for (const Dim& d : v->shape()) d.collect_symbols(names);
    for (const std::string& name : names) symbols.emplace(name, 2 + static_cast<int64_t>(random() % 4));
  }
  std::vector<Tensor> inputs;
  for (const Value* v : graph.inputs())
    inputs.push_back(random_tensor(v->dtype(), eval(v->shape(), symbols).value(), random));
  return inputs;
}

std::string difference(const Graph& expected, const Graph& got, uint64_t seed, double tolerance) {
  const auto inputs = random_inputs(expected, seed);
  const auto a = interpret(expected, inputs);
  if (!a.ok()) return "the graph as it was: " + a.status().to_string();
  const auto b = interpret(got, inputs);
  if (!b.ok()) return "the graph as it is now: " + b.status().to_string();
  if (a->size() != b->size()) return str("expected ", a->size(), " outputs, got ", b->size());
  for (size_t i = 0; i < a->size(); ++i) {
    const std::string what = tensor_difference((*a)[i], (*b)[i], tolerance);
    if (!what.empty()) return str("output ", i, " '", expected.outputs()[i]->name(), "': ", what);
    if (expected.outputs()[i]->name() != got.outputs()[i]->name())
      return str("output '", expected.outputs()[i]->name(), "' is now called '", got.outputs()[i]->name(),
                 "'");
  }
  return "";
}

std::string count_ops(const Graph& graph) {
  std::map<std::string_view, int> counts;
  count_into(graph, counts);
  std::string out;
  for (const auto& [op, count] : counts) out += str(out.empty() ? "" : ", ", op, " ", count);
  return out;
}

}  // namespace ingot
