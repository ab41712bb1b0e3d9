// TilePost: a vector program that a convolution, matrix product or pooling calls on each finished piece of
// its output while that is in the cache. Input 0 of the program is the piece itself; the others are further
// tensors, such as the residual of a network's block.
#pragma once

#include "backends/cpu/kernels/pointwise/vector_program.h"

namespace ingot::cpu {

/// How a further operand lies in relation to the kernel's output.
enum class PostAccess : uint8_t {
  kSame,     // same shape and layout: the element at the same offset
  kChannel,  // one for each output channel (or column)
  kNumber,   // one for all
};

struct TilePostDesc {
  std::vector<VectorInstruction> program;  // input 0: the tile; input 1 + i: operand i
  std::vector<PostAccess> operands;
};

class TilePost {
 public:
  /// `desc` fits.
  TilePost(const TilePostDesc& desc, Isa isa);
  /// Whether the program's values and operands fit into what apply() takes of the stack: all but very long
  /// ones do.
  static bool fits(const TilePostDesc& desc);
  size_t num_operands() const { return operands_.size(); }

  /// Replaces `rows` x `cols` floats at `tile`, rows `row_stride` apart. `offset` = tile - (start of the
  /// output), in floats; `channel`: output channel of the first column. Works on the caller's stack and
  /// allocates nothing, so any number of threads may call it at once. Best on pieces of 512 floats and more.
  void apply(const float* const* operands, float* tile, int64_t offset, int64_t channel, int64_t rows,
             int64_t row_stride, int64_t cols) const;
  /// The same for `n` floats of one block of channels, which are read at `from`.
  void apply_block(const float* const* operands, const float* from, float* to, int64_t offset,
                   int64_t channel, int64_t n) const {
    apply_row(operands, from, to, offset, channel, n, true);
  }

 private:
  void apply_row(const float* const* operands, const float* from, float* to, int64_t offset, int64_t channel,
                 int64_t n, bool by_lane) const;
  void apply_packed(const float* const* operands, float* tile, int64_t offset, int64_t channel, int64_t rows,
                    int64_t row_stride, int64_t cols) const;

  VectorProgram program_;
  std::vector<PostAccess> operands_;
  int64_t lanes_;
};

/// A TilePost and the operands of one run: what a kernel's run() takes. Null program: nothing to do.
struct PostCall {
  const TilePost* program = nullptr;
  const float* const* operands = nullptr;
  void operator()(float* tile, int64_t offset, int64_t channel, int64_t rows, int64_t row_stride,
                  int64_t cols) const {
    if (program != nullptr) program->apply(operands, tile, offset, channel, rows, row_stride, cols);
  }
};

}  // namespace ingot::cpu
