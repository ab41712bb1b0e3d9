// What this machine offers.
#pragma once

#include <string>
#include <vector>

#include "ingot/export.h"
#include "ingot/status.h"

namespace ingot {

struct DeviceInfo {
  std::string name;   ///< as in BuildOptions::device: "cpu", "cuda"
  std::string model;  ///< the processor's own name
  std::string arch;   ///< the best kernels that it runs: "baseline", "avx2", "avx512"; "sm_90a"
  int cores = 0;      ///< that this process may use; of a GPU, its multiprocessors
  std::vector<std::string>
      libraries;            ///< that a GPU's kernels come from: where each is, or what is lost without
  size_t memory_bytes = 0;  ///< of a GPU, and what its memory and matrix units of 16 bits do by their clocks
  double gbytes_per_s = 0, tflops = 0;
};

/// The devices that engines can run on here. Never empty.
INGOT_API std::vector<DeviceInfo> devices();
/// Why there is no GPU among them; empty where there is one.
INGOT_API std::string missing_gpu();

/// What `threads` threads reach together in chains of float32 multiply-adds held in registers, in GFLOP/s:
/// the roof that kernels are compared with. Takes a few hundredths of a second; other work on the machine
/// lowers it. Errors: kInvalidArgument for a thread count outside 1 to 1024.
INGOT_API Result<double> measure_peak_gflops(int threads);

}  // namespace ingot
