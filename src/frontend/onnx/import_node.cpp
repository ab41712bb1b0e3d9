// Nodes: names resolved, attributes read, the builder of the right version called; calls of local functions.
#include <algorithm>

#include "frontend/onnx/graph_order.h"
#include "frontend/onnx/importer.h"

namespace ingot::onnx_import {
namespace {

// Functions that call functions multiply: this stops a small file from asking for an endless graph.
constexpr int64_t kMaxNodes = 500'000;

Status not_implemented() { return unsupported("the operator is not implemented"); }

Strings to_strings(const std::vector<Text>& texts) { return {texts.begin(), texts.end()}; }

}  // namespace

void Importer::import_nodes(Frame& frame, const std::vector<NodeProto>& nodes) {
  Result<std::vector<const NodeProto*>> sorted = sort_nodes(nodes);
  if (!sorted.ok()) return problem(sorted.status());
  for (const NodeProto* node : *sorted) import_node(frame, *node);
}

void Importer::import_node(Frame& frame, const NodeProto& node) {
  const Text domain = canonical_domain(node.domain);
  const std::string name = frame.prefix + std::string(node_label(node));
  const auto version_entry = frame.opsets->find(domain);
  // Domains that a model does not declare count as their first version, as exporters assume.
  const int64_t version = version_entry == frame.opsets->end() ? 1 : version_entry->second;
  std::vector<Value*> inputs, outputs(node.outputs.size(), &failed_);

  const auto import = [&]() -> Status {
    if (++num_nodes_ > kMaxNodes) return unsupported("the model has more than ", kMaxNodes, " nodes");
    const FunctionProto* function = find_function(node);
    const OpsetRow* row = nullptr;
    Status known;
    if (function == nullptr) {
      auto found = find_row(domain, node.op_type, version);
      if (found.ok()) row = *found;
      known = found.status();
      if (!known.ok() && !options_.unknown) return known;
    }
    INGOT_ASSIGN_OR_RETURN(inputs, resolve_inputs(frame, node));
    // What depends on a failed node is only looked up, so that the report is whole but has no echoes.
    if (std::find(inputs.begin(), inputs.end(), &failed_) != inputs.end())
      return row && row->builder_name == "same" && !find_op(node.op_type) ? not_implemented() : Status();
    if (function != nullptr) return call_function(frame, node, *function, name, inputs, outputs);
    NodeBuilder builder(*this, frame, node, version, name);
    builder.inputs = inputs;
    INGOT_ASSIGN_OR_RETURN(builder.attrs, read_attributes(frame, node));
    if (row == nullptr) {
      auto custom = options_.unknown(node.op_type, builder.attrs, inputs.size(), outputs.size());
      if (!custom.ok()) return custom.status().with_context(std::string(known.message()));
      builder.attrs = std::move(*custom);
      builder.same("Custom");
    } else {
      row->build(builder);
    }
    INGOT_RETURN_IF_ERROR(builder.status());
    outputs = builder.outputs();
    return {};
  };
  Status status = import();
  if (status.ok()) status = bind_outputs(frame, node, inputs, outputs);
  if (status.ok()) return;
  const std::vector<NodeProto>& all = model_.graph.nodes;
  const bool outer = !std::less<>()(&node, all.data()) && std::less<>()(&node, all.data() + all.size());
  report_.problems.push_back({name, std::string(node.op_type), std::string(node.domain), version,
                              std::move(status), outer ? &node - all.data() : -1});
  for (Text output : node.outputs)
    if (!output.empty()) frame.values[output] = &failed_;
}

Result<std::vector<Value*>> Importer::resolve_inputs(Frame& frame, const NodeProto& node) {
  std::vector<Value*> inputs;
  std::string missing;
  for (Text name : node.inputs) {
    if (name.empty()) {
      inputs.push_back(nullptr);
      continue;
    }
    const std::optional<Value*> value = resolve(frame, name);
    if (!value) missing += str(missing.empty() ? "" : ", ", "'", name, "'");
    inputs.push_back(value.value_or(&failed_));
  }
  if (!missing.empty())
    return invalid_argument("input ", missing, " is no input, no initializer and no output of a node");
  while (!inputs.empty() && inputs.back() == nullptr) inputs.pop_back();
  return inputs;
}

Status Importer::bind_outputs(Frame& frame, const NodeProto& node, const std::vector<Value*>& inputs,
                              const std::vector<Value*>& outputs) {
  std::vector<const Value*> taken(inputs.begin(), inputs.end());
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const Text name = node.outputs[i];
    if (name.empty()) continue;
    Value* value = i < outputs.size() ? outputs[i] : nullptr;
    if (value == nullptr) return unsupported("output ", i, " '", name, "' is not supported");
    if (frame.values.contains(name) || frame.initializers.contains(name))
      return invalid_argument("output '", name, "' is defined before, too");
    if (value != &failed_) {
      // A value that has another name already is passed on under this one.
      if (std::find(taken.begin(), taken.end(), value) != taken.end()) {
        NodeBuilder builder(*this, frame, node, 0, frame.prefix + std::string(name));
        value = builder.add("Identity", {value});
        INGOT_RETURN_IF_ERROR(builder.status());
      }
      taken.push_back(value);
      frame.graph.rename(value, frame.prefix + std::string(name));
    }
    frame.values.emplace(name, value);
  }
  return {};
}

