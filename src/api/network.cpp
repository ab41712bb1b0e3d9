// Network: graphs built op by op.
#include <algorithm>
#include <cstring>

#include "api/network_impl.h"
#include "ir/infer.h"

namespace ingot {

Network::Network(std::string name) : impl_(std::make_unique<Impl>()) {
  impl_->graph = std::make_unique<Graph>(std::move(name));
}
Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

namespace {

// Records the first error; `value` is what the caller gets when there was one.
template <class T>
T fail(Status& status, Status error, T value) {
  if (status.ok()) status = std::move(error);
  return value;
}

Result<Shape> parse_shape(const std::vector<std::string>& dims) {
  Shape shape;
  for (const std::string& text : dims) {
    INGOT_ASSIGN_OR_RETURN(const Dim d, Dim::parse(text));
    if (d.is_const() && d.value() < 0) return invalid_argument("dimension ", text, " is negative");
    shape.push_back(d);
  }
  return shape;
}

}  // namespace

NetworkTensor Network::Impl::handle(Value* v) {
  if (v == nullptr) return {};
  const auto [it, added] = ids.try_emplace(v, static_cast<int32_t>(values.size()));
  if (added) values.push_back(v);
  return {it->second};
}

Value* Network::Impl::value(NetworkTensor tensor) const {
  return tensor.valid() && tensor.id < static_cast<int32_t>(values.size())
             ? values[static_cast<size_t>(tensor.id)]
             : nullptr;
}

NetworkTensor Network::input(const std::string& name, DataType dtype, const std::vector<std::string>& dims) {
  Impl& m = *impl_;
  if (!m.status.ok()) return {};
  if (bit_width(dtype) == 0)
    return fail(m.status, invalid_argument("input '", name, "' has no element type"), NetworkTensor{});
  auto shape = parse_shape(dims);
  if (!shape.ok())
    return fail(m.status, shape.status().with_context(str("input '", name, "'")), NetworkTensor{});
  for (const Value* v : m.graph->inputs())
    if (v->name() == name)
      return fail(m.status, invalid_argument("there is an input '", name, "' already"), NetworkTensor{});
  return m.handle(m.graph->add_input(name, {dtype, std::move(*shape), true}));
}

void Network::set_input_dims(NetworkTensor input, const std::vector<std::string>& dims) {
  Impl& m = *impl_;
  if (!m.status.ok()) return;
  Value* v = m.value(input);
  if (v == nullptr || !v->is_input()) {
    m.status = invalid_argument("a shape is given to a tensor that is not an input of this network");
    return;
  }
  auto shape = parse_shape(dims);
  if (!shape.ok()) {
    m.status = shape.status().with_context(str("input '", v->name(), "'"));
    return;
  }
  v->set_type({v->dtype(), std::move(*shape), true});
  m.status = infer(*m.graph);
}

NetworkTensor Network::constant(const TensorRef& value, const std::string& name) {
  Impl& m = *impl_;
  if (!m.status.ok()) return {};
  auto tensor = Tensor::allocate(value.dtype, value.dims);
  if (!tensor.ok())
    return fail(m.status, tensor.status().with_context(str("constant '", name, "'")), NetworkTensor{});
  if (value.data == nullptr && tensor->bytes() > 0)
    return fail(m.status, invalid_argument("constant '", name, "' has no data"), NetworkTensor{});
  if (tensor->bytes() > 0) std::memcpy(tensor->mutable_data(), value.data, tensor->bytes());
  return m.handle(m.graph->add_constant(name, std::move(*tensor)));
}

std::vector<NetworkTensor> Network::add(const std::string& op, const std::vector<NetworkTensor>& inputs,
                                        const std::map<std::string, NetworkAttr>& attrs, int num_outputs,
                                        const std::string& name) {
  Impl& m = *impl_;
  const std::vector<NetworkTensor> none(static_cast<size_t>(std::max(num_outputs, 0)));
  if (!m.status.ok()) return none;
  const OpDef* def = find_op(op);
  if (def == nullptr)
    return fail(m.status, unsupported("node '", name, "': there is no op '", op, "'"), none);
  std::vector<Value*> values;
  for (const NetworkTensor& t : inputs) {
    if (t.valid() && m.value(t) == nullptr)
      return fail(m.status, invalid_argument("node '", name, "' (", op, "): an input is of another network"),
                  none);
    values.push_back(m.value(t));
  }
  Attrs converted;
  for (const auto& [key, value] : attrs) std::visit([&](const auto& v) { converted.set(key, v); }, value);
  const Status signature = check_signature(*def, values.size(), none.size(), converted);
  if (!signature.ok()) return fail(m.status, signature.with_context(str("node '", name, "'")), none);
  Node* node = m.graph->add_node(*def, std::move(values), std::move(converted), none.size(), name);
  const Status inferred = infer_node(*node);
  if (!inferred.ok()) {
    m.graph->erase(node);
    return fail(m.status, inferred, none);
  }
  std::vector<NetworkTensor> out;
  for (Value* v : node->outputs()) out.push_back(m.handle(v));
  return out;
}

std::vector<NetworkTensor> Network::add_with_bodies(const std::string& op,
                                                    const std::vector<NetworkTensor>& inputs,
                                                    std::map<std::string, Network> bodies,
                                                    const std::vector<NetworkTensor>& captures,
                                                    int num_outputs, const std::string& name) {
  Impl& m = *impl_;
  const std::vector<NetworkTensor> none(static_cast<size_t>(std::max(num_outputs, 0)));
  if (!m.status.ok()) return none;
  const OpDef* def = find_op(op);
  if (def == nullptr || def->subgraphs.size() != bodies.size())
    return fail(m.status,
                unsupported("node '", name, "': there is no op '", op, "' with ", bodies.size(), " bodies"),
                none);
  std::vector<Value*> values;
  for (const auto* list : {&inputs, &captures})
    for (NetworkTensor t : *list) {
      values.push_back(m.value(t));
      if (t.valid() && values.back() == nullptr)
        return fail(m.status,
                    invalid_argument("node '", name, "' (", op, "): an input is of another network"), none);
    }
  Node* node = m.graph->add_node(*def, std::move(values), {}, none.size(), name);
  m.graph->set_captures(node, captures.size());
  Status status;
  for (std::string_view body : def->subgraphs) {
    const auto it = bodies.find(std::string(body));
    if (it == bodies.end())
      status = invalid_argument("node '", name, "' (", op, "): body '", body, "' is missing");
    else if (status = it->second.status(); status.ok())
      m.graph->add_subgraph(node, std::string(body), std::move(it->second.impl_->graph));
    if (!status.ok()) break;
  }
  if (status.ok()) status = infer_node(*node);
  if (!status.ok()) {
    m.graph->erase(node);
    return fail(m.status, status, none);
  }
  std::vector<NetworkTensor> out;
  for (Value* v : node->outputs()) out.push_back(m.handle(v));
  return out;
}

NetworkTensor Network::op(const std::string& op, const std::vector<NetworkTensor>& inputs,
                          const std::map<std::string, NetworkAttr>& attrs, const std::string& name) {
  return add(op, inputs, attrs, 1, name).front();
}

void Network::output(NetworkTensor tensor, const std::string& name) {
  Impl& m = *impl_;
  if (!m.status.ok()) return;
  Value* v = m.value(tensor);
  if (v == nullptr) {
    m.status = invalid_argument("output '", name, "' is not a tensor of this network");
    return;
  }
  // An input or constant, or a value that is an output already, gets a node of its own to carry the name.
  if (v->producer() == nullptr || std::find(m.outputs.begin(), m.outputs.end(), v) != m.outputs.end()) {
    Node* copy = m.graph->add_node(*find_op("Identity"), {v});
    m.status = infer_node(*copy);
    if (!m.status.ok()) return;
    v = copy->output();
  }
  m.graph->rename(v, name);
  m.outputs.push_back(v);
  m.graph->set_outputs(m.outputs);
}

Status Network::status() const { return impl_->status; }

}  // namespace ingot
