// PointwiseBuilder: nodes of the graph as instructions of a pointwise program.
#pragma once

#include <map>

#include "ops/pointwise_program.h"
#include "passes/rewrite.h"

namespace ingot::passes {

class PointwiseBuilder {
 public:
  /// Whether `node` is a pointwise function of floats (and of the booleans that comparisons of floats give).
  static bool supports(const Node& node);

  /// Adds the node's instructions. Operands that no added node makes become inputs of the program, or numbers
  /// where they are scalar constants. False, and the builder is of no more use, when the program gets too
  /// long.
  bool add(const Node& node);

  const ops::PointwiseProgram& program() const { return program_; }
  const std::vector<Value*>& inputs() const { return inputs_; }

 private:
  using Operand = ops::PointwiseOperand;
  using Op = ops::PointwiseOp;
  Operand operand(Value* v);
  Operand emit(Op op, Operand a, Operand b = Operand::value(0), Operand c = Operand::value(0));
  std::optional<Operand> lower(const Node& node);
  Operand lower_variadic(const Node& node, Op op);
  Operand lower_pow(const Node& node);

  ops::PointwiseProgram program_;
  std::vector<Value*> inputs_;
  std::map<const Value*, Operand> known_;
};

}  // namespace ingot::passes
