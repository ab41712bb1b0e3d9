#include "frontend/onnx/node_builder.h"

#include <algorithm>

#include "frontend/onnx/importer.h"
#include "ir/infer.h"

namespace ingot::onnx_import {

NodeBuilder::NodeBuilder(Importer& importer, Frame& frame, const NodeProto& node, int64_t version,
                         std::string name)
    : proto(node), version(version), name(std::move(name)), importer_(importer), frame_(frame) {
  size_t count = node.outputs.size();
  while (count > 0 && node.outputs[count - 1].empty()) --count;
  outputs_.resize(count);
}

Value* NodeBuilder::failed_value() const { return &importer_.failed_; }

void NodeBuilder::fail(Status why) {
  if (status_.ok()) status_ = std::move(why);
}

Value* NodeBuilder::required(size_t i) {
  if (input(i) != nullptr) return input(i);
  fail(invalid_argument("input ", i, " is missing"));
  return failed_value();
}

void NodeBuilder::note(std::string text) { importer_.report_.notes.push_back(std::move(text)); }

void NodeBuilder::set_output(size_t i, Value* value) {
  if (i < outputs_.size()) outputs_[i] = value;
}

void NodeBuilder::infer_outputs(Node* node) {
  const Status status = infer_node(*node);
  // The report names the ONNX node itself; only helpers of a translation keep theirs.
  const std::string own = describe(*node) + ": ";
  const bool named = node->name() == name && status.message().starts_with(own);
  fail(named ? Status(status.code(), std::string(status.message().substr(own.size()))) : status);
}

Node* NodeBuilder::add_node(std::string_view op, std::vector<Value*> node_inputs, Attrs node_attrs,
                            size_t outputs) {
  const bool echo = std::find(node_inputs.begin(), node_inputs.end(), failed_value()) != node_inputs.end();
  if (failed() || echo) return nullptr;
  const OpDef* def = find_op(op);
  if (def == nullptr) {
    fail(
        unsupported("the operator ", op == proto.op_type ? "" : str("(as ", op, ") "), "is not implemented"));
    return nullptr;
  }
  while (!node_inputs.empty() && node_inputs.back() == nullptr) node_inputs.pop_back();
  outputs = std::max(outputs, static_cast<size_t>(def->min_outputs));
  // Helpers of a translation are told apart from the node that carries its name.
  const bool helper = op != proto.op_type && proto.op_type != op.substr(op.find('.') + 1);
  Node* node = frame_.graph.add_node(*def, std::move(node_inputs), std::move(node_attrs), outputs,
                                     helper ? str(name, ".", op) : name);
  infer_outputs(node);
  return failed() ? nullptr : node;
}

Value* NodeBuilder::add(std::string_view op, std::vector<Value*> node_inputs, Attrs node_attrs) {
  Node* node = add_node(op, std::move(node_inputs), std::move(node_attrs));
  return node ? node->output() : failed_value();
}

void NodeBuilder::same(std::string_view op) {
  Node* node = add_node(op.empty() ? std::string_view(proto.op_type) : op, inputs, attrs, outputs_.size());
  if (node == nullptr) return;
  for (size_t i = 0; i < outputs_.size(); ++i) outputs_[i] = node->output(i);
  for (size_t i = 0; i < node->outputs().size(); ++i)
    if (!wants(i) && static_cast<int>(i) >= node->op().min_outputs) frame_.graph.drop_output(node, i);
}

Value* NodeBuilder::constant(Tensor value) { return frame_.graph.add_constant("", std::move(value)); }

Value* NodeBuilder::ints(const Ints& values) { return constant(Tensor::vector_i64(values)); }

Tensor NodeBuilder::filled(DataType dtype, float value, Dims dims) {
  Result<Tensor> tensor = Tensor::allocate(dtype, std::move(dims));
  INGOT_CHECK(tensor.ok());  // of a few bytes
  dispatch_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const auto elements = tensor->template mutable_span<T>();
    std::fill(elements.begin(), elements.end(), static_cast<T>(value));
  });
  return std::move(*tensor);
}

Value* NodeBuilder::scalar(float value, const Value* like) {
  if (bit_width(like->dtype()) >= 8) return constant(filled(like->dtype(), value));
  fail(invalid_argument("an input has no numeric type"));
  return failed_value();
}

Value* NodeBuilder::floats(const Floats& values, const Value* like) {
  if (bit_width(like->dtype()) < 8) return scalar(0, like);  // fails
  Tensor tensor = filled(like->dtype(), 0, {static_cast<int64_t>(values.size())});
  dispatch_type(like->dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::transform(values.begin(), values.end(), tensor.template mutable_span<T>().begin(),
                   [](float v) { return static_cast<T>(v); });
  });
  return constant(std::move(tensor));
}

std::optional<int> NodeBuilder::rank(const Value* value) const {
  if (value == nullptr || value == failed_value() || !value->type().ranked) return std::nullopt;
  return value->type().rank();
}

int NodeBuilder::known_rank(const Value* value) {
  const std::optional<int> known = rank(value);
  if (!known)
    fail(unsupported("the rank of an input has to be known for version ", version, " of this operator"));
  return known.value_or(1);
}

}  // namespace ingot::onnx_import
