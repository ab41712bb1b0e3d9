// The transpose of a matrix of 4-byte elements by square tiles in registers, compiled per ISA.
#include "backends/cpu/kernels/simd/tile.h"

namespace ingot::cpu::INGOT_ISA {

void transpose_matrix(const float* src, int64_t src_stride, float* dst, int64_t dst_stride, int64_t ni,
                      int64_t nj) {
  for (int64_t j = 0; j < nj; j += kLanes)
    for (int64_t i = 0; i < ni; i += kLanes) {
      const int rows = ni - i < kLanes ? static_cast<int>(ni - i) : kLanes;
      const int cols = nj - j < kLanes ? static_cast<int>(nj - j) : kLanes;
      copy_tile_transposed(src + i * src_stride + j, src_stride, rows, cols, dst + j * dst_stride + i,
                           dst_stride, cols, rows);
    }
}

}  // namespace ingot::cpu::INGOT_ISA
