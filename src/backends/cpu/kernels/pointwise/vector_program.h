// VectorProgram: a chain of pointwise functions made ready to run over short arrays of floats that stay in
// the L1 cache, one tight loop per instruction. Pointwise and TilePost are built on it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "backends/cpu/kernels/simd/isa.h"

namespace ingot::cpu {

enum class VectorOp : uint8_t {
#define INGOT_VECTOR_OP(name, operands, expression) k_##name,
#include "backends/cpu/kernels/pointwise/vector_ops.inc"
#undef INGOT_VECTOR_OP
  kCount
};
/// By the name in vector_ops.inc; kCount for an unknown one.
VectorOp find_vector_op(std::string_view name);
int operands_of(VectorOp op);

struct VectorOperand {
  enum Kind : uint8_t { kInput, kTemp, kNumber };
  Kind kind = kNumber;
  int index = 0;     // of the input, or of the instruction whose result this is
  float number = 0;  // of kNumber
};
struct VectorInstruction {
  VectorOp op;
  VectorOperand operands[3];
};

/// dst[i] = f(a[i], b[i], c[i]). A fixed operand has only block_of(isa) elements, which count again and
/// again. dst may be an operand that is not fixed.
using VectorFunction = void (*)(float* dst, const float* a, const float* b, const float* c, int64_t n);
struct VectorFunctions {
  /// Second index: bits 0 to 2 say that a, b or c is one number. Null where that form does not exist: the
  /// number is then spread out first.
  VectorFunction op[static_cast<int>(VectorOp::kCount)][8];
};
const VectorFunctions& vector_functions(Isa isa);

/// An input of one call of execute(): an array, one number for all elements, or the same block_of(isa)
/// numbers for each so many elements.
struct VectorInput {
  enum Kind : uint8_t { kArray, kNumber, kLanes };
  const float* data;
  Kind kind = kArray;
};

class VectorProgram {
 public:
  static constexpr int kBlock = 512;  // elements of one call at most
  static constexpr int kMaxInputs = 64;

  /// The instructions are valid: operands that exist, at least one instruction. The last one's result counts.
  VectorProgram(std::span<const VectorInstruction> instructions, Isa isa);

  int num_inputs() const { return num_inputs_; }
  /// Floats of scratch that execute() works in: one block per value alive at a time.
  int64_t scratch_floats() const { return static_cast<int64_t>(slots_ + 1) * kBlock; }
  /// Whether finite inputs may give an infinity or NaN other than by overflow of a sum or product (log,
  /// division).
  bool may_leave_numbers() const { return may_leave_numbers_; }

  /// dst[0, n) for n <= kBlock. dst may be an input that is an array.
  void execute(const VectorInput* inputs, float* dst, int64_t n, float* scratch) const;

 private:
  struct Ref {
    VectorOperand::Kind kind;
    int index;  // of the input or slot, or the offset of the numbers
  };
  struct Step {
    VectorOp op;
    Ref operands[3];
    int slot;  // of the result; -1: dst
  };
  const VectorFunctions* functions_;
  int lanes_;
  std::vector<Step> steps_;
  std::vector<float> numbers_;  // each of them lanes_ times
  int slots_ = 0, num_inputs_ = 0;
  bool may_leave_numbers_ = false;
};

}  // namespace ingot::cpu
