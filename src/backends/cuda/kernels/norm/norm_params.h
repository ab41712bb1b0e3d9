// What softmax and normalisation kernels are told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct RowsParams {
  long long rows;
  int columns;
  int skip_rows;  // the skip repeats after so many
  float epsilon;
};

struct ColumnSoftmaxParams {
  unsigned vectors;  // of columns, in all
  int size;          // elements of the axis
  Divisor inner;     // columns side by side
};

struct GroupNormParams {
  int pixels, channels, group;  // channels of a group
  float epsilon;
};
