// What the reducing kernels are told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct ReduceParams {
  static constexpr int kMaxRank = 4;
  unsigned results, count;  // count: elements that make one result
  int kept, reduced;        // dims of each kind, after merging; innermost first
  Divisor kept_sizes[kMaxRank], reduced_sizes[kMaxRank];
  long long kept_strides[kMaxRank], reduced_strides[kMaxRank];
};

struct ArgExtremeParams {
  unsigned results;
  int size;
  Divisor inner;
};
