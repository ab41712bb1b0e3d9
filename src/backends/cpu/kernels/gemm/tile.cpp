#include "backends/cpu/kernels/gemm/tile.h"

namespace ingot::cpu {

namespace baseline {
extern const TileKernels kTileKernels;
}
namespace avx2 {
extern const TileKernels kTileKernels;
}
namespace avx512 {
extern const TileKernels kTileKernels;
}

const TileKernels& tile_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kTileKernels); }

}  // namespace ingot::cpu
