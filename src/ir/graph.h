// Graph, Node, Value: a network as a list of ops in topological order.
//
// Ownership: a Graph owns its nodes and values; pointers to them stay valid until they are erased. Not
// thread-safe. Subgraphs (bodies of If, Loop, Scan) capture nothing implicitly: what a body uses from outside
// is passed to the node as extra inputs after the op's own, and arrives as extra inputs of the subgraph after
// its formal ones. `captures()` counts them.
#pragma once

#include <list>
#include <optional>

#include "ops/op.h"

namespace ingot {

class Graph;
class Node;

/// One use of a value: input `index` of `node`.
struct Use {
  Node* node;
  size_t index;
  friend bool operator==(const Use&, const Use&) = default;
};

/// A tensor of the network: a graph input, a constant, or the result of a node.
class Value {
 public:
  const std::string& name() const { return name_; }
  const TensorType& type() const { return type_; }
  void set_type(TensorType type) { type_ = std::move(type); }
  const Shape& shape() const { return type_.shape; }
  DataType dtype() const { return type_.dtype; }

  Node* producer() const { return producer_; }  // null for inputs and constants
  size_t output_index() const { return output_index_; }
  const std::vector<Use>& uses() const { return uses_; }  // within nodes; graph outputs are not among them
  bool is_input() const { return is_input_; }
  bool is_constant() const { return constant_.valid(); }
  const Tensor& constant() const { return constant_; }

  /// Contents of a small integer tensor as dims (shape arithmetic), where inference knows them.
  const std::optional<std::vector<Dim>>& contents() const { return contents_; }
  void set_contents(std::optional<std::vector<Dim>> contents) { contents_ = std::move(contents); }

 private:
  friend class Graph;
  std::string name_;
  TensorType type_;
  Node* producer_ = nullptr;
  size_t output_index_ = 0;
  std::vector<Use> uses_;
  bool is_input_ = false;
  Tensor constant_;
  std::optional<std::vector<Dim>> contents_;
};

class Node {
 public:
  const OpDef& op() const { return *op_; }
  bool is(std::string_view op_name) const { return op_->name == op_name; }
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }
  Attrs& attrs() { return attrs_; }
  const Attrs& attrs() const { return attrs_; }

  const std::vector<Value*>& inputs() const { return inputs_; }  // null: an optional input that is not given
  const std::vector<Value*>& outputs() const {
    return outputs_;
  }  // null: an optional output that is not wanted
  Value* input(size_t i) const { return i < inputs_.size() ? inputs_[i] : nullptr; }
  Value* output(size_t i = 0) const { return i < outputs_.size() ? outputs_[i] : nullptr; }

  const std::vector<std::pair<std::string, std::unique_ptr<Graph>>>& subgraphs() const { return subgraphs_; }
  Graph* subgraph(std::string_view name) const;
  /// How many of the last inputs are captured values of the subgraphs (the same for each subgraph of the
  /// node).
  size_t captures() const { return captures_; }

  Graph& graph() const { return *graph_; }

 private:
  friend class Graph;
  const OpDef* op_ = nullptr;
  std::string name_;
  Attrs attrs_;
  std::vector<Value*> inputs_, outputs_;
  std::vector<std::pair<std::string, std::unique_ptr<Graph>>> subgraphs_;
  size_t captures_ = 0;
  Graph* graph_ = nullptr;
  std::list<std::unique_ptr<Node>>::iterator position_;
};

class Graph {
 public:
  explicit Graph(std::string name = "main") : name_(std::move(name)) {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph();

  const std::string& name() const { return name_; }
  const std::vector<Value*>& inputs() const { return inputs_; }
  const std::vector<Value*>& outputs() const { return outputs_; }
  const std::list<std::unique_ptr<Node>>& nodes() const { return nodes_; }  // topological order
  std::vector<Node*> node_list() const;  // a snapshot that survives changes (but not erased nodes)
  std::vector<Value*> constants() const;
  Value* find_value(std::string_view name) const;  // null: there is none

  /// Names are made unique within the graph by a suffix; an empty one gets a name of its own.
  Value* add_input(std::string name, TensorType type);
  Value* add_constant(std::string name, Tensor value);
  /// Appends a node, or inserts it before `before`. `num_outputs` values are created with invalid types;
  /// `infer_node` (in infer.h) sets them. `op` must be registered.
  Node* add_node(const OpDef& op, std::vector<Value*> inputs, Attrs attrs = {}, size_t num_outputs = 1,
                 std::string name = "", Node* before = nullptr);
  void add_subgraph(Node* node, std::string attribute, std::unique_ptr<Graph> body);
  void set_captures(Node* node, size_t count) { node->captures_ = count; }
  void set_outputs(std::vector<Value*> outputs);
  void rename(Value* value, std::string name);
  /// Leaves out an output that is not wanted: the value is erased, Node::outputs holds null there. It must
  /// have no uses.
  void drop_output(Node* node, size_t i);

  void set_input(Node* node, size_t i, Value* value);  // appends nulls as needed
  void set_inputs(Node* node, std::vector<Value*> inputs);
  void remove_graph_input(Value* input);  // must have no uses
  /// All uses of `from`, graph outputs included, now use `to`. A graph output keeps its name: `to` takes it
  /// over where it is not itself an input or an output.
  void replace_uses(Value* from, Value* to);
  void move_before(Node* node, Node* before);
  /// Erases a node whose outputs have no uses.
  void erase(Node* node);
  void erase_constant(Value* constant);
  bool is_output(const Value* value) const;
  size_t num_uses(const Value* value) const;  // graph outputs included

  /// A new symbol name for data-dependent sizes: "u0", "u1", ... unique over the outermost graph and its
  /// subgraphs.
  Dim fresh_dim();
  void set_fresh_counter(std::shared_ptr<int64_t> counter) { fresh_counter_ = std::move(counter); }
  const std::shared_ptr<int64_t>& fresh_counter() const { return fresh_counter_; }

  std::unique_ptr<Graph> clone() const;  // constants are shared, not copied

 private:
  Value* new_value(std::string name);
  void erase_value(Value* value);
  static void remove_use(Value* value, Node* node, size_t index);

  std::string name_;
  std::vector<Value*> inputs_, outputs_;
  std::list<std::unique_ptr<Node>> nodes_;
  std::map<std::string, std::unique_ptr<Value>, std::less<>> values_;  // by name
  int64_t next_name_ = 0;
  std::shared_ptr<int64_t> fresh_counter_ = std::make_shared<int64_t>(0);
};

}  // namespace ingot
