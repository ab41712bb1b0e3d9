// NodeBuilder: what the translation of one ONNX node sees, and how it adds IR nodes.
//
// Errors do not stop a builder: the first one is kept, and `add` answers with a value that stands for
// "failed", which further calls pass on. So builders are written as plain expressions.
#pragma once

#include <optional>

#include "frontend/onnx/proto.h"
#include "ir/graph.h"

namespace ingot::onnx_import {

class Importer;
struct Frame;

class NodeBuilder {
 public:
  NodeBuilder(Importer& importer, Frame& frame, const NodeProto& node, int64_t version, std::string name);

  const NodeProto& proto;
  const int64_t version;  // of the node's domain
  const std::string name;
  Attrs attrs;                 // tensors and lists included, subgraphs not
  std::vector<Value*> inputs;  // null: not given

  Value* input(size_t i) const { return i < inputs.size() ? inputs[i] : nullptr; }
  /// Never null: without this input the builder fails.
  Value* required(size_t i);
  /// Outputs that the node names; trailing unnamed ones do not count.
  size_t num_outputs() const { return outputs_.size(); }
  bool wants(size_t i) const { return i < proto.outputs.size() && !proto.outputs[i].empty(); }
  void set_output(size_t i, Value* value);

  /// Removes the attribute, which the IR's operator does not have, and returns its value.
  template <class T>
  T take(std::string_view attribute, T fallback = {}) {
    T value = attrs.get<T>(attribute, std::move(fallback));
    attrs.erase(attribute);
    return value;
  }

  /// Adds a node of the IR's operator `op` and infers its outputs. Trailing null inputs are left out.
  Node* add_node(std::string_view op, std::vector<Value*> node_inputs, Attrs node_attrs = {},
                 size_t outputs = 1);
  /// As above; its only output.
  Value* add(std::string_view op, std::vector<Value*> node_inputs, Attrs node_attrs = {});
  /// The ONNX node as it is, under another operator's name where one is given; sets all outputs.
  void same(std::string_view op = {});

  Value* constant(Tensor value);
  Value* ints(const Ints& values);
  Value* scalar_int(int64_t value) { return constant(Tensor::scalar_i64(value)); }
  /// Every element is `value`; types without a C++ type give zeros.
  static Tensor filled(DataType dtype, float value, Dims dims = {});
  /// A scalar or 1-D tensor of the element type of `like`.
  Value* scalar(float value, const Value* like);
  Value* floats(const Floats& values, const Value* like);

  std::optional<int> rank(const Value* value) const;
  /// The rank, or failure with a message that it has to be known.
  int known_rank(const Value* value);

  /// The node with its subgraphs; sets all outputs. `formals` are the types of the bodies' inputs as far as
  /// they are known before inference, for bodies that do not declare them.
  void add_control_flow(const std::vector<TensorType>& formals);

  void fail(Status why);
  bool failed() const { return !status_.ok(); }
  const Status& status() const { return status_; }
  void note(std::string text);
  const std::vector<Value*>& outputs() const { return outputs_; }

 private:
  Value* failed_value() const;
  void infer_outputs(Node* node);
  Importer& importer_;
  Frame& frame_;
  std::vector<Value*> outputs_;
  Status status_;
};

using BuildFn = void (*)(NodeBuilder&);

struct OpsetRow {
  std::string_view domain, op;
  int since, until;
  BuildFn build;
  std::string_view builder_name;
};
/// The row for this version; an error says which versions or operators there are instead.
Result<const OpsetRow*> find_row(Text domain, Text op, int64_t version);

}  // namespace ingot::onnx_import
