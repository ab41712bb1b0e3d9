// A convolution, a depthwise one on its result and perhaps a pointwise one on that, by strips of rows: what
// lies between them stays in the second cache.
//
// Each thread makes some rows of the result, or of some channels of the depthwise one's; the last convolution
// then comes after it. The first one's rows lie in a ring, as many as the next strip reads, between margins
// of zeros; each is computed once, but for those that two threads need.
#pragma once

#include <optional>

#include "backends/cpu/kernels/conv/direct.h"
#include "backends/cpu/kernels/depthwise/depthwise.h"

namespace ingot::cpu {

struct ConvChainDesc {
  ConvDesc first;                // one group
  ConvDesc depthwise;            // as many groups as channels
  std::optional<ConvDesc> last;  // 1x1 without stride and padding
};
/// Null where a ConvChain can compute it, or why it cannot.
const char* conv_chain_why_not(const ConvChainDesc& desc);

/// What may be chosen. Zero means: choose.
struct ConvChainTuning {
  int64_t rows = 0;                   // of the depthwise result that are made together
  int first_vecs = 0, last_vecs = 0;  // of the tiles
  int row_threads = 0;                // threads along the rows; the others lie along the channels between
  bool operator==(const ConvChainTuning&) const = default;
};

class ConvChain {
 public:
  ConvChain(const ConvChainDesc& desc, Isa isa, const ConvChainTuning& tuning, int threads);
  const ConvChainTuning& tuning() const { return tuning_; }  // all chosen
  int64_t scratch_floats() const { return threads_ * ring_floats() + between_floats(); }

  struct Stage {
    const float* weights;  // packed
    const float* bias = nullptr;
    PostCall post = {};  // on the stage's result; only the last one's may read further tensors
  };
  struct Operands {
    const float* src;
    Stage first, depthwise, last = {};
    const float* residual = nullptr;  // of the last convolution
    float* dst;
    float* scratch;
  };
  /// The pool has the thread count given at construction. Allocates nothing.
  void run(ThreadPool& pool, const Operands& operands) const;

 private:
  ConvDesc into_ring() const;
  ConvDesc from_strip() const;
  bool apart() const { return last_ && columns_ > 1; }
  int64_t ring_floats() const { return ring_blocks_ * ring_plane_; }
  int64_t between_floats() const {
    return !last_ ? 0 : (apart() ? depthwise_.batch : threads_) * middle_blocks_ * between_plane_;
  }
  Share rows_read(Share rows) const;
  void clear_margins(float* ring) const;
  void run_part(const Operands& operands, int64_t image, Share rows, Share blocks, float* ring,
                float* between) const;
  void run_last(const Operands& operands, int64_t image, Share rows, const float* between) const;
  void fill_ring(const Operands& operands, const float* src, Share rows, Share blocks, float* ring) const;
  void run_depthwise(const Operands& operands, int64_t block, Share rows, const float* ring, float* y) const;

  ConvChainDesc desc_;
  DepthwiseDesc depthwise_;
  int threads_;
  int64_t lanes_;
  ConvChainTuning tuning_;
  int64_t ring_rows_;
  int columns_;  // threads along the channels between
  int64_t middle_blocks_, ring_blocks_, last_blocks_ = 0;
  int64_t padded_w_, ring_plane_;
  int64_t between_plane_ =
      0;  // floats of a block of the depthwise result that `last` reads: of a strip, or of all rows
  int64_t src_image_, dst_image_;
  std::optional<DirectConv> first_, last_;
  const DepthwiseKernels& kernels_;
  DepthwiseKernels::RowFunction row_function_;
};

/// "conv_chain_f32_r4__avx512"
std::string conv_chain_name(const ConvChainTuning& tuning, Isa isa);
/// What is worth timing, best guess first.
std::vector<ConvChainTuning> conv_chain_candidates(const ConvChainDesc& desc, Isa isa, int threads);

}  // namespace ingot::cpu
