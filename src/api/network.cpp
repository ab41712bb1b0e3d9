// Network: graphs built op by op.
#include <algorithm>
#include <cstring>

#include "api/network_impl.h"
#include "ir/infer.h"

namespace ingot {

Network::Network(std::string name) : impl_(std::make_unique<Impl>()) {
  impl_->graph = std::make_unique<Graph>(std::move(name));
}
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

NetworkTensor keep(std::vector<Value*>& values, Value* v) {
  values.push_back(v);
  return {static_cast<int32_t>(values.size() - 1)};
}

}  // namespace

NetworkTensor Network::input(const std::string& name, DataType dtype, const std::vector<std::string>& dims) {
  Impl& m = *impl_;
  if (!m.status.ok()) return {};
  TensorType type{dtype, {}, true};
  if (bit_width(dtype) == 0)
    return fail(m.status, invalid_argument("input '", name, "' has no element type"), NetworkTensor{});
  for (const std::string& text : dims) {
    auto d = Dim::parse(text);
    if (!d.ok()) return fail(m.status, d.status().with_context(str("input '", name, "'")), NetworkTensor{});
    if (d->is_const() && d->value() < 0)
      return fail(m.status, invalid_argument("input '", name, "': dimension ", text, " is negative"),
                  NetworkTensor{});
    type.shape.push_back(*d);
  }
  for (const Value* v : m.graph->inputs())
    if (v->name() == name)
      return fail(m.status, invalid_argument("there is an input '", name, "' already"), NetworkTensor{});
  return keep(m.values, m.graph->add_input(name, std::move(type)));
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
  return keep(m.values, m.graph->add_constant(name, std::move(*tensor)));
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
    if (t.id >= static_cast<int32_t>(m.values.size()))
      return fail(m.status, invalid_argument("node '", name, "' (", op, "): an input is of another network"),
                  none);
    values.push_back(t.valid() ? m.values[static_cast<size_t>(t.id)] : nullptr);
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
  for (Value* v : node->outputs()) out.push_back(keep(m.values, v));
  return out;
}

NetworkTensor Network::op(const std::string& op, const std::vector<NetworkTensor>& inputs,
                          const std::map<std::string, NetworkAttr>& attrs, const std::string& name) {
  return add(op, inputs, attrs, 1, name).front();
}

void Network::output(NetworkTensor tensor, const std::string& name) {
  Impl& m = *impl_;
  if (!m.status.ok()) return;
  if (!tensor.valid() || tensor.id >= static_cast<int32_t>(m.values.size())) {
    m.status = invalid_argument("output '", name, "' is not a tensor of this network");
    return;
  }
  Value* v = m.values[static_cast<size_t>(tensor.id)];
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

TensorInfo Network::info(NetworkTensor tensor) const {
  TensorInfo info;
  if (!tensor.valid() || tensor.id >= static_cast<int32_t>(impl_->values.size())) return info;
  const Value& v = *impl_->values[static_cast<size_t>(tensor.id)];
  info.name = v.name();
  info.dtype = v.dtype();
  info.ranked = v.type().ranked;
  for (const Dim& d : v.shape()) info.dims.push_back(d.to_string());
  return info;
}

Status Network::status() const { return impl_->status; }

}  // namespace ingot
