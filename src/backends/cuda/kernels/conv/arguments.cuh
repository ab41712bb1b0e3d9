// Arguments that a kernel has or has not: SCALE, EXTRAS.
#pragma once

#if SCALE
#define SCALE_PARAMETER const float* __restrict__ scale,
#define SCALE_ARGUMENT scale,
#else
#define SCALE_PARAMETER
#define SCALE_ARGUMENT
#endif
#define EXTRA_PARAMETER(i, T, dense) const T* __restrict__ extra##i,
#define EXTRA_ARGUMENT(i, T, dense) extra##i,
