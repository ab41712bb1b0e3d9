// Short forms for passes that write an op out in others.
#pragma once

#include "passes/weights.h"

namespace ingot::passes {

/// Puts ops before a node.
struct Writer {
  Node* node;

  Result<Value*> op(std::string_view name, std::vector<Value*> inputs, Attrs attrs = {}) const {
    return insert(node, name, std::move(inputs), std::move(attrs));
  }
  /// With a number of the type of `v` as the second operand.
  Result<Value*> with_number(std::string_view name, Value* v, double value) const {
    INGOT_ASSIGN_OR_RETURN(Tensor t, filled(v->dtype(), {}, value));
    return op(name, {v, node->graph().add_constant("number", std::move(t))});
  }
  Value* ints(const Ints& values) const {
    return node->graph().add_constant("ints", Tensor::vector_i64(values));
  }
  /// The elements from `begin` to before `end` along an axis; end -1: all the rest.
  Result<Value*> slice(Value* v, int64_t axis, int64_t begin, int64_t end, int64_t step = 1) const {
    const int64_t last = end < 0 ? std::numeric_limits<int64_t>::max() : end;
    return op("Slice", {v, ints({begin}), ints({last}), ints({axis}), ints({step})});
  }
};

}  // namespace ingot::passes
