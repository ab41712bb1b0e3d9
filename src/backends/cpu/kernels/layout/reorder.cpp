#include "backends/cpu/kernels/layout/reorder.h"

#include <algorithm>

namespace ingot::cpu {

namespace baseline {
extern const ReorderKernels kReorder;
}
namespace avx2 {
extern const ReorderKernels kReorder;
}
namespace avx512 {
extern const ReorderKernels kReorder;
}
const ReorderKernels& reorder_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kReorder); }

namespace {

constexpr int64_t kPixels = 512;  // of a unit of work

// Calls fn(first float of the plain block, first float of the blocked one, channels of the block, pixels) for
// pieces that cover the tensors.
template <class F>
void for_each_piece(ThreadPool& pool, Isa isa, const ReorderDesc& d, F&& fn) {
  const int64_t c = block_of(isa), blocks = channel_blocks(d.channels, isa),
                pieces = (d.pixels + kPixels - 1) / kPixels;
  auto work = [&](int thread, int threads) {
    const Share units = share(d.batch * blocks * pieces, thread, threads);
    for (int64_t unit = units.begin; unit < units.end; ++unit) {
      const int64_t pixel = unit % pieces * kPixels, plane = unit / pieces, block = plane % blocks;
      const int64_t channel = plane / blocks * d.channels + block * c;
      fn(channel * d.pixels + pixel, (plane * d.pixels + pixel) * c,
         static_cast<int>(std::min(c, d.channels - block * c)), std::min(kPixels, d.pixels - pixel));
    }
  };
  if (d.batch * d.channels * d.pixels < 4096) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

}  // namespace

void reorder_to_blocked(ThreadPool& pool, Isa isa, const ReorderDesc& d, const float* plain, float* blocked) {
  const ReorderKernels& kernels = reorder_kernels(isa);
  for_each_piece(pool, isa, d, [&](int64_t from, int64_t to, int channels, int64_t pixels) {
    kernels.to_blocked(plain + from, d.pixels, channels, pixels, blocked + to);
  });
}

void reorder_to_plain(ThreadPool& pool, Isa isa, const ReorderDesc& d, const float* blocked, float* plain) {
  const ReorderKernels& kernels = reorder_kernels(isa);
  for_each_piece(pool, isa, d, [&](int64_t to, int64_t from, int channels, int64_t pixels) {
    kernels.to_plain(blocked + from, pixels, channels, plain + to, d.pixels);
  });
}

}  // namespace ingot::cpu
