// Winograd's weights: U = G g G^T in double precision, element by element in the order of the products.
#include "backends/cpu/kernels/conv/winograd.h"

namespace ingot::cpu {
namespace {

constexpr double kG2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
constexpr double kG4[6][3] = {{1.0 / 4, 0, 0},
                              {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                              {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                              {1.0 / 24, 1.0 / 12, 1.0 / 6},
                              {1.0 / 24, -1.0 / 12, 1.0 / 6},
                              {0, 0, 1}};

}  // namespace

const char* winograd_why_not(const ConvDesc& d) {
  if (d.kernel[0] != 3 || d.kernel[1] != 3) return "the kernel is not 3x3";
  if (d.stride[0] != 1 || d.stride[1] != 1) return "the stride is not 1";
  if (d.groups != 1) return "it has groups";
  if (d.plain_src) return "the source is not blocked";
  return nullptr;
}

int64_t winograd_weight_floats(const ConvDesc& d, int m, Isa isa) {
  const int64_t lanes = block_of(isa);
  const int64_t in = divide_up(d.in_channels, lanes) * lanes, out = divide_up(d.out_channels, lanes) * lanes;
  return (m + 2) * (m + 2) * in * out;
}

void pack_winograd_weights(const ConvDesc& d, int m, Isa isa, const float* weights, float* packed) {
  const int64_t lanes = block_of(isa), in = divide_up(d.in_channels, lanes) * lanes;
  const int size = m + 2;
  const double(*g)[3] = m == 2 ? kG2 : kG4;
  std::fill(packed, packed + winograd_weight_floats(d, m, isa), 0.0f);
  for (int64_t o = 0; o < d.out_channels; ++o) {
    for (int64_t i = 0; i < d.in_channels; ++i) {
      const float* w = weights + (o * d.in_channels + i) * 9;
      double half[6][3];
      for (int r = 0; r < size; ++r)
        for (int c = 0; c < 3; ++c) half[r][c] = g[r][0] * w[c] + g[r][1] * w[3 + c] + g[r][2] * w[6 + c];
      float* to = packed + o / lanes * size * size * in * lanes + i * lanes + o % lanes;
      for (int r = 0; r < size; ++r)
        for (int c = 0; c < size; ++c)
          to[(r * size + c) * in * lanes] =
              static_cast<float>(g[c][0] * half[r][0] + g[c][1] * half[r][1] + g[c][2] * half[r][2]);
    }
  }
}

}  // namespace ingot::cpu