const FunctionProto* Importer::find_function(const NodeProto& node) const {
  auto it = functions_.find({canonical_domain(node.domain), node.op_type, node.overload});
  return it == functions_.end() ? nullptr : it->second;
}

Status Importer::call_function(Frame& frame, const NodeProto& node, const FunctionProto& function,
                               const std::string& name, const std::vector<Value*>& inputs,
                               std::vector<Value*>& outputs) {
  if (frame.depth >= kMaxFrameDepth)
    return invalid_argument("functions call each other more than ", kMaxFrameDepth, " deep");
  if (inputs.size() > function.inputs.size() || node.outputs.size() > function.outputs.size())
    return invalid_argument("the function takes ", function.inputs.size(), " inputs and gives ",
                            function.outputs.size(), " outputs, got ", inputs.size(), " and ",
                            node.outputs.size());
  Arguments arguments;
  for (const AttributeProto& a : function.defaults) arguments[a.name] = &a;
  for (const AttributeProto& a : node.attributes)
    if (const AttributeProto* value = resolve_attribute(frame, a)) arguments[a.name] = value;
  const OpsetVersions opsets = read_opsets(function.opsets);

  Frame call{frame.graph, &opsets, &arguments, name + "/", frame.depth + 1};
  for (size_t i = 0; i < function.inputs.size(); ++i)
    call.values[function.inputs[i]] = i < inputs.size() ? inputs[i] : nullptr;
  import_nodes(call, function.nodes);
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    auto it = call.values.find(function.outputs[i]);
    if (it == call.values.end())
      return invalid_argument("the function does not produce its output '", function.outputs[i], "'");
    outputs[i] = it->second;
  }
  return {};
}

const AttributeProto* Importer::resolve_attribute(const Frame& frame, const AttributeProto& attribute) const {
  if (attribute.ref_name.empty()) return &attribute;
  if (frame.arguments == nullptr) return nullptr;
  auto it = frame.arguments->find(attribute.ref_name);
  return it == frame.arguments->end() ? nullptr : it->second;
}

Result<Attrs> Importer::read_attributes(const Frame& frame, const NodeProto& node) {
  Attrs attrs;
  for (const AttributeProto& a : node.attributes) {
    const AttributeProto* value = resolve_attribute(frame, a);
    if (value == nullptr || value->type == AttributeType::kGraph) continue;
    if (attrs.has(a.name)) return invalid_argument("attribute '", a.name, "' is given twice");
    Result<AttrValue> read = read_attribute(*value);
    if (!read.ok()) return read.status().with_context(str("attribute '", a.name, "'"));
    attrs.set(a.name, std::move(*read));
  }
  return attrs;
}

Result<AttrValue> Importer::read_attribute(const AttributeProto& a) {
  switch (a.type) {
    case AttributeType::kFloat:
      return AttrValue(a.f);
    case AttributeType::kInt:
      return AttrValue(a.i);
    case AttributeType::kString:
      return AttrValue(std::string(a.s));
    case AttributeType::kFloats:
      return AttrValue(a.floats);
    case AttributeType::kInts:
      return AttrValue(a.ints);
    case AttributeType::kStrings:
      return AttrValue(to_strings(a.strings));
    case AttributeType::kTensor: {
      if (!a.tensor) return corrupt("it has no value");
      INGOT_ASSIGN_OR_RETURN(Tensor tensor, tensors_.read(*a.tensor));
      return AttrValue(std::move(tensor));
    }
    case AttributeType::kSparseTensor: {
      if (!a.sparse_tensor) return corrupt("it has no value");
      INGOT_ASSIGN_OR_RETURN(Tensor tensor, tensors_.read(*a.sparse_tensor));
      return AttrValue(std::move(tensor));
    }
    default:
      return unsupported("attribute type ", static_cast<int64_t>(a.type), " is not supported");
  }
}

}  // namespace ingot::onnx_import
