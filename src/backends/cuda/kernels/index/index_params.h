// What kernels that read or write at indices are told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

// Tuples of `depth` indices, each naming a slice of the indexed tensor; or (elements) one index for each
// element, along `axis`, whose other coordinates are its own.
struct IndexParams {
  static constexpr int kMaxRank = 8;
  static constexpr unsigned kLanes = 8192;  // threads among which what combines is shared out
  unsigned elements;                        // of updates, or vectors of the result
  Divisor inner, tuples;                    // of a slice; tuples of a batch
  long long batch_stride;                   // elements of the indexed tensor between batches
  int depth, axis;                // indices in a tuple, or dims; of elements: counted from the innermost
  long long sizes[kMaxRank];      // of the indexed dims
  long long strides[kMaxRank];    // of them, in elements
  Divisor coordinates[kMaxRank];  // of elements: the updates' dims, innermost first
};
