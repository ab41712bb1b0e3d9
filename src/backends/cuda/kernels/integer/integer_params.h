// What kernels of 8-bit integers are told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct IntegerProductParams {
  int rows, columns, depth;
  Divisor zero_rows;            // zero points of rows begin again after so many
  long long b_depth, b_column;  // steps of B, in elements
  long long a_step, b_step;     // from one matrix of a batch to the next
};

struct DynamicQuantizeParams {
  unsigned elements, parts;
};
