// Reorders of one channel block by square tiles, compiled per ISA.
#include "backends/cpu/kernels/layout/reorder.h"
#include "backends/cpu/kernels/simd/tile.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

void to_blocked(const float* plain, int64_t plane, int channels, int64_t pixels, float* blocked) {
  if (plane == 1) return store(blocked, load_tail(plain, channels));
  for (int64_t p = 0; p < pixels; p += kLanes) {
    const int count = pixels - p < kLanes ? static_cast<int>(pixels - p) : kLanes;
    copy_tile_transposed(plain + p, plane, channels, count, blocked + p * kLanes, kLanes, count, kLanes);
  }
}

void to_plain(const float* blocked, int64_t pixels, int channels, float* plain, int64_t plane) {
  if (plane == 1) return store_tail(plain, load(blocked), channels);
  for (int64_t p = 0; p < pixels; p += kLanes) {
    const int count = pixels - p < kLanes ? static_cast<int>(pixels - p) : kLanes;
    copy_tile_transposed(blocked + p * kLanes, kLanes, count, kLanes, plain + p, plane, channels, count);
  }
}

}  // namespace

extern const ReorderKernels kReorder;
const ReorderKernels kReorder{to_blocked, to_plain};

}  // namespace ingot::cpu::INGOT_ISA
