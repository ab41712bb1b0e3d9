// Reductions over any dims. THREADS threads share a result: side by side where the innermost dim is reduced
// (INNER), else in different rows of the block, so that neighbours read neighbouring elements in both cases.
// Options: TYPE; Compute; REDUCTION; THREADS; INNER.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"
#include "backends/cuda/kernels/reduce/reduce_params.h"

enum Reduction { kSum, kMean, kMax, kMin, kProd, kL1, kL2, kLogSum, kLogSumExp, kSumSquare };
using Compute = COMPUTE;
constexpr int kReduction = REDUCTION;

__device__ inline Compute transformed(Compute v) {
  if (kReduction == kL1) return v < 0 ? -v : v;
  if (kReduction == kL2 || kReduction == kSumSquare) return v * v;
  return v;
}
__device__ inline Compute combined(Compute a, Compute b) {
  if (kReduction == kMax) return a != a || a > b ? a : b;
  if (kReduction == kMin) return a != a || a < b ? a : b;
  return kReduction == kProd ? a * b : a + b;
}
__device__ inline Compute finished(Compute v, unsigned count) {
  if (kReduction == kMean) return v / Compute(count);
  if (kReduction == kL2) return Compute(sqrtf(float(v)));
  if (kReduction == kLogSum) return Compute(logf(float(v)));
  return v;
}

__device__ inline i64 offset_of(unsigned i, int rank, const Divisor* sizes, const i64* strides) {
  i64 offset = 0;
  for (int d = 0; d < rank; ++d) {
    const unsigned next = d + 1 < rank ? divide(i, sizes[d]) : 0;
    offset += (i - next * sizes[d].divisor) * strides[d];
    i = next;
  }
  return offset;
}

extern "C" __global__ void __launch_bounds__(256)
    reduce(const TYPE* __restrict__ x, TYPE* __restrict__ y, const ReduceParams p) {
  wait_for_previous_kernel();
  constexpr int kResults = 256 / THREADS;
  __shared__ Compute parts[256];
  const int part = INNER ? threadIdx.x % THREADS : threadIdx.x / kResults;
  const int slot = INNER ? threadIdx.x / THREADS : threadIdx.x % kResults;
  const unsigned result = blockIdx.x * kResults + slot;
  const bool here = result < p.results;
  const TYPE* from = x + (here ? offset_of(result, p.kept, p.kept_sizes, p.kept_strides) : 0);
  const auto at = [&](unsigned i) {
    return widen<Compute>(from[offset_of(i, p.reduced, p.reduced_sizes, p.reduced_strides)]);
  };
  const auto reduce_all = [&](auto element) {
    Compute v = 0;
    const unsigned first =
        part < p.count ? part : 0;  // of a short row, some threads repeat the first element
    if (here && p.count > 0) {
      v = element(first);
      for (unsigned i = part + THREADS; i < p.count; i += THREADS) v = combined(v, element(i));
    }
    __syncthreads();
    parts[slot * THREADS + part] = v;
    __syncthreads();
    const int used = p.count < THREADS ? p.count : THREADS;
    v = p.count > 0 ? parts[slot * THREADS] : Compute(kReduction == kProd);
    for (int i = 1; i < used; ++i) v = combined(v, parts[slot * THREADS + i]);
    return v;
  };
  Compute v;
  if constexpr (kReduction ==
                kLogSumExp) {  // the largest element leaves the exponents, so that none overflows
    Compute largest = 0;
    {
      Compute m = at(0);
      for (unsigned i = part; here && i < p.count; i += THREADS) m = fmaxf(m, at(i));
      parts[slot * THREADS + part] = here ? m : 0;
      __syncthreads();
      largest = parts[slot * THREADS];
      for (int i = 1; i < THREADS; ++i) largest = fmaxf(largest, parts[slot * THREADS + i]);
    }
    if (isinf(float(largest))) largest = 0;
    v = largest + logf(reduce_all([&](unsigned i) { return expf(at(i) - largest); }));
  } else {
    v = finished(reduce_all([&](unsigned i) { return transformed(at(i)); }), p.count);
  }
  if (here && part == 0) y[result] = convert<TYPE>(v);
}
