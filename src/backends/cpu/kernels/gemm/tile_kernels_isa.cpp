// Compiled per instruction set: the table of its tile kernels.
#include "backends/cpu/kernels/gemm/tile_kernel.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

// rows * vecs accumulators, vecs vectors of B and a broadcast have to fit into the registers.
constexpr int kRegisters = Isa::INGOT_ISA == Isa::avx512 ? 32 : 16;

constexpr int max_rows(int vecs) {
  const int rows = (kRegisters - 1 - vecs) / vecs;
  return rows < 1 ? 1 : rows < kMaxTileRows ? rows : kMaxTileRows;
}

template <int N, int R = max_rows(N)>
constexpr void fill(TileKernels& table) {
  if constexpr (R > 0) {
    table.kernels[N - 1][R - 1] = &tile_kernel<R, N>;
    fill<N, R - 1>(table);
  } else {
    table.max_rows[N - 1] = max_rows(N);
  }
}

constexpr TileKernels make_table() {
  TileKernels table{Isa::INGOT_ISA, kLanes, {}, {}};
  fill<1>(table);
  fill<2>(table);
  fill<3>(table);
  fill<4>(table);
  return table;
}

}  // namespace

extern const TileKernels kTileKernels;
const TileKernels kTileKernels = make_table();

}  // namespace ingot::cpu::INGOT_ISA
