#include "backends/cpu/kernels/pointwise/tile_post.h"

#include <algorithm>

#include "base/status.h"

namespace ingot::cpu {
namespace {

constexpr int64_t kBlock = VectorProgram::kBlock;
// Values alive at once and operands to spread, in blocks on the stack: 24 KB.
constexpr int kStackBlocks = 12;
constexpr int64_t kShortRow = 128;  // rows below are packed together, so that a call has enough to do

}  // namespace

TilePost::TilePost(const TilePostDesc& desc, Isa isa)
    : program_(desc.program, isa), operands_(desc.operands), lanes_(block_of(isa)) {
  INGOT_CHECK(fits(desc));
}

bool TilePost::fits(const TilePostDesc& desc) {
  const VectorProgram program(desc.program, Isa::baseline);
  return program.scratch_floats() + static_cast<int64_t>(desc.operands.size() + 1) * kBlock <=
         kStackBlocks * kBlock;
}

// With `by_lane` the row is one channel block, so channel operands go by lanes.
void TilePost::apply_row(const float* const* operands, const float* from, float* to, int64_t offset,
                         int64_t channel, int64_t n, bool by_lane) const {
  float scratch[kStackBlocks * kBlock];
  VectorInput in[VectorProgram::kMaxInputs];
  for (int64_t start = 0; start < n; start += kBlock) {
    in[0] = {from + start};
    for (size_t i = 0; i < operands_.size(); ++i) {
      if (operands_[i] == PostAccess::kSame)
        in[1 + i] = {operands[i] + offset + start};
      else if (operands_[i] == PostAccess::kNumber)
        in[1 + i] = {operands[i], VectorInput::kNumber};
      else if (by_lane)
        in[1 + i] = {operands[i] + channel, VectorInput::kLanes};
      else
        in[1 + i] = {operands[i] + channel + start};
    }
    program_.execute(in, to + start, std::min(kBlock, n - start), scratch);
  }
}

// Short rows: as many as fill a block are copied together, with their operands, and back.
void TilePost::apply_packed(const float* const* operands, float* tile, int64_t offset, int64_t channel,
                            int64_t rows, int64_t row_stride, int64_t cols) const {
  float scratch[kStackBlocks * kBlock];
  float* const buffers = scratch + program_.scratch_floats();
  VectorInput in[VectorProgram::kMaxInputs];
  const int64_t group = kBlock / cols;
  const bool dense = row_stride == cols;
  auto pack = [&](const float* from, int64_t from_stride, int64_t count, float* to) {
    for (int64_t r = 0; r < count; ++r) std::copy_n(from + r * from_stride, cols, to + r * cols);
  };
  for (size_t i = 0; i < operands_.size(); ++i)
    if (operands_[i] == PostAccess::kChannel)
      pack(operands[i] + channel, 0, std::min(group, rows), buffers + static_cast<int64_t>(1 + i) * kBlock);
  for (int64_t r = 0; r < rows; r += group) {
    const int64_t count = std::min(group, rows - r);
    float* piece = tile + r * row_stride;
    if (!dense) pack(piece, row_stride, count, buffers);
    float* data = dense ? piece : buffers;
    in[0] = {data};
    for (size_t i = 0; i < operands_.size(); ++i) {
      float* buffer = buffers + static_cast<int64_t>(1 + i) * kBlock;
      const float* same = operands[i] + offset + r * row_stride;
      if (operands_[i] == PostAccess::kSame && !dense) pack(same, row_stride, count, buffer);
      in[1 + i] = operands_[i] == PostAccess::kNumber ? VectorInput{operands[i], VectorInput::kNumber}
                  : operands_[i] == PostAccess::kSame && dense ? VectorInput{same}
                                                               : VectorInput{buffer};
    }
    program_.execute(in, data, count * cols, scratch);
    for (int64_t k = 0; !dense && k < count; ++k)
      std::copy_n(buffers + k * cols, cols, piece + k * row_stride);
  }
}

void TilePost::apply(const float* const* operands, float* tile, int64_t offset, int64_t channel, int64_t rows,
                     int64_t row_stride, int64_t cols) const {
  const bool by_channel =
      std::find(operands_.begin(), operands_.end(), PostAccess::kChannel) != operands_.end();
  const bool by_lane = cols == lanes_;
  if (row_stride == cols && (by_lane || !by_channel))
    return apply_row(operands, tile, tile, offset, channel, rows * cols, by_lane);
  if (cols < kShortRow && rows > 1)
    return apply_packed(operands, tile, offset, channel, rows, row_stride, cols);
  for (int64_t r = 0; r < rows; ++r)
    apply_row(operands, tile + r * row_stride, tile + r * row_stride, offset + r * row_stride, channel, cols,
              false);
}

}  // namespace ingot::cpu
