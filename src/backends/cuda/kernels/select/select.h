// Kernels that choose elements: the largest, those that are not zero, boxes that do not overlap.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// The k largest or smallest along the middle of [outer, size, inner], the best first, of equal ones the
/// first; NaN counts as the largest. Elements of up to 32 bits, k up to 2048. Baked in: the type, the
/// direction, k rounded up to a power of two.
struct TopKProblem {
  DataType type;
  int64_t outer, size, inner, k;
  bool largest = true;
};
/// Arguments: x, values (or null), indices (i64, or null).
Result<KernelSpec> top_k_kernel(const TopKProblem& problem);

struct NonZeroProblem {
  DataType type;
  Dims dims;
  int64_t found = 0;  // of list_nonzero_kernel
};
/// How many elements of each part of the tensor are not zero, and of all before it. Arguments: x, counts
/// (i64, one for each part, and one more for all).
Result<KernelSpec> count_nonzero_kernel(const NonZeroProblem& problem);
int64_t nonzero_counts(const NonZeroProblem& problem);
/// Their coordinates, y [rank, found]. Arguments: x, counts, y (i64).
Result<KernelSpec> list_nonzero_kernel(const NonZeroProblem& problem);

/// Non-maximum suppression of each class of each image: the boxes with the best scores above `lowest` that
/// share no more than `iou` with one that is kept, `limit` at most.
struct SuppressProblem {
  int64_t images, classes, boxes, limit;
  float iou = 0;
  bool has_lowest = false, centers = false;
  float lowest = 0;
};
/// Arguments: boxes [images, boxes, 4], scores [images, classes, boxes], kept [images, classes, limit] (i32),
/// counts [images * classes] (i32). Has a workspace.
Result<KernelSpec> suppress_kernel(const SuppressProblem& problem);
/// Arguments: kept, counts, y (i64) [..., 3]: image, class and box of each.
Result<KernelSpec> list_boxes_kernel(const SuppressProblem& problem);

}  // namespace ingot::cuda
