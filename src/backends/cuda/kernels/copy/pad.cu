// Pads in every mode of ONNX. Options: TYPE, an integer of the element's size; RANK; MODE.
#include "backends/cuda/kernels/copy/copy_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"

enum Mode { kConstant, kEdge, kReflect, kWrap };

extern "C" __global__ void __launch_bounds__(256)
    pad(const TYPE* __restrict__ x, TYPE* __restrict__ y, const PadParams p) {
  wait_for_previous_kernel();
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= p.elements) return;
  unsigned rest = i;
  i64 from = 0;
  bool inside = true;
#pragma unroll
  for (int d = 0; d < RANK; ++d) {
    const unsigned next = divide(rest, p.sizes[d]);
    const int size = p.from_sizes[d];
    int at = int(remainder_of(rest, next, p.sizes[d])) - p.before[d];
    rest = next;
    if (MODE == kConstant) inside &= at >= 0 && at < size;
    if (MODE == kEdge) at = min(max(at, 0), size - 1);
    if (MODE == kWrap) at = (at % size + size) % size;
    if (MODE == kReflect) {
      const int period = max(2 * (size - 1), 1);
      at = (at % period + period) % period;
      if (at >= size) at = period - at;
    }
    from += at * p.from_strides[d];
  }
  y[i] = inside ? x[from] : TYPE(p.value);
}
