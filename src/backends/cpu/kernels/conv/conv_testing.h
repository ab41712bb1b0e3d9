// What the tests of the convolution algorithms share: the definition in double precision, layouts, random
// cases.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "backends/cpu/kernels/conv/conv.h"
#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {

inline std::vector<double> conv_reference(const ConvDesc& d, const std::vector<float>& src,
                                          const std::vector<float>& weights, const std::vector<float>& bias,
                                          const std::vector<float>& residual) {
  const int64_t oh = d.out(0), ow = d.out(1), in = d.in_channels / d.groups, out = d.out_channels / d.groups;
  std::vector<double> dst;
  for (int64_t n = 0; n < d.batch; ++n)
    for (int64_t o = 0; o < d.out_channels; ++o)
      for (int64_t y = 0; y < oh; ++y)
        for (int64_t x = 0; x < ow; ++x) {
          double sum = bias.empty() ? 0.0 : bias[o];
          for (int64_t i = 0; i < in; ++i)
            for (int64_t ky = 0; ky < d.kernel[0]; ++ky)
              for (int64_t kx = 0; kx < d.kernel[1]; ++kx) {
                const int64_t sy = y * d.stride[0] - d.pad_begin[0] + ky * d.dilation[0];
                const int64_t sx = x * d.stride[1] - d.pad_begin[1] + kx * d.dilation[1];
                if (sy < 0 || sy >= d.in[0] || sx < 0 || sx >= d.in[1]) continue;
                const int64_t c = o / out * in + i;
                sum += static_cast<double>(src[((n * d.in_channels + c) * d.in[0] + sy) * d.in[1] + sx]) *
                       weights[((o * in + i) * d.kernel[0] + ky) * d.kernel[1] + kx];
              }
          if (!residual.empty()) sum += residual[dst.size()];
          if (d.clamp) sum = sum < d.lo ? d.lo : sum > d.hi ? d.hi : sum;
          dst.push_back(sum);
        }
  return dst;
}

inline std::vector<float> to_blocked(const std::vector<float>& plain, int64_t batch, int64_t channels,
                                     int64_t pixels, int64_t lanes) {
  const int64_t blocks = (channels + lanes - 1) / lanes;
  std::vector<float> blocked(static_cast<size_t>(batch * blocks * lanes * pixels));
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < pixels; ++p)
        blocked[((n * blocks + c / lanes) * pixels + p) * lanes + c % lanes] =
            plain[(n * channels + c) * pixels + p];
  return blocked;
}

inline std::vector<float> from_blocked(const float* blocked, int64_t batch, int64_t channels, int64_t pixels,
                                       int64_t lanes) {
  const int64_t blocks = (channels + lanes - 1) / lanes;
  std::vector<float> plain;
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < pixels; ++p)
        plain.push_back(blocked[((n * blocks + c / lanes) * pixels + p) * lanes + c % lanes]);
  return plain;
}

inline std::string conv_label(const ConvDesc& d) {
  std::string s =
      std::to_string(d.in_channels) + "x" + std::to_string(d.in[0]) + "x" + std::to_string(d.in[1]);
  s += " to " + std::to_string(d.out_channels) + " kernel " + std::to_string(d.kernel[0]) + "x" +
       std::to_string(d.kernel[1]);
  s += " stride " + std::to_string(d.stride[0]) + "," + std::to_string(d.stride[1]);
  s += " dilation " + std::to_string(d.dilation[0]) + "," + std::to_string(d.dilation[1]);
  s += " pads " + std::to_string(d.pad_begin[0]) + "," + std::to_string(d.pad_begin[1]) + "," +
       std::to_string(d.pad_end[0]) + "," + std::to_string(d.pad_end[1]);
  return s + " groups " + std::to_string(d.groups) + (d.plain_src ? " plain" : "");
}

enum class ConvResidual { none, apart, in_place };

