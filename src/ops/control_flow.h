// What If, Loop and Scan share: types that several ways through a subgraph agree on, and tensors that outlive
// them.
#pragma once

#include <set>

#include "ops/common.h"

namespace ingot::ops {

/// What is known of a value that has type `a` or type `b`: dims that differ become fresh symbols, ranks that
/// differ leave it unranked. Element types must agree.
Result<TensorType> join(InferContext& c, const TensorType& a, const TensorType& b);

/// The symbols in the types of the inputs: those that mean the same outside and inside of a subgraph.
std::set<std::string> outer_symbols(const InferContext& c);
/// The dims of `shape` as seen from outside of a subgraph: those that depend on symbols of its own become
/// fresh.
Shape outside(InferContext& c, const Shape& shape, const std::set<std::string>& known);

/// Copies those tensors that borrow the memory of `formals` (a body that passes an input on): a tensor that
/// goes into the next iteration must not refer to the last one's.
Status own(std::vector<Tensor>& tensors, std::span<const TensorView> formals);

/// Output i of the node as a copy of `value`.
Status set_output(EvalContext& c, size_t i, const TensorView& value);

/// Output i as the slices stacked along a new axis. No slices: the subgraph's output `k` tells the type.
Status set_stacked(EvalContext& c, size_t i, std::string_view subgraph, size_t k,
                   const std::vector<Tensor>& slices, int64_t axis);

}  // namespace ingot::ops
