// Winograd's convolution for 3x3 kernels without stride: F(2x2, 3x3) needs 16 multiplications for 4 pixels
// instead of 36, F(4x4, 3x3) 36 for 16 instead of 144. Dilation is taken apart into phases.
//
// In float32, F(4x4) is right to about 1e-5 of the largest value, F(2x2) to about 1e-6.
#pragma once

#include <string>
#include <vector>

#include "backends/cpu/kernels/conv/conv.h"
#include "backends/cpu/kernels/conv/winograd_kernels.h"
#include "backends/cpu/kernels/gemm/panel.h"
#include "backends/cpu/kernels/gemm/tile_choice.h"

namespace ingot::cpu {

/// What may be chosen. Zero means: choose.
struct WinogradTuning {
  int m = 4;     // pixels of a tile in each direction: 2 or 4
  int vecs = 0;  // of the products' tiles
  // Tiles that are transformed, multiplied and transformed back together: as many as leave the transformed
  // ones in the second cache; or, by element, more, and the products of all output blocks are made for one
  // element after the other, so that the weights are read once.
  int64_t group_tiles = 0;
  bool by_element = false;  // chosen only together with group_tiles
  int channel_threads = 0;  // threads along the output channels; the others lie along the tiles
  bool operator==(const WinogradTuning&) const = default;
};

/// Null where Winograd can compute the convolution, or why it cannot.
const char* winograd_why_not(const ConvDesc& desc);

/// Transformed weights: [out block][element][in channel][V].
int64_t winograd_weight_floats(const ConvDesc& desc, int m, Isa isa);
void pack_winograd_weights(const ConvDesc& desc, int m, Isa isa, const float* weights, float* packed);

/// Ready for its shapes and thread count. Immutable after construction.
class WinogradConv {
 public:
  WinogradConv(const ConvDesc& desc, Isa isa, const WinogradTuning& tuning, int threads);
  const WinogradTuning& tuning() const { return tuning_; }  // all chosen
  int64_t scratch_floats() const;
  /// The pool has the thread count given at construction. Allocates nothing.
  void run(ThreadPool& pool, const ConvBuffers& buffers) const;

 private:
  struct TileOrigin {
    int64_t image, y, x;  // of the first output pixel
  };
  void choose(const WinogradTuning& wanted);
  void plan_tiles();
  Share group(Share tiles, int64_t index, int64_t count) const;
  void transform_input(const ConvBuffers& buffers, Share tiles, Share blocks, float* v) const;
  void multiply(const ConvBuffers& buffers, Share tiles, Share vecs, const float* v, float* m) const;
  void multiply_element(const TileArgs& common, int64_t tiles, int width, const Panel& next) const;
  void transform_output(const ConvBuffers& buffers, Share tiles, int64_t vec, int width,
                        const float* m) const;

  ConvDesc desc_;
  const TileKernels& kernels_;
  const WinogradKernels& transforms_;
  int threads_;
  WinogradTuning tuning_;
  int64_t lanes_, in_blocks_, out_blocks_;
  int64_t elements_;
  int tile_threads_ = 1;
  int64_t v_floats_ = 0, m_floats_ = 0;   // of one thread or, V where threads share tiles, of all
  int64_t m_blocks_ = 0, m_element_ = 0;  // output blocks in M, and floats from one element to the next
  std::vector<TileOrigin> tiles_;
  std::vector<int64_t> a_offsets_, b_offsets_;
};

/// "conv_winograd4_f32_14x2__avx512"
std::string winograd_name(const WinogradTuning& tuning, Isa isa);
/// What is worth timing with tiles of m x m, best guess first; empty where Winograd cannot.
std::vector<WinogradTuning> winograd_candidates(const ConvDesc& desc, int m, Isa isa, int threads);

}  // namespace ingot::cpu
