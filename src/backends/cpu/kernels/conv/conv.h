// What all convolution algorithms share: the description, output sizes, packed weights, epilogue.
//
// Activations are blocked, [batch][channel / V][h][w][V] with zeros where the channels end (V is the vector
// length), except a plain source, [batch][channel][h][w], which a network's first layer reads.
#pragma once

#include <cstdint>

#include "backends/cpu/kernels/simd/isa.h"

namespace ingot::cpu {

/// Pairs are (height, width).
struct ConvDesc {
  int64_t batch = 1, in_channels = 0, out_channels = 0;
  int64_t in[2] = {1, 1};
  int64_t kernel[2] = {1, 1};
  int64_t stride[2] = {1, 1};
  int64_t dilation[2] = {1, 1};
  int64_t pad_begin[2] = {0, 0};
  int64_t pad_end[2] = {0, 0};
  int64_t groups = 1;
  bool plain_src = false;
  bool clamp = false;
  float lo = 0, hi = 0;
  // The result may be spread over a larger image: pixel (y, x) goes to first + step * (y, x). Size 0 means
  // the result's own.
  int64_t dst_size[2] = {0, 0};
  int64_t dst_step[2] = {1, 1};
  int64_t dst_first[2] = {0, 0};
  // Floats between two images; 0 where they follow each other. Others let a tensor be a part of a larger one.
  int64_t src_image = 0, dst_image = 0, residual_image = 0;
  // Floats between two blocks of the source's channels; 0 where they follow each other.
  int64_t src_plane = 0;

  int64_t out(int axis) const {
    const int64_t extent = dilation[axis] * (kernel[axis] - 1) + 1;
    return (in[axis] + pad_begin[axis] + pad_end[axis] - extent) / stride[axis] + 1;
  }
  int64_t dst_extent(int axis) const { return dst_size[axis] ? dst_size[axis] : out(axis); }
  int64_t macs() const {
    return batch * out_channels * out(0) * out(1) * (in_channels / groups) * kernel[0] * kernel[1];
  }
};

/// How packed weights are laid out: for each output block the source channels that it reads, in steps of a
/// few; for each step the taps, for each of those its channels: [out_blocks][steps][kernel h][kernel
/// w][step][V]. Where groups are no multiple of the block, an output block reads the union of its groups'
/// blocks, with zeros between.
struct ConvWeights {
  ConvWeights(const ConvDesc& desc, Isa isa);
  int64_t first_block(int64_t out_block) const;  // of the source
  int64_t out_block_floats() const { return steps * step * taps * lanes; }
  int64_t floats() const { return out_blocks * out_block_floats(); }
  /// `weights` is [out_channels][in_channels / groups][kernel h][kernel w].
  void pack(const float* weights, float* packed) const;

  int64_t lanes, block;      // V, and channels in a source block: V, or 1 in a plain source
  int64_t out_blocks, taps;  // taps: kernel h * kernel w
  int64_t step, steps;       // channels of a step (a divisor of the block), steps that an output block reads

 private:
  int64_t in_channels_, out_channels_, groups_, source_blocks_;
};

/// Floats of a blocked tensor of that many channels and pixels.
inline int64_t blocked_floats(int64_t channels, int64_t pixels, Isa isa) {
  const int64_t lanes = block_of(isa);
  return (channels + lanes - 1) / lanes * lanes * pixels;
}

/// A finished part of the result, still in the first cache: `pixels` that follow each other in `vecs` blocks.
struct ConvTile {
  float* c;
  int64_t c_vec;  // floats between blocks
  int64_t image, pixel, channel;
  int64_t pixels, vecs;
};
struct ConvPost {
  void (*run)(const void* context, const ConvTile& tile) = nullptr;
  const void* context = nullptr;
};

struct ConvBuffers {
  const float* src = nullptr;
  int64_t src_pixel = 0, dst_pixel = 0;  // of the image, that src and dst begin with
  const float* weights = nullptr;        // packed
  const float* bias = nullptr;           // [out_blocks * V], zeros where the channels end; or null
  const float* residual = nullptr;       // as the destination, which it may be; or null
  float* dst = nullptr;
  float* scratch = nullptr;  // 64-byte aligned
  ConvPost post = {};
};

}  // namespace ingot::cpu
