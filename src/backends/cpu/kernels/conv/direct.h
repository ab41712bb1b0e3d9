// Direct convolution: a tile of neighbouring pixels is a sum over source blocks and taps of small matrix
// products. Nothing is copied or padded: a tap that falls outside of the image for some pixels is a product
// of fewer rows.
#pragma once

#include <string>
#include <vector>

#include "backends/cpu/kernels/conv/conv.h"
#include "backends/cpu/kernels/gemm/panel.h"
#include "backends/cpu/kernels/gemm/tile_choice.h"

namespace ingot::cpu {

/// What may be chosen without changing the result's meaning. Zero means: choose.
struct DirectConvTuning {
  int rows = 0, vecs = 0;   // the tile
  int64_t k_block = 0;      // k's that one panel of weights has
  int64_t strip_bytes = 0;  // of the source that all output channels visit before the next part of it
  int row_threads = 0;      // threads along the pixels; the others lie along the output channels
  bool operator==(const DirectConvTuning&) const = default;
};

/// Ready for its shapes and thread count. Immutable after construction. Needs no scratch.
class DirectConv {
 public:
  /// `by_rows`: for `run_rows`, which has to find the image's rows again.
  DirectConv(const ConvDesc& desc, Isa isa, const DirectConvTuning& tuning, int threads,
             bool by_rows = false);
  const DirectConvTuning& tuning() const { return tuning_; }  // all chosen
  /// The pool has the thread count given at construction. Allocates nothing.
  void run(ThreadPool& pool, const ConvBuffers& buffers) const;
  /// Some rows and output blocks of the first image, on the calling thread.
  void run_rows(const ConvBuffers& buffers, Share rows, Share blocks) const;
  /// The same for some of all its tiles, row by row.
  void run_tiles(const ConvBuffers& buffers, Share tiles, Share blocks) const;
  int64_t tiles() const { return out_h_ * static_cast<int64_t>(column_tiles_.size()); }
  /// Pixels of the image that these tiles make, where it is one row: as all are with one tap and no stride or
  /// padding, unless `by_rows`.
  Share pixels_of(Share tiles) const;

 private:
  // Kernel columns [begin, end) that are inside of the image for the rows [first, first + rows) of a tile.
  struct Run {
    int columns;  // index into column_ranges_
    int first, rows;
  };
  struct ColumnTile {
    int64_t x;
    int rows;
    int run_begin, run_end;  // in runs_
    bool covered;            // the first run has all rows
  };
  // Offsets of the blocks and taps for one panel, for some kernel rows and columns.
  struct Taps {
    int64_t begin, per_step;
    int64_t depth;
  };
  struct Range {
    int64_t begin, end;
    bool operator==(const Range&) const = default;
  };
  struct Position;

  void choose(const DirectConvTuning& wanted);
  Range inside(int axis, int64_t at) const;
  void plan_columns();
  void plan_rows();
  void plan_taps();
  Taps make_taps(Range rows, Range columns, int64_t steps);
  void run_strip(const ConvBuffers& buffers, int64_t image, Share units, Share vecs) const;
  void run_panel(const ConvBuffers& buffers, const Position& at) const;
  void run_tile(TileArgs& t, const Position& at, const ColumnTile& tile, int row_class) const;
  void finish_tiles(const ConvBuffers& buffers, const Position& at, float* c, int64_t rows) const;

  ConvDesc desc_;  // a product with one tap on dense pixels is made one row
  ConvWeights weights_;
  const TileKernels& kernels_;
  int threads_;
  DirectConvTuning tuning_;
  ThreadGrid grid_;
  int64_t out_h_, out_w_;
  int64_t src_plane_, src_image_, dst_plane_, dst_image_, residual_image_;
  int64_t dst_row_, dst_pixel_, dst_start_;
  int64_t strip_units_ = 1;
  std::vector<Run> runs_;
  std::vector<ColumnTile> column_tiles_;
  std::vector<Range> column_ranges_, row_ranges_;  // of taps
  std::vector<int> row_class_;                     // of each output row, in row_ranges_
  std::vector<Share> panels_;                      // steps of each
  std::vector<Taps> taps_;                         // [row range][column range]
  std::vector<int64_t> a_offsets_, b_offsets_;
};

/// "conv_direct_f32_14x2__avx512"
std::string direct_conv_name(const DirectConvTuning& tuning, Isa isa);
/// What is worth timing, best guess first.
std::vector<DirectConvTuning> direct_conv_candidates(const ConvDesc& desc, Isa isa, int threads);

}  // namespace ingot::cpu
