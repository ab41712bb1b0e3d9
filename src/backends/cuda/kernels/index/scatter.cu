// ScatterND and ScatterElements. Options: TYPE; COMPUTE (float, double, i64); INDEX; DEPTH; ELEMENTS (an
// index for each update), else tuples; STAGE: kClaim, kWrite, kCombine; OP of kCombine.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/index/index_params.h"
#include "backends/cuda/kernels/pointwise/functions.cuh"

enum Stage { kClaim, kWrite, kCombine };

// The element of y that update e goes to; -1 outside.
__device__ inline i64 slot_of(unsigned e, const INDEX* indices, const IndexParams& p) {
  i64 slot = 0;
  if (ELEMENTS) {
    unsigned rest = e;
    for (int d = 0; d < p.depth; ++d) {
      const unsigned next = divide(rest, p.coordinates[d]);
      i64 at = remainder_of(rest, next, p.coordinates[d]);
      if (d == p.axis) {
        at = indices[e];
        at = at < 0 ? at + p.sizes[d] : at;
        if (at < 0 || at >= p.sizes[d]) return -1;
      }
      slot += at * p.strides[d];
      rest = next;
    }
    return slot;
  }
  const unsigned tuple = divide(e, p.inner);
#pragma unroll
  for (int d = 0; d < DEPTH; ++d) {
    i64 at = indices[i64(tuple) * DEPTH + d];
    at = at < 0 ? at + p.sizes[d] : at;
    if (at < 0 || at >= p.sizes[d]) return -1;
    slot += at * p.strides[d];
  }
  return slot + remainder_of(e, tuple, p.inner);
}

extern "C" __global__ void __launch_bounds__(256)
    scatter(const INDEX* __restrict__ indices, const TYPE* __restrict__ updates, TYPE* __restrict__ y,
            unsigned* __restrict__ claims, const IndexParams p) {
  wait_for_previous_kernel();
  const unsigned thread = blockIdx.x * blockDim.x + threadIdx.x;
  if (STAGE == kCombine) {  // a thread has slots of its own, and takes their updates in order
    if (thread >= IndexParams::kLanes) return;
    for (unsigned e = 0; e < p.elements; ++e) {
      const i64 slot = slot_of(e, indices, p);
      if (slot >= 0 && unsigned(slot) % IndexParams::kLanes == thread)
        y[slot] = convert<TYPE>(program::OP(widen<COMPUTE>(y[slot]), widen<COMPUTE>(updates[e])));
    }
    return;
  }
  if (thread >= p.elements) return;
  const i64 slot = slot_of(thread, indices, p);
  if (slot < 0) return;
  if (STAGE == kClaim)
    atomicMax(claims + slot, thread + 1);
  else if (claims[slot] == thread + 1)
    y[slot] = updates[thread];
}
