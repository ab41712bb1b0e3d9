// A copy between tensors whose rows run along different dims: tiles are read along the rows of x, and written
// along those of y. Options: FROM and TO (types), TILE, and VEC: the elements that a thread moves at once.
#include "backends/cuda/kernels/copy/copy_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"

extern "C" __global__ void __launch_bounds__(256)
    tile_copy(const FROM* __restrict__ x, TO* __restrict__ y, const TileCopyParams p) {
  wait_for_previous_kernel();
  constexpr int kThreads = TILE / VEC, kSteps = 256 / kThreads;  // threads on a line; lines at once
  __shared__ TO tile[TILE][TILE + VEC];                          // [column][row]
  unsigned rest = divide(blockIdx.x, p.row_tiles);
  const unsigned row0 = remainder_of(blockIdx.x, rest, p.row_tiles) * TILE;
  unsigned outer = divide(rest, p.column_tiles);
  const unsigned column0 = remainder_of(rest, outer, p.column_tiles) * TILE;
  for (int d = 0; d < p.rank; ++d) {
    const unsigned next = divide(outer, p.sizes[d]), at = remainder_of(outer, next, p.sizes[d]);
    x += at * p.from[d];
    y += at * p.to[d];
    outer = next;
  }
  const unsigned lane = threadIdx.x % kThreads * VEC, line = threadIdx.x / kThreads;
#pragma unroll 4
  for (unsigned c = line; c < TILE; c += kSteps) {
    if (row0 + lane >= p.rows || column0 + c >= p.columns) continue;
    Vec<FROM, VEC> v = {};
    if (column0 + c < p.valid) v = load<VEC>(x + (column0 + c) * p.from_column + row0 + lane);
#pragma unroll
    for (int j = 0; j < VEC; ++j) tile[c][lane + j] = convert<TO>(to_float(v[j]));
  }
  __syncthreads();
#pragma unroll 4
  for (unsigned r = line; r < TILE; r += kSteps) {
    if (row0 + r >= p.rows || column0 + lane >= p.columns) continue;
    Vec<TO, VEC> v;
#pragma unroll
    for (int j = 0; j < VEC; ++j) v[j] = tile[lane + j][r];
    store<VEC>(y + (row0 + r) * p.to_row + column0 + lane, v);
  }
}
