// The machine's multiply-add roof, measured: what `ingot bench` compares kernels with.
#pragma once

namespace ingot::cpu {

/// GFLOP/s of `threads` >= 1 threads together, with the widest vectors of this machine.
double measure_peak_gflops(int threads);

}  // namespace ingot::cpu
