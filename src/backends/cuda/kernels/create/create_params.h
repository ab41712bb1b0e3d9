// What kernels that make tensors from a few numbers are told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct FillParams {
  unsigned elements;
  unsigned long long value;  // its bits
};

struct OneHotParams {
  unsigned elements;
  Divisor inner, depth;
};

struct TriangleParams {
  unsigned elements;
  Divisor columns, rows;
  long long diagonal;
};

struct RunningSumParams {
  unsigned lines, size;
  Divisor inner;
};
