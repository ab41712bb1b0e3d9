// A pointwise convolution of what a program makes of its source: some pixels of all channels at a time go
// through the program into the second cache, and from there through the products.
#pragma once

#include <optional>
#include <span>

#include "backends/cpu/kernels/conv/direct.h"
#include "backends/cpu/kernels/pointwise/tile_post.h"

namespace ingot::cpu {

/// Null where a PrologueConv can compute it, or why it cannot.
const char* prologue_conv_why_not(const ConvDesc& desc);

/// What may be chosen. Zero means: choose.
struct PrologueConvTuning {
  int vecs = 0;             // of the tiles
  int64_t strip_bytes = 0;  // of the source that go through the program together
  int row_threads = 0;      // threads along the pixels; the others lie along the output channels
  bool operator==(const PrologueConvTuning&) const = default;
};

class PrologueConv {
 public:
  PrologueConv(const ConvDesc& desc, Isa isa, const PrologueConvTuning& tuning, int threads);
  const PrologueConvTuning& tuning() const { return tuning_; }  // all chosen
  int64_t scratch_floats() const { return threads_ * in_blocks_ * strip_plane_; }

  /// The program's operands are numbers for each channel or for all: `operands[i]` of the first image,
  /// `operand_images[i]` floats from one image to the next.
  struct Prologue {
    const TilePost& program;
    std::span<const float* const> operands;
    std::span<const int64_t> operand_images;
  };
  /// The pool has the thread count given at construction. Allocates nothing.
  void run(ThreadPool& pool, const Prologue& prologue, const ConvBuffers& buffers) const;

 private:
  void run_part(const Prologue& prologue, const ConvBuffers& buffers, int64_t image, Share tiles,
                Share blocks, float* strip) const;

  ConvDesc desc_;
  int threads_;
  int64_t lanes_, pixels_, in_blocks_, out_blocks_;
  PrologueConvTuning tuning_;
  int64_t strip_tiles_, strip_plane_;
  std::optional<DirectConv> conv_;
};

/// "conv_prologue_f32_x2__avx512"
std::string prologue_conv_name(const PrologueConvTuning& tuning, Isa isa);
/// What is worth timing, best guess first.
std::vector<PrologueConvTuning> prologue_conv_candidates(const ConvDesc& desc, Isa isa, int threads);

}  // namespace ingot::cpu
