// Network: from an ONNX model, looked at, and changed in place.
#include <algorithm>
#include <utility>

#include "api/network_impl.h"
#include "frontend/onnx/onnx_import.h"
#include "ir/infer.h"
#include "ops/types.h"

namespace ingot {
namespace {

// NetworkAttr has the types that people write; what else a node may hold is not shown.
std::optional<NetworkAttr> shown(const AttrValue& value) {
  return std::visit(
      [](const auto& v) -> std::optional<NetworkAttr> {
        if constexpr (std::is_constructible_v<NetworkAttr, decltype(v)>) return NetworkAttr(v);
        return std::nullopt;
      },
      value);
}

std::map<std::string, NetworkAttr> shown(const Attrs& attrs) {
  std::map<std::string, NetworkAttr> out;
  for (const auto& [name, value] : attrs)
    if (auto attr = shown(value)) out.emplace(name, std::move(*attr));
  return out;
}

// Puts every node after those that it reads; others keep their order. Cycles are left for the verifier.
void sort(Graph& graph) {
  std::unordered_map<const Node*, bool> placed;
  std::vector<Node*> order, waiting;
  for (Node* first : graph.node_list()) {
    waiting.push_back(first);
    while (!waiting.empty()) {
      Node* node = waiting.back();
      const auto [it, first_visit] = placed.try_emplace(node, false);
      if (first_visit) {
        for (Value* v : node->inputs())
          if (v != nullptr && v->producer() != nullptr && !placed.contains(v->producer()))
            waiting.push_back(v->producer());
      } else {
        waiting.pop_back();
        if (!std::exchange(it->second, true)) order.push_back(node);
      }
    }
  }
  for (size_t i = order.size(); i > 1; --i) graph.move_before(order[i - 2], order[i - 1]);
}

}  // namespace

template <class Import>
Result<Network> Network::Impl::imported(ImportHelp* help, Import import) {
  ImportOptions options;
  ImportReport report;
  if (help != nullptr) options.initializers = help->initializers;
  if (help != nullptr && help->unknown)
    options.unknown = [&](std::string_view op, const Attrs& attrs, size_t inputs,
                          size_t outputs) -> Result<Attrs> {
      NetworkNode node{"", std::string(op), std::vector<NetworkTensor>(inputs),
                       std::vector<NetworkTensor>(outputs), shown(attrs)};
      INGOT_ASSIGN_OR_RETURN(CustomOpRef custom, help->unknown(node));
      return Attrs{{"kind", std::move(custom.kind)}, {"data", std::move(custom.data)}};
    };
  auto graph = import(options, &report);
  if (help != nullptr) help->num_nodes = report.num_nodes;
  if (!graph.ok()) {
    if (help == nullptr) return graph.status();
    for (const ImportProblem& p : report.problems) help->errors.push_back({p.index, p.node, p.op, p.why});
    if (report.problems.empty()) help->errors.push_back({-1, "", "", graph.status()});
    return graph.status();
  }
  auto impl = std::make_unique<Impl>();
  impl->graph = std::move(*graph);
  impl->outputs = impl->graph->outputs();
  return Network(std::move(impl));
}

Result<Network> Network::from_onnx(const std::string& path, ImportHelp* help) {
  return Impl::imported(help, [&](const ImportOptions& options, ImportReport* report) {
    return import_onnx_file(path, options, report);
  });
}

Result<Network> Network::from_onnx(const void* data, size_t size, const std::string& base_dir,
                                   ImportHelp* help) {
  const std::span bytes(static_cast<const std::byte*>(data), size);
  return Impl::imported(help, [&](const ImportOptions& options, ImportReport* report) {
    return import_onnx_bytes(bytes, nullptr, base_dir, options, report);
  });
}

void Network::remove_output(NetworkTensor tensor) {
  Impl& m = *impl_;
  if (!m.status.ok()) return;
  const auto it = std::find(m.outputs.begin(), m.outputs.end(), m.value(tensor));
  if (it == m.outputs.end()) {
    m.status = invalid_argument("a tensor that is not an output cannot be removed from the outputs");
    return;
  }
  m.outputs.erase(it);
  m.graph->set_outputs(m.outputs);
}

void Network::rename(NetworkTensor tensor, const std::string& name) {
  Impl& m = *impl_;
  if (!m.status.ok()) return;
  if (Value* v = m.value(tensor))
    m.graph->rename(v, name);
  else
    m.status = invalid_argument("'", name, "' is given as a name to a tensor of another network");
}

void Network::set_input_type(NetworkTensor input, DataType dtype) {
  Impl& m = *impl_;
  if (!m.status.ok()) return;
  Value* v = m.value(input);
  if (v == nullptr || !v->is_input() || bit_width(dtype) == 0) {
    m.status = invalid_argument("a tensor that is not an input of this network cannot have type ",
                                data_type_name(dtype));
    return;
  }
  if (v->dtype() == dtype) return;
  const std::vector<Use> uses = v->uses();
  const std::vector<Node*> nodes = m.graph->node_list();
  Node* cast = m.graph->add_node(*find_op("Cast"), {v}, {{"to", ops::onnx_type_number(v->dtype())}}, 1, "",
                                 nodes.empty() ? nullptr : nodes.front());
  v->set_type({dtype, v->shape(), v->type().ranked});
  for (const Use& use : uses) m.graph->set_input(use.node, use.index, cast->output());
  std::replace(m.outputs.begin(), m.outputs.end(), v, cast->output());
  m.graph->set_outputs(m.outputs);
  m.status = infer(*m.graph);
}

void Network::replace(NetworkTensor from, NetworkTensor to) {
  Impl& m = *impl_;
  if (!m.status.ok()) return;
  Value *old = m.value(from), *now = m.value(to);
  if (old == nullptr || now == nullptr) {
    m.status = invalid_argument("a tensor of another network cannot be replaced, or replace one");
    return;
  }
  std::vector<Node*> users;
  for (const Use& use : old->uses()) users.push_back(use.node);
  for (Node* user : users)
    for (size_t i = 0; i < user->inputs().size(); ++i)
      if (user->input(i) == old) m.graph->set_input(user, i, now);
  std::replace(m.outputs.begin(), m.outputs.end(), old, now);
  m.graph->set_outputs(m.outputs);
  sort(*m.graph);
  m.status = infer(*m.graph);
  if (m.status.ok()) m.status = verify(*m.graph);
}

TensorInfo Network::info(NetworkTensor tensor) const {
  TensorInfo info;
  const Value* v = impl_->value(tensor);
  if (v == nullptr) return info;
  info.name = v->name();
  info.dtype = v->dtype();
  info.ranked = v->type().ranked;
  for (const Dim& d : v->shape()) info.dims.push_back(d.to_string());
  return info;
}

std::vector<NetworkTensor> Network::inputs() const {
  std::vector<NetworkTensor> out;
  for (Value* v : impl_->graph->inputs()) out.push_back(impl_->handle(v));
  return out;
}

std::vector<NetworkTensor> Network::outputs() const {
  std::vector<NetworkTensor> out;
  for (Value* v : impl_->outputs) out.push_back(impl_->handle(v));
  return out;
}

std::vector<NetworkNode> Network::nodes() const {
  std::vector<NetworkNode> out;
  for (const auto& node : impl_->graph->nodes()) {
    NetworkNode n{node->name(), std::string(node->op().name), {}, {}, {}};
    for (Value* v : node->inputs()) n.inputs.push_back(impl_->handle(v));
    for (Value* v : node->outputs()) n.outputs.push_back(impl_->handle(v));
    n.attrs = shown(node->attrs());
    out.push_back(std::move(n));
  }
  return out;
}

std::vector<NetworkTensor> Network::constants() const {
  std::vector<NetworkTensor> out;
  for (Value* v : impl_->graph->constants()) out.push_back(impl_->handle(v));
  return out;
}

TensorRef Network::constant_value(NetworkTensor tensor) const {
  const Value* v = impl_->value(tensor);
  if (v == nullptr || !v->is_constant()) return {};
  const Tensor& t = v->constant();
  return {t.dtype(), t.dims(), const_cast<void*>(t.data())};
}

bool supports_onnx_op(const std::string& op) {
  const std::vector<OnnxOp> ops = onnx_ops();
  return std::any_of(ops.begin(), ops.end(), [&](const OnnxOp& o) { return o.domain.empty() && o.op == op; });
}

}  // namespace ingot
