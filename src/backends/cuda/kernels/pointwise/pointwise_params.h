// What a pointwise kernel is told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct PointwiseParams {
  static constexpr int kMaxRank = 8, kMaxOperands = 17;  // the output and 16 inputs
  unsigned vectors;                                      // to compute, the last one perhaps in part
  unsigned elements;                                     // of a flat problem
  int rank;                                              // dims beside the innermost
  Divisor inner_vectors;                                 // vectors in a row
  Divisor sizes[kMaxRank];                               // of the outer dims, innermost of them first
  long long strides[kMaxRank][kMaxOperands];             // in elements; operand 0 is the output
  long long inner_strides[kMaxOperands];                 // of strided operands: along the innermost dim
};
