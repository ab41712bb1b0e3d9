// What the copying kernels are told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct TileCopyParams {
  static constexpr int kMaxRank = 8;
  unsigned rows, columns;  // rows follow each other in x, columns in y
  unsigned valid;          // columns that x has
  long long from_column, to_row;
  Divisor row_tiles, column_tiles;
  int rank;                 // of the other dims
  Divisor sizes[kMaxRank];  // innermost first
  long long from[kMaxRank], to[kMaxRank];
};

struct PadParams {
  static constexpr int kMaxRank = 8;
  unsigned elements;
  Divisor sizes[kMaxRank];  // of y, innermost first
  int before[kMaxRank];
  int from_sizes[kMaxRank];
  long long from_strides[kMaxRank];
  unsigned long long value;  // its bits
};

struct GatherParams {
  unsigned vectors;
  int axis;
  Divisor inner, indices;  // inner in vectors
};

struct GatherElementsParams {
  static constexpr int kMaxRank = 8;
  unsigned elements;
  int rank, axis, axis_size;  // dims innermost first
  Divisor sizes[kMaxRank];
  long long strides[kMaxRank];  // of x
};
