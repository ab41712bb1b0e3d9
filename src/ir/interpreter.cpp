#include "ir/interpreter.h"

#include <map>

#include "ir/infer.h"

namespace ingot {
namespace {

class NodeEval final : public EvalContext {
 public:
  NodeEval(const Node& node, std::span<const Tensor> values)
      : EvalContext(node.attrs()), node_(node), values_(values) {
    for (size_t i = 0; i < values.size() - node.captures(); ++i)
      inputs.push_back(values[i].valid() ? &values[i].view() : nullptr);
    num_outputs = node.outputs().size();
    results.resize(num_outputs);
  }

  Result<TensorView> output(size_t i, DataType dtype, const Dims& dims) override {
    INGOT_CHECK(i < num_outputs);
    INGOT_ASSIGN_OR_RETURN(results[i], Tensor::allocate(dtype, dims));
    return results[i].view();
  }

  Status run_subgraph(std::string_view name, std::span<const TensorView> formals,
                      std::vector<Tensor>& outputs) override {
    const Graph* body = node_.subgraph(name);
    if (body == nullptr) return internal_error("no subgraph '", name, "'");
    std::vector<Tensor> in;
    for (const TensorView& v : formals) in.push_back(Tensor::wrap(v.dtype, v.dims, v.data, nullptr));
    for (size_t i = values_.size() - node_.captures(); i < values_.size(); ++i) in.push_back(values_[i]);
    INGOT_ASSIGN_OR_RETURN(outputs, interpret(*body, in));
    return {};
  }

  Result<TensorType> subgraph_output_type(std::string_view name, size_t i) override {
    const Graph* body = node_.subgraph(name);
    if (body == nullptr || i >= body->outputs().size())
      return internal_error("no output ", i, " of '", name, "'");
    return body->outputs()[i]->type();
  }

  std::vector<Tensor> results;

 private:
  const Node& node_;
  std::span<const Tensor> values_;
};

}  // namespace

Result<std::vector<Tensor>> interpret_node(const Node& node, std::span<const Tensor> inputs) {
  NodeEval context(node, inputs);
  INGOT_RETURN_IF_ERROR(node.op().eval(context).with_context(describe(node)));
  return std::move(context.results);
}

Result<std::vector<Tensor>> interpret(
    const Graph& graph, std::span<const Tensor> inputs,
    const std::function<void(const Node&, std::span<const Tensor>)>& observe) {
  if (inputs.size() != graph.inputs().size())
    return invalid_argument("got ", inputs.size(), " inputs, expected ", graph.inputs().size());
  std::map<const Value*, Tensor> values;
  std::map<const Value*, size_t> left;  // uses that are still to come
  for (size_t i = 0; i < inputs.size(); ++i) values[graph.inputs()[i]] = inputs[i];
  auto get = [&](const Value* v) {
    return v == nullptr ? Tensor() : v->is_constant() ? v->constant() : values[v];
  };
  for (const auto& n : graph.nodes()) {
    std::vector<Tensor> args;
    for (const Value* v : n->inputs()) args.push_back(get(v));
    INGOT_ASSIGN_OR_RETURN(std::vector<Tensor> results, interpret_node(*n, args));
    if (observe) observe(*n, results);
    for (size_t i = 0; i < results.size(); ++i) {
      const Value* v = n->outputs()[i];
      if (v == nullptr) continue;
      left[v] = graph.num_uses(v);
      if (left[v] > 0) values[v] = std::move(results[i]);
    }
    for (const Value* v : n->inputs()) {
      auto it = left.find(v);
      if (v != nullptr && it != left.end() && --it->second == 0) values.erase(v);
    }
  }
  std::vector<Tensor> outputs;
  for (const Value* v : graph.outputs()) outputs.push_back(get(v));
  return outputs;
}

}  // namespace ingot
