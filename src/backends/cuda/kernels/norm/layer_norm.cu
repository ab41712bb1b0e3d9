// LayerNormalization and RMSNormalization of rows, of the sum with a skip where there is one. Options: TYPE;
// SCALE (type of scale and bias); THREADS, ITEMS, VEC (rows.cuh); RMS, HAS_SKIP, HAS_SCALE, HAS_BIAS,
// HAS_SUM.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/reduce.cuh"
#include "backends/cuda/kernels/norm/norm_params.h"
#include "backends/cuda/kernels/norm/rows.cuh"

extern "C" __global__ void layer_norm(const TYPE* __restrict__ x, const TYPE* __restrict__ skip,
                                      const SCALE* __restrict__ scale, const SCALE* __restrict__ bias,
                                      TYPE* __restrict__ y, TYPE* __restrict__ sum, const RowsParams p) {
  wait_for_previous_kernel();
  const i64 row = row_of_thread();
  const int columns = row < p.rows ? p.columns : 0;
  float v[ITEMS][VEC], factor[ITEMS][VEC];
  load_row(v, x + row * p.columns, columns);
  if (HAS_SKIP) {
    load_row(factor, skip + row % p.skip_rows * p.columns, columns);
#pragma unroll
    for (int i = 0; i < ITEMS; ++i)
#pragma unroll
      for (int j = 0; j < VEC; ++j) v[i][j] += factor[i][j];
    if (HAS_SUM) store_row(v, sum + row * p.columns, columns);
  }
  if (HAS_SCALE) load_row(factor, scale, columns);
  float mean = 0, squares = 0;
  if (!RMS) {
    for_row(v, columns, [&](float& e, int) { mean += e; });
    mean = reduce_row<THREADS>(mean, SumOf()) / p.columns;
  }
  for_row(v, columns, [&](float& e, int) {
    e -= mean;
    squares += e * e;
  });
  squares = reduce_row<THREADS>(squares, SumOf());
  const float inverse = rsqrtf(squares / p.columns + p.epsilon);
#pragma unroll
  for (int i = 0; i < ITEMS; ++i)
#pragma unroll
    for (int j = 0; j < VEC; ++j) v[i][j] *= HAS_SCALE ? inverse * factor[i][j] : inverse;
  if (HAS_BIAS) {
    load_row(factor, bias, columns);
#pragma unroll
    for (int i = 0; i < ITEMS; ++i)
#pragma unroll
      for (int j = 0; j < VEC; ++j) v[i][j] += factor[i][j];
  }
  store_row(v, y + row * p.columns, columns);
}
