// What kernels that choose elements are told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct TopKParams {
  unsigned size, k;
  Divisor inner;  // rows are lines along the middle of [outer, size, inner]
};

struct NonZeroParams {
  static constexpr int kMaxRank = 8;
  static constexpr unsigned kChunk = 4096;  // elements of a block
  unsigned elements, blocks;
  int rank;
  Divisor sizes[kMaxRank];  // innermost first
  long long found;          // of the whole tensor
};

struct SuppressParams {
  int boxes, classes, limit;
  float iou, lowest;
};
