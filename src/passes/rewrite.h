// What passes are written with: questions about values and nodes, and changes that keep the graph sound.
//
// Passes walk `graph.node_list()` in order and match patterns by their last node. A rewrite puts new nodes
// where that node stood and erases only it and nodes before it, so the walk goes on safely.
#pragma once

#include <initializer_list>

#include "ir/graph.h"

namespace ingot::passes {

/// The node that makes `v`, when it is an `op`; null otherwise.
Node* producer(const Value* v, std::string_view op);
bool is_any(const Node& node, std::initializer_list<std::string_view> ops);
/// Used by one input of one node, and not a graph output.
bool used_once(const Value* v);
/// The node whose inputs are all uses of `v`, or null where there are several or `v` is a graph output.
Node* only_user(const Value* v);

/// The single element of a float or integer constant.
std::optional<double> scalar(const Value* v);
/// `scalar(v)` is `expected` up to float rounding.
bool is_scalar(const Value* v, double expected);
/// The integers of a constant, or of shape arithmetic that is known.
std::optional<Ints> ints(const Value* v);
bool all_equal(const Tensor& t, double value);
bool all_are(const Ints& values, int64_t expected);

/// A node of two operands, one of them a scalar constant that does not change the other's shape.
struct WithScalar {
  Value* value;
  double scalar;
  size_t value_index;  // which input `value` is
};
std::optional<WithScalar> with_scalar(const Node& node);
/// The other operand of a node with two.
Value* other(const Node& node, const Value* operand);

/// `axis` of a value with known rank, counted from the front; -1 where it is out of range.
int axis_of(const Node& node, std::string_view attribute, int64_t fallback, const Value* v);

/// Adds a node before `before` and infers it; its first output. Errors are bugs of the pass.
Result<Value*> insert(Node* before, std::string_view op, std::vector<Value*> inputs, Attrs attrs = {},
                      std::string name = "");
/// Whether `to` says all about its type that `from` does.
bool refines(const TensorType& to, const TensorType& from);
/// Whether no graph output loses its name when `to` replaces `from`.
bool keeps_names(const Value* from, const Value* to);
/// Whether all uses of `from` could use `to`: keeps_names, and the type fits.
bool can_replace(const Value* from, const Value* to);
/// The only output of `node` is replaced by `with`, whose type must fit. Then `node`, and what has become
/// unused before it, is erased. `with` takes over the name where it has none of its own.
void replace(Node* node, Value* with);
/// `replace` by a new node, or false (and no change) where its type would not fit.
Result<bool> replace_by(Node* node, std::string_view op, std::vector<Value*> inputs, Attrs attrs = {});
/// Erases `node` if none of its outputs is used, and then what has become unused before it.
void erase_unused(Node* node);

/// The integers of a Reshape that makes `to` of `from` (0: as in `from`, -1 at most once), where such a
/// constant exists.
std::optional<Ints> reshape_target(const Shape& from, const Shape& to);
/// A Reshape of `v` to `shape`, or null where its target cannot be written as a constant.
Result<Value*> insert_reshape(Node* before, Value* v, const Shape& shape);

}  // namespace ingot::passes
