// B in the order in which the tile kernels read it.
#include <cstring>

#include "backends/cpu/kernels/gemm/gemm.h"

namespace ingot::cpu {

int64_t packed_gemm_b_floats(int64_t n, int64_t k, Isa isa) {
  const int64_t lanes = block_of(isa);
  return divide_up(n, lanes) * lanes * k;
}

void pack_gemm_b(const float* b, int64_t ldb, bool trans_b, int64_t n, int64_t k, Isa isa, float* packed) {
  const int64_t lanes = block_of(isa);
  for (int64_t n0 = 0; n0 < n; n0 += lanes) {
    const int64_t width = std::min(lanes, n - n0);
    if (trans_b) {
      for (int64_t i = 0; i < k; ++i)
        for (int64_t lane = 0; lane < width; ++lane) packed[i * lanes + lane] = b[(n0 + lane) * ldb + i];
    } else {
      for (int64_t i = 0; i < k; ++i)
        std::memcpy(packed + i * lanes, b + i * ldb + n0, static_cast<size_t>(width) * 4);
    }
    if (width < lanes)
      for (int64_t i = 0; i < k; ++i) std::fill(packed + i * lanes + width, packed + (i + 1) * lanes, 0.0f);
    packed += k * lanes;
  }
}

}  // namespace ingot::cpu
