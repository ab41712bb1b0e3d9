// One box against many, compiled per ISA.
#include "backends/cpu/kernels/select/suppress.h"
#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

typedef double VecD __attribute__((vector_size(kLanes * 4)));
constexpr int64_t kBoxes = kLanes / 2;

// T is a vector, or a double for the last boxes. Boxes that only touch share nothing.
template <class T>
INGOT_INLINE auto shares_more(const double* const* columns, int64_t at, const double (&box)[5], double iou) {
  T k[5];
  for (int c = 0; c < 5; ++c) std::memcpy(&k[c], columns[c] + at, sizeof(T));
  const T zero{}, x1 = box[0] + zero, y1 = box[1] + zero, x2 = box[2] + zero, y2 = box[3] + zero;
  const T width = (x2 < k[2] ? x2 : k[2]) - (x1 > k[0] ? x1 : k[0]);
  const T height = (y2 < k[3] ? y2 : k[3]) - (y1 > k[1] ? y1 : k[1]);
  const T both = width * height, all = box[4] + k[4] - both;
  return (width > zero) & (height > zero) & (all > zero) & (both > iou * all);
}

bool overlaps(const BoxColumns& kept, int64_t n, const BoxColumns& boxes, int64_t i, double iou) {
  const double box[5] = {boxes[0][i], boxes[1][i], boxes[2][i], boxes[3][i], boxes[4][i]};
  const double* const columns[5] = {kept[0], kept[1], kept[2], kept[3], kept[4]};
  int64_t at = 0;
  for (; at + kBoxes <= n; at += kBoxes) {
    const auto hits = shares_more<VecD>(columns, at, box, iou);
    int64_t any = 0;
    for (int64_t l = 0; l < kBoxes; ++l) any |= hits[l];
    if (any) return true;
  }
  for (; at < n; ++at)
    if (shares_more<double>(columns, at, box, iou)) return true;
  return false;
}

}  // namespace

extern const SuppressKernels kSuppress;
const SuppressKernels kSuppress{overlaps};

}  // namespace ingot::cpu::INGOT_ISA
