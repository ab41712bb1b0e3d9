// The transforms around Winograd's products, for one tile and one block of channels. Compiled per instruction
// set.
#pragma once

#include <cstdint>

#include "backends/cpu/kernels/simd/isa.h"

namespace ingot::cpu {

/// Pixels of a tile that exist: rows [y0, y1), columns [x0, x1).
struct TileBounds {
  int y0, y1, x0, x1;
};

/// B^T d B. `src` is where the tile's first pixel would lie; pixels outside of `bounds` count as zeros and
/// are not read. Element e = row * size + column of the result goes to dst + e * dst_element.
struct WinogradInput {
  const float* src;
  int64_t row, pixel;  // floats between rows and between pixels
  TileBounds bounds;
  float* dst;
  int64_t dst_element;
};

/// clamp(A^T m A + bias + residual), written where `bounds` has pixels.
struct WinogradOutput {
  const float* src;
  int64_t src_element;
  const float* bias;      // [V] or null
  const float* residual;  // as dst, or null
  float* dst;
  int64_t row, pixel;
  TileBounds bounds;
  bool clamp;
  float lo, hi;
};

struct WinogradKernels {
  void (*input2)(const WinogradInput&);  // F(2x2, 3x3): 4 x 4 pixels to 16 elements
  void (*output2)(const WinogradOutput&);
  void (*input4)(const WinogradInput&);  // F(4x4, 3x3): 6 x 6 pixels to 36 elements
  void (*output4)(const WinogradOutput&);
};

const WinogradKernels& winograd_kernels(Isa isa);

}  // namespace ingot::cpu
