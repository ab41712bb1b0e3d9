// Convolutions and transposed ones by the kernel that takes all of them.
#include "backends/cuda/kernels/direct/direct.h"
#include "kernel_case.h"
#include "ops/convolution.h"
#include "ops/op_testing.h"
#include "ops/quantization.h"

namespace ingot::cuda {
namespace {

using enum DataType;

struct DirectShape {
  Dims space, kernel;
  int64_t channels, filters, stride = 1, pad = 0, dilation = 1, group = 1;
};

Tensor channels_last(const Tensor& x) {
  std::vector<size_t> order = {0};
  for (size_t d = 2; d < x.dims().size(); ++d) order.push_back(d);
  order.push_back(1);
  return transposed(x, order);
}

Attrs attrs_of(const DirectShape& s) {
  const size_t axes = s.space.size();
  return {{"strides", Ints(axes, s.stride)},
          {"pads", Ints(2 * axes, s.pad)},
          {"dilations", Ints(axes, s.dilation)},
          {"group", s.group}};
}

Dims joined(Dims first, const Dims& rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

// The problem for a result of these dims.
DirectProblem problem_of(const DirectShape& s, const Dims& y) {
  DirectProblem p{kF32, kF32, kF32, kF32, 2, s.channels, s.filters, s.group};
  const Dims in = ops::spatial_3d(joined({2, 1}, s.space)), out = ops::spatial_3d(y);
  const Dims kernel = ops::spatial_3d(joined({1, 1}, s.kernel));
  for (size_t d = 0; d < 3; ++d) {
    const bool real = d + s.space.size() >= 3;
    p.axes[d] = {in[d], out[d], kernel[d], real ? s.stride : 1, real ? s.pad : 0, real ? s.dilation : 1};
  }
  return p;
}

// [K, C / groups, taps] as [C / groups, taps, K]; of transposed ones [C, K / groups, taps] as [taps, C, ...].
Tensor filters_last(const Tensor& w, bool transposed_conv) {
  const Dims& d = w.dims();
  const int64_t taps = w.size() / d[0] / d[1];
  const Tensor flat = reference("Reshape", {},
                                {w, ops::make_tensor(kI64, {3},
                                                     {static_cast<double>(d[0]), static_cast<double>(d[1]),
                                                      static_cast<double>(taps)})})[0];
  return transposed_conv ? transposed(flat, {2, 0, 1}) : transposed(flat, {1, 2, 0});
}

// With a residual of the result's shape.
KernelCase float_case(DataType type, const DirectShape& s, bool transposed_conv, bool packed) {
  const Tensor x = random_tensor(type, joined({2, s.channels}, s.space));
  const Dims weights =
      transposed_conv ? Dims{s.channels, s.filters / s.group} : Dims{s.filters, s.channels / s.group};
  const Tensor w = random_tensor(type, joined(weights, s.kernel), -1, 1, 2);
  const Tensor b = random_tensor(type, {s.filters}, -1, 1, 3);
  const char* op = transposed_conv ? "ConvTranspose" : "Conv";
  const Tensor plain = reference(op, attrs_of(s), {cast(x, kF32), cast(w, kF32), cast(b, kF32)})[0];
  const Tensor residual = random_tensor(type, plain.dims(), -1, 1, 4);
  const Tensor y = reference("Relu", {}, {reference("Add", {}, {plain, cast(residual, kF32)})[0]})[0];
  DirectProblem p = problem_of(s, plain.dims());
  p.x_type = p.weight_type = p.bias_type = p.y_type = type;
  p.transposed = transposed_conv;
  p.filters_last = packed;
  p.channels_last = packed;
  p.has_bias = true;
  p.epilogue = "add x0 x1; relu t0";
  p.extras = {{type, plain.size() / 2, s.filters, 1}};
  return {str("direct ", op, ' ', data_type_name(type), ' ', s.space.size(), "d ", s.filters,
              packed ? " packed" : ""),
          direct_kernel(p),
          {packed ? channels_last(x) : x,
           packed ? filters_last(w, transposed_conv) : w,
           b,
           {},
           {},
           {},
           channels_last(residual)},
          {channels_last(cast(y, type))},
          type == kF32 ? 2e-5 : type_tolerance(type)};
}

Tensor bytes(DataType type, const Dims& dims, unsigned seed) {
  return random_tensor(type, dims, type == kU8 ? 0 : -128, type == kU8 ? 256 : 128, seed);
}

KernelCase integer_case(DataType x_type, DataType w_type, const DirectShape& s, bool per_filter) {
  const Tensor x = bytes(x_type, joined({2, s.channels}, s.space), 1);
  const Tensor w = bytes(w_type, joined({s.filters, s.channels / s.group}, s.kernel), 2);
  const Tensor x_zero = bytes(x_type, {}, 3),
               w_zero = bytes(w_type, per_filter ? Dims{s.filters} : Dims{}, 4);
  const Tensor y = reference("ConvInteger", attrs_of(s), {x, w, x_zero, w_zero})[0];
  DirectProblem p = problem_of(s, y.dims());
  p.x_type = x_type, p.weight_type = w_type, p.y_type = kI32;
  p.x_zero = p.w_zero = true;
  p.w_zero_per_filter = per_filter;
  return {str("direct ConvInteger ", data_type_name(x_type), ' ', data_type_name(w_type)),
          direct_kernel(p),
          {channels_last(x), filters_last(w, false), {}, {}, x_zero, w_zero},
          {channels_last(y)}};
}

KernelCase quantized_case(DataType x_type, DataType y_type, const DirectShape& s) {
  const Tensor x = bytes(x_type, joined({2, s.channels}, s.space), 1);
  const Tensor w = bytes(kI8, joined({s.filters, s.channels / s.group}, s.kernel), 2);
  const Tensor b = random_tensor(kF32, {s.filters}, -1, 1, 3),
               scale = random_tensor(kF32, {s.filters}, 1e-4, 3e-4, 4);
  Attrs attrs = attrs_of(s);
  attrs.set("epilogue", std::string("relu x0; mul t0 #20"));
  attrs.set("output_dtype", int64_t{y_type == kI8 ? 3 : 1});
  const Tensor y = reference("QuantizedConv", attrs, {x, w, b, scale})[0];
  DirectProblem p = problem_of(s, y.dims());
  p.x_type = x_type, p.weight_type = kI8, p.y_type = y_type;
  p.has_bias = p.has_scale = p.scale_per_filter = true;
  p.epilogue = "relu x0; mul t0 #20";
  return {str("direct QuantizedConv ", data_type_name(x_type), ' ', data_type_name(y_type)),
          direct_kernel(p),
          {channels_last(x), filters_last(w, false), b, scale, {}, {}},
          {channels_last(y)},
          y_type == kI8 ? 0.05 : 2e-5};
}

}  // namespace

std::vector<KernelCase> direct_cases() {
  std::vector<KernelCase> cases;
  for (const DataType type : {kF32, kF16, kBF16}) {
    for (const DirectShape& s :
         {DirectShape{{5, 6}, {4, 4}, 16, 24, 2, 1}, DirectShape{{5, 6}, {3, 3}, 7, 5, 1, 0, 2},
          DirectShape{{5, 6}, {3, 3}, 12, 36, 3, 2, 1, 3}, DirectShape{{9}, {2}, 8, 8, 2},
          DirectShape{{3, 4, 5}, {3, 2, 3}, 6, 16, 2, 1},
          DirectShape{{4, 3, 5}, {1, 3, 2}, 8, 6, 1, 1, 2, 2}})
      for (const bool transposed_conv : {true, false})
        cases.push_back(float_case(type, s, transposed_conv, true));
    cases.push_back(float_case(type, {{4, 5, 6}, {3, 3, 3}, 4, 6, 2, 1}, false, false));
    cases.push_back(float_case(type, {{4, 5}, {3, 3}, 4, 6, 2, 1, 1, 2}, true, false));
  }
  for (const DataType x : {kU8, kI8})
    for (const DataType w : {kU8, kI8}) {
      cases.push_back(integer_case(x, w, {{5, 6}, {3, 3}, 7, 12, 2, 1}, w == kI8));
      cases.push_back(integer_case(x, w, {{3, 4, 5}, {2, 3, 2}, 4, 6, 1, 1, 1, 2}, x == kI8));
    }
  for (const DataType y : {kI8, kF32}) {
    cases.push_back(quantized_case(kI8, y, {{7, 6}, {3, 3}, 5, 12, 1, 1}));
    cases.push_back(quantized_case(kU8, y, {{3, 4, 5}, {2, 2, 2}, 8, 16, 2}));
  }
  return cases;
}

}  // namespace ingot::cuda
