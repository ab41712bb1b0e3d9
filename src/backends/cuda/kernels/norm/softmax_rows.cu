// Softmax and LogSoftmax of rows. Options: TYPE; THREADS, ITEMS, VEC (rows.cuh); LOGARITHM.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/reduce.cuh"
#include "backends/cuda/kernels/norm/norm_params.h"
#include "backends/cuda/kernels/norm/rows.cuh"

extern "C" __global__ void softmax_rows(const TYPE* __restrict__ x, TYPE* __restrict__ y,
                                        const RowsParams p) {
  wait_for_previous_kernel();
  const i64 row = row_of_thread();
  const int columns = row < p.rows ? p.columns : 0;
  float v[ITEMS][VEC];
  load_row(v, x + row * p.columns, columns);
  float largest = LargestOf::identity(), sum = 0;
  for_row(v, columns, [&](float& e, int) { largest = fmaxf(largest, e); });
  largest = reduce_row<THREADS>(largest, LargestOf());
  for_row(v, columns, [&](float& e, int) {
    e -= largest;
    const float power = __expf(e);
    sum += power;
    if (!LOGARITHM) e = power;
  });
  sum = reduce_row<THREADS>(sum, SumOf());
  const float change = LOGARITHM ? logf(sum) : 1 / sum;
  for_row(v, columns, [&](float& e, int) { e = LOGARITHM ? e - change : e * change; });
  store_row(v, y + row * p.columns, columns);
}
