// QuantizeLinear and DequantizeLinear as the passes see them: with scales and zero points that are constants.
#pragma once

#include "passes/rewrite.h"

namespace ingot::passes {

/// value = (quantized - zero) * scale
struct Scale {
  double scale = 1, zero = 0;
  friend bool operator==(const Scale&, const Scale&) = default;
};

/// The contents of a constant, or of a short chain of nodes that is made of constants only.
std::optional<Tensor> constant_of(const Value* v);

/// The scale of a QuantizeLinear or DequantizeLinear of a whole tensor of i8, u8 or FP8 (E4M3).
std::optional<Scale> scale_of(const Node& node);
/// The DequantizeLinear of a whole tensor that makes `v`; null where it is none.
Node* dequantizer(const Value* v);

/// A layer's weights: elements of i8 or FP8 without zero points, with one scale, or one for each index along
/// `axis`.
struct QuantizedWeights {
  Tensor data;
  std::vector<double> scales;
  int axis = 0;
};
/// Where `v` is a DequantizeLinear of constants: unsigned elements become signed ones.
std::optional<QuantizedWeights> weights_of(const Value* v);

}  // namespace ingot::passes
