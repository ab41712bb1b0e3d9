// PointwiseProgram: a chain of pointwise functions as plain text, "add x0 x1; relu t0; mul t1 #0.5".
//
// It is how a fused group of pointwise ops, or the epilogue of a convolution or matrix product, is written in
// an attribute. Operands: x<i> is input i, t<i> the result of instruction i, #c a number (of float
// precision). The last instruction's result is the program's. The instructions are listed in
// pointwise_instructions.inc.
#pragma once

#include <array>
#include <optional>

#include "base/tensor.h"

namespace ingot::ops {

enum class PointwiseOp : uint8_t {
#define INGOT_POINTWISE(name, operands, flops, expression) k_##name,
#include "ops/pointwise_instructions.inc"
#undef INGOT_POINTWISE
};

struct PointwiseOpInfo {
  std::string_view name;
  int operands;  // 1 to 3
  int flops;     // a rough weight: 1 for an addition, 10 to 20 for a transcendental function
};

/// All instructions, indexed by PointwiseOp.
std::span<const PointwiseOpInfo> pointwise_ops();
inline const PointwiseOpInfo& info(PointwiseOp op) { return pointwise_ops()[static_cast<size_t>(op)]; }
/// By its name; nullopt for an unknown one.
std::optional<PointwiseOp> find_pointwise_op(std::string_view name);

struct PointwiseOperand {
  enum Kind : uint8_t { kInput, kTemp, kNumber };
  Kind kind = kNumber;
  int index = 0;     // of the input or instruction
  float number = 0;  // of kNumber
  static PointwiseOperand input(int i) { return {kInput, i, 0}; }
  static PointwiseOperand temp(int i) { return {kTemp, i, 0}; }
  static PointwiseOperand value(float v) { return {kNumber, 0, v}; }
};

struct PointwiseInstruction {
  PointwiseOp op;
  std::array<PointwiseOperand, 3> operands;  // the first info(op).operands of them
};

/// Valid by construction when it comes from `parse`; one that is built by hand is checked with `validate`.
struct PointwiseProgram {
  static constexpr int kMaxInstructions = 256;
  static constexpr int kMaxInputs = 64;

  std::vector<PointwiseInstruction> instructions;

  static Result<PointwiseProgram> parse(std::string_view text);
  /// Text that `parse` reads back.
  std::string to_string() const;
  /// At least one instruction, temps that are already computed, inputs below `num_inputs`.
  Status validate(int num_inputs = kMaxInputs) const;
  /// One more than the highest input that is used.
  int num_inputs() const;
  int flops() const;  // per element

  /// The result for one element.
  double evaluate(std::span<const double> inputs) const;
  /// For every element of y: inputs are floating tensors that broadcast to y.dims. y may be inputs[i] itself
  /// where their dims are equal.
  Status run(std::span<const TensorView> inputs, const TensorView& y) const;
};

}  // namespace ingot::ops
