#include "backends/cpu/kernels/conv/winograd_kernels.h"

namespace ingot::cpu {

namespace baseline {
extern const WinogradKernels kWinogradKernels;
}
namespace avx2 {
extern const WinogradKernels kWinogradKernels;
}
namespace avx512 {
extern const WinogradKernels kWinogradKernels;
}

const WinogradKernels& winograd_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kWinogradKernels); }

}  // namespace ingot::cpu