/// Runs `conv` (constructed for `d`; run(pool, buffers)) on random data between guard zones and compares with
/// the definition. `pack(weights, packed)` fills `packed_floats`.
template <class Conv, class Pack>
void check_conv(const ConvDesc& d, Isa isa, const Conv& conv, int64_t packed_floats, Pack&& pack,
                int64_t scratch_floats, int threads, bool has_bias, ConvResidual residual_kind,
                double tolerance, const std::string& name) {
  const int64_t lanes = block_of(isa), pixels = d.out(0) * d.out(1), in_pixels = d.in[0] * d.in[1];
  const auto src = random_floats(d.batch * d.in_channels * in_pixels, 1);
  const auto weights =
      random_floats(d.out_channels * d.in_channels / d.groups * d.kernel[0] * d.kernel[1], 2);
  const auto bias = has_bias ? random_floats(d.out_channels, 3) : std::vector<float>();
  const auto residual = residual_kind == ConvResidual::none
                            ? std::vector<float>()
                            : random_floats(d.batch * d.out_channels * pixels, 4);
  const auto want = conv_reference(d, src, weights, bias, residual);

  const Guarded<float> source(d.plain_src ? src : to_blocked(src, d.batch, d.in_channels, in_pixels, lanes));
  const Guarded<float> padded_bias(has_bias ? to_blocked(bias, 1, d.out_channels, 1, lanes) : bias);
  const auto blocked_residual = to_blocked(residual.empty() ? std::vector<float>(want.size()) : residual,
                                           d.batch, d.out_channels, pixels, lanes);
  const Guarded<float> added(blocked_residual);
  Guarded<float> packed(packed_floats), scratch(scratch_floats);
  Guarded<float> dst(residual_kind == ConvResidual::in_place
                         ? blocked_residual
                         : random_floats(static_cast<int64_t>(blocked_residual.size()), 5));
  pack(weights.data(), packed.data());
  ThreadPool pool(threads);
  conv.run(pool, {.src = source.data(),
                  .weights = packed.data(),
                  .bias = has_bias ? padded_bias.data() : nullptr,
                  .residual = residual_kind == ConvResidual::none       ? nullptr
                              : residual_kind == ConvResidual::in_place ? dst.data()
                                                                        : added.data(),
                  .dst = dst.data(),
                  .scratch = scratch.data()});
  const auto got = from_blocked(dst.data(), d.batch, d.out_channels, pixels, lanes);
  EXPECT_LT(worst_error(got.data(), want), tolerance)
      << name << ": " << conv_label(d) << ", " << threads << " threads";
  EXPECT_TRUE(dst.intact() && packed.intact() && scratch.intact())
      << name << ": " << conv_label(d) << " wrote outside";
}

/// Shapes that have been wrong at least once somewhere: odd sizes, every kind of padding, groups of all
/// kinds.
inline std::vector<ConvDesc> odd_convs() {
  std::vector<ConvDesc> cases;
  const auto add = [&](ConvDesc d) { cases.push_back(d); };
  add({.in_channels = 1, .out_channels = 1});
  add({.batch = 2, .in_channels = 19, .out_channels = 37, .in = {5, 9}});
  add({.in_channels = 32, .out_channels = 64, .in = {7, 7}});
  add({.in_channels = 24, .out_channels = 40, .in = {9, 31}, .stride = {2, 2}});
  add({.in_channels = 3,
       .out_channels = 32,
       .in = {23, 37},
       .kernel = {7, 7},
       .stride = {2, 2},
       .pad_begin = {3, 3},
       .pad_end = {3, 3},
       .plain_src = true});
  add({.batch = 2,
       .in_channels = 4,
       .out_channels = 20,
       .in = {11, 13},
       .kernel = {3, 3},
       .dilation = {2, 2},
       .pad_begin = {1, 2},
       .pad_end = {2, 0},
       .plain_src = true});
  add({.in_channels = 6, .out_channels = 12, .in = {6, 5}, .kernel = {2, 3}, .groups = 2, .plain_src = true});
  for (int64_t width : {1, 2, 3, 7, 14, 15, 29, 56})
    add({.in_channels = 17,
         .out_channels = 33,
         .in = {3, width},
         .kernel = {3, 3},
         .pad_begin = {1, 1},
         .pad_end = {1, 1}});
  add({.batch = 3,
       .in_channels = 64,
       .out_channels = 48,
       .in = {10, 20},
       .kernel = {3, 3},
       .pad_begin = {1, 1},
       .pad_end = {1, 1}});
  add({.in_channels = 20,
       .out_channels = 20,
       .in = {13, 17},
       .kernel = {3, 3},
       .stride = {2, 2},
       .pad_end = {1, 1}});
  add({.in_channels = 20,
       .out_channels = 20,
       .in = {13, 17},
       .kernel = {5, 3},
       .stride = {1, 3},
       .pad_begin = {4, 0},
       .pad_end = {0, 2}});
  add({.in_channels = 33,
       .out_channels = 16,
       .in = {16, 16},
       .kernel = {3, 3},
       .dilation = {4, 3},
       .pad_begin = {4, 3},
       .pad_end = {4, 3}});
  add({.in_channels = 16,
       .out_channels = 16,
       .in = {2, 2},
       .kernel = {3, 3},
       .dilation = {5, 5},
       .pad_begin = {5, 5},
       .pad_end = {5, 5}});  // corners only
  add({.in_channels = 8,
       .out_channels = 8,
       .in = {1, 1},
       .kernel = {1, 1},
       .pad_begin = {2, 2},
       .pad_end = {1, 3}});  // pixels without a tap
  add({.in_channels = 8,
       .out_channels = 8,
       .in = {3, 1},
       .kernel = {1, 7},
       .pad_begin = {0, 3},
       .pad_end = {0, 3}});
  for (int64_t groups : {2, 4, 8, 16, 32})
    add({.in_channels = 64,
         .out_channels = 64,
         .in = {6, 7},
         .kernel = {3, 3},
         .pad_begin = {1, 1},
         .pad_end = {1, 1},
         .groups = groups});
  add({.in_channels = 30,
       .out_channels = 60,
       .in = {6, 7},
       .kernel = {3, 1},
       .pad_begin = {1, 0},
       .pad_end = {1, 0},
       .groups = 3});
  add({.in_channels = 50, .out_channels = 10, .in = {4, 4}, .groups = 5});
  return cases;
}

}  // namespace ingot::cpu
