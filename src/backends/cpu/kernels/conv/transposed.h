// Transposed convolution, taken apart into phases: the output pixels whose coordinates leave the same rest by
// the stride are a direct convolution of the source with every stride-th tap.
#pragma once

#include <vector>

#include "backends/cpu/kernels/conv/direct.h"

namespace ingot::cpu {

/// out[y] = sum over i, k with y = i * stride - pad_begin + k * dilation of in[i] w[k], for `out` pixels on
/// each axis (which output padding or an explicit shape decide).
struct TransposedConvDesc {
  ConvDesc conv;  // in_channels, kernel, stride... as the transposed convolution has them; pad_end unused
  int64_t out[2] = {1, 1};
};

class TransposedConv {
 public:
  TransposedConv(const TransposedConvDesc& desc, Isa isa, int threads);
  int64_t weight_floats() const { return weight_floats_; }
  /// `weights` is [in_channels][out_channels / groups][kernel h][kernel w].
  void pack(const float* weights, float* packed) const;
  /// The pool has the thread count given at construction. Allocates nothing.
  void run(ThreadPool& pool, const ConvBuffers& buffers) const;

 private:
  // The taps of one axis that reach one phase: first, first + step... As a convolution they are reversed.
  struct AxisTaps {
    int64_t first, step, count;
    int64_t dilation, pad;
  };
  struct Phase {
    DirectConv conv;
    ConvWeights weights;
    AxisTaps taps[2];
    int64_t offset;  // of the packed weights
  };
  static AxisTaps axis_taps(const ConvDesc& desc, int axis, int64_t phase);

  ConvDesc desc_;
  std::vector<Phase> phases_;
  int64_t weight_floats_ = 0;
};

}  // namespace ingot::cpu
