// Importer: one model on its way into a Graph. Private to this room; onnx_import.h is its surface.
//
// importer.cpp: the model, its inputs, outputs and weights; import_node.cpp: nodes and calls of local
// functions; import_body.cpp: subgraphs and what they capture.
#pragma once

#include <unordered_map>

#include "frontend/onnx/node_builder.h"
#include "frontend/onnx/onnx_import.h"
#include "frontend/onnx/tensor_reader.h"

namespace ingot::onnx_import {

using OpsetVersions = std::map<Text, int64_t>;
using Arguments = std::map<Text, const AttributeProto*>;  // of a function call, by parameter name

/// What names mean in one graph, subgraph body or function call.
struct Frame {
  Graph& graph;  // of a call: the caller's
  const OpsetVersions* opsets = nullptr;
  const Arguments* arguments = nullptr;                       // null outside of functions
  std::string prefix;                                         // of the names of a call
  int depth = 0;                                              // of calls and bodies
  std::unordered_map<Text, Value*> values;                    // null: a parameter that the call leaves out
  std::unordered_map<Text, const TensorProto*> initializers;  // read at their first use
  std::unordered_map<Text, const SparseTensorProto*> sparse_initializers;
};

/// A value of the surrounding graph that a body uses.
struct Capture {
  Text name;
  Value* outer;
};

class Importer {
 public:
  Importer(const ModelProto& model, TensorReader tensors, const ImportOptions& options, ImportReport& report);

  /// Problems go to the report; the graph is whole only when there are none.
  std::unique_ptr<Graph> import_model();

 private:
  friend class NodeBuilder;

  // importer.cpp
  void check_model();
  OpsetVersions read_opsets(const std::vector<OpsetProto>& imports);
  void add_inputs(Frame& frame);
  void set_outputs(Frame& frame, const GraphProto& graph);
  std::optional<TensorType> input_type(const ValueInfoProto& info);
  void apply_shape_options(const std::vector<Text>& names, std::vector<TensorType>& types);
  static void reserve_fresh_symbols(Graph& graph);
  void add_initializers(Frame& frame, const GraphProto& graph);
  /// The value of that name; nullopt when there is none.
  std::optional<Value*> resolve(Frame& frame, Text name);
  void problem(Status why) { report_.problems.push_back({"", "", "", 0, std::move(why)}); }

  // import_node.cpp
  void import_nodes(Frame& frame, const std::vector<NodeProto>& nodes);
  void import_node(Frame& frame, const NodeProto& node);
  Status call_function(Frame& frame, const NodeProto& node, const FunctionProto& function,
                       const std::string& name, const std::vector<Value*>& inputs,
                       std::vector<Value*>& outputs);
  Status bind_outputs(Frame& frame, const NodeProto& node, const std::vector<Value*>& inputs,
                      const std::vector<Value*>& outputs);
  Result<std::vector<Value*>> resolve_inputs(Frame& frame, const NodeProto& node);
  const FunctionProto* find_function(const NodeProto& node) const;
  /// The attribute itself, or the call's argument that it refers to; null when the call gives none.
  const AttributeProto* resolve_attribute(const Frame& frame, const AttributeProto& attribute) const;
  Result<Attrs> read_attributes(const Frame& frame, const NodeProto& node);
  Result<AttrValue> read_attribute(const AttributeProto& attribute);

  // import_body.cpp
  std::unique_ptr<Graph> import_body(Frame& outer, const GraphProto& body,
                                     const std::vector<TensorType>& formals,
                                     const std::vector<Capture>& captures);
  std::vector<Capture> find_captures(Frame& frame, const NodeProto& node);

  const ModelProto& model_;
  TensorReader tensors_;
  const ImportOptions& options_;
  ImportReport& report_;
  OpsetVersions opsets_;
  std::map<std::tuple<Text, Text, Text>, const FunctionProto*> functions_;  // domain, name, overload
  Value failed_;  // stands for the outputs of nodes that could not be imported
  int64_t num_nodes_ = 0;
};

/// Functions that call functions multiply, and each level of calls and bodies takes stack.
inline constexpr int kMaxFrameDepth = 64;

/// "" for the default domain under either of its names.
Text canonical_domain(Text domain);

}  // namespace ingot::onnx_import
