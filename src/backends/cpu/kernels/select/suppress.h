// Non-maximum suppression: of boxes that overlap, those with the best scores.
//
// Boxes whose extents along x do not touch cannot suppress one another, so each connected group of boxes is
// worked on by itself. Detectors that move the boxes of each class to a place of their own get one group per
// class that way.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

/// Columns of boxes: x1, y1, x2, y2, area.
using BoxColumns = std::array<double*, 5>;

struct SuppressDesc {
  int64_t boxes = 0;     // less than 2^32
  bool centers = false;  // [x center, y center, width, height], otherwise two opposite corners [y, x, y, x]
};

class Suppress {
 public:
  void prepare(const SuppressDesc& desc, Isa isa);
  /// The numbers of the boxes that are kept, best first: those with scores above `lowest` (all but NaN where
  /// it is not given) that share no more than `iou` (0 to 1) of their union with any other that is kept,
  /// `limit` at most. Valid until the next run.
  const std::vector<int64_t>& run(ThreadPool& pool, const float* boxes, const float* scores,
                                  std::optional<float> lowest, float iou, int64_t limit);

 private:
  struct Group {
    int64_t begin, end;  // of by_group_
  };
  void order_by_score(const float* scores, std::optional<float> lowest);
  void read_boxes(const float* boxes);
  void find_groups();
  void run_group(const Group& group, float iou, int64_t limit);

  SuppressDesc desc_;
  Isa isa_ = Isa::baseline;
  int64_t count_ = 0;                             // candidates
  std::vector<uint64_t> order_, places_, spare_;  // keys above numbers; order_: of boxes, by score
  std::vector<uint32_t> group_of_, by_group_;     // of each rank by score; the ranks, group by group
  std::vector<Group> groups_;
  std::vector<uint8_t> is_kept_;                      // for each rank
  std::vector<double> columns_[5], kept_columns_[5];  // by rank; of each group's kept boxes
  std::vector<int64_t> kept_;
};

struct SuppressKernels {
  /// Whether one of the first n boxes of `kept` shares more than `iou` of the union with box `i` of `boxes`.
  bool (*overlaps)(const BoxColumns& kept, int64_t n, const BoxColumns& boxes, int64_t i, double iou);
};
const SuppressKernels& suppress_kernels(Isa isa);

}  // namespace ingot::cpu
