// The matrix instruction of a warpgroup, as text: what it works on is part of its name.
#pragma once

#include <string>

#include "base/data_type.h"

namespace ingot::cuda {

struct WgmmaForm {
  DataType type, x_type;  // of B and A
  int columns;            // of B and the sums
  bool a_in_registers = false;
  /// B's rows in memory are those of depth, of 64 columns (16-bit types).
  bool b_by_depth = false;
};

/// A device function: wgmma(sums, a, b, accumulate), with _registers where A is in registers and _by_depth
/// where B lies by depth. Addresses are matrix_descriptors (device/wgmma.cuh).
std::string wgmma_text(const WgmmaForm& form);

}  // namespace ingot::cuda
