// View: a value as a rearrangement of the elements of another, so that a chain of Reshape, Transpose,
// Squeeze, Split... can be understood as a whole, for symbolic sizes, too.
#pragma once

#include "passes/rewrite.h"

namespace ingot::passes {

/// `extent` places, `stride` elements of the root apart.
struct Atom {
  Dim extent, stride;
  friend bool operator==(const Atom&, const Atom&) = default;
};

/// One dimension, as the row-major product of its atoms: a dimension that a Reshape made of two that do not
/// lie together has two. None: a dimension of size 1.
using ViewDim = std::vector<Atom>;

struct View {
  Value* root = nullptr;
  Dim offset;  // of the first element, in elements of the root
  std::vector<ViewDim> dims;

  /// All of `root`, which is ranked.
  static View whole(Value* root);
  /// This view, rearranged as `movement` (a node for which is_movement holds) does it to its input 0; its
  /// result `output`. False where that cannot be said.
  bool apply(const Node& movement, size_t output = 0);
  bool reshape(const Shape& shape);
};

/// Reshape, Squeeze, Unsqueeze, Flatten.
bool is_reshape(const Node& node);
/// is_reshape or Transpose: all elements, in another order.
bool is_rearrangement(const Node& node);
/// is_rearrangement, or Split, Slice or Gather that takes a constant part of one dimension.
bool is_movement(const Node& node);
/// The permutation of a Transpose whose input has a known rank.
Ints perm_of(const Node& transpose);

/// a / b where it is exact for all sizes.
std::optional<Dim> divide_exactly(const Dim& a, const Dim& b);

}  // namespace ingot::passes
