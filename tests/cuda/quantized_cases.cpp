// Products of 8-bit elements: convolutions and matrix products whose sums are scaled for each filter and
// stored quantized.
#include <cmath>

#include "backends/cuda/kernels/conv/conv.h"
#include "kernel_case.h"

namespace ingot::cuda {
namespace {

using enum DataType;

struct Shape {
  int64_t images, side, channels, filters, kernel, stride = 1, pad = 0, group = 1;
};

ConvProblem problem_of(DataType type, DataType x_type, DataType y_type, const Shape& s) {
  ConvProblem p{type, x_type, y_type, kF32};
  p.images = s.images;
  p.height = p.width = s.side;
  p.channels = s.channels / s.group;
  p.filters = s.filters / s.group;
  p.kernel_h = p.kernel_w = s.kernel;
  p.stride_h = p.stride_w = s.stride;
  p.pad_top = p.pad_left = s.pad;
  p.out_h = p.out_w = (s.side + 2 * s.pad - s.kernel) / s.stride + 1;
  p.scale = ConvProblem::kPerFilter;
  if (s.group > 1) {
    p.batch = s.group;
    p.x_strides = dense_strides({p.images, p.height, p.width, s.channels});
    p.y_row = s.filters;
    p.x_batch = p.channels;
    p.weight_batch = p.filters * p.depth();
    p.bias_batch = p.y_batch = p.filters;
  }
  return p;
}

int64_t onnx_number(DataType type) {
  return type == kU8 ? 2 : type == kI8 ? 3 : type == kF16 ? 10 : type == kF8E4M3 ? 17 : 1;
}

Tensor narrow(DataType type, const Dims& dims, unsigned seed) {
  return type == kI8   ? random_tensor(type, dims, -128, 128, seed)
         : type == kU8 ? random_tensor(type, dims, 0, 256, seed)
                       : random_tensor(type, dims, -4, 4, seed);
}

// A step of the result, against what its elements are on average; sums of FP8 are less exact.
double tolerance_of(DataType type, DataType y_type) {
  if (!is_float(y_type)) return 0.05;
  return y_type == kF8E4M3 ? 0.14 : y_type == kF16 ? 3e-3 : type == kI8 ? 1e-5 : 1e-3;
}

KernelCase conv_case(DataType type, DataType x_type, DataType y_type, const Shape& s,
                     const ConvConfig& config, const std::string& epilogue) {
  ConvProblem p = problem_of(type, x_type, y_type, s);
  p.epilogue = epilogue;
  // Results of a standard deviation of 40 or so, as narrow types can hold.
  const double spread = (type == kI8 ? 5500.0 : 5.3) * std::sqrt(static_cast<double>(p.depth()));
  const double unit = (is_float(y_type) ? 1.0 : 40.0) / spread;
  const Tensor x = narrow(x_type, {s.images, s.channels, s.side, s.side}, 1);
  const Tensor w = narrow(type, {s.filters, p.channels, s.kernel, s.kernel}, 2);
  const Tensor b = random_tensor(kF32, {s.filters}, -1, 1, 3);
  const Tensor scale = random_tensor(kF32, {s.filters}, 0.5 * unit, 1.5 * unit, 4);
  std::vector<Tensor> reference_inputs = {x, w, b, scale}, inputs = {to_nhwc(x), to_nhwc(w), b, scale};
  if (epilogue.find("x1") != epilogue.npos) {
    const Tensor residual = narrow(y_type, {s.images, s.filters, p.out_h, p.out_w}, 5);
    reference_inputs.push_back(residual);
    inputs.push_back(to_nhwc(residual));
    p.extras.push_back({y_type, p.out_h * p.out_w * s.filters, s.filters, 1, p.filters});
  }
  const Attrs attrs = {{"pads", Ints(4, s.pad)},
                       {"strides", Ints(2, s.stride)},
                       {"group", s.group},
                       {"epilogue", epilogue},
                       {"output_dtype", onnx_number(y_type)}};
  const auto spec = conv_kernel(p, config);
  return {str(spec.ok() ? spec->name : "conv", " ", data_type_name(x_type), " to ", data_type_name(y_type),
              " ", s.images, "x", s.side, "x", s.channels, " to ", s.filters, " k", s.kernel, " s", s.stride,
              " g", s.group, " splits ", config.splits, " ", epilogue),
          spec,
          inputs,
          {to_nhwc(reference("QuantizedConv", attrs, reference_inputs)[0])},
          tolerance_of(type, y_type)};
}

KernelCase matmul_case(DataType type, DataType y_type, int64_t m, int64_t n, int64_t k,
                       const ConvConfig& config) {
  ConvProblem p = matmul_problem(type, m, n, k);
  p.y_type = y_type;
  p.has_bias = false;
  p.bias_type = kF32;
  p.scale = ConvProblem::kPerTensor;
  const Tensor a = narrow(type, {m, k}, 1), b = narrow(type, {n, k}, 2);
  const Tensor scale = random_tensor(kF32, {}, 1e-3, 2e-3, 4);
  const Attrs attrs = {{"trans_b", int64_t{1}}, {"output_dtype", onnx_number(y_type)}};
  const auto spec = conv_kernel(p, config);
  return {str(spec.ok() ? spec->name : "gemm", " ", m, "x", n, "x", k, " splits ", config.splits),
          spec,
          {a, b, {}, scale},
          reference("QuantizedMatMul", attrs, {a, b, {}, scale}),
          tolerance_of(type, y_type)};
}

}  // namespace

std::vector<KernelCase> quantized_cases() {
  std::vector<KernelCase> cases;
  const ConvConfig warp{64, 64, 2, 2, 4, 1, false}, group{64, 64, 1, 1, 4, 1, true};
  ConvConfig split = group, warp_split = warp;
  split.splits = warp_split.splits = 3;
  const Shape shapes[] = {{2, 7, 64, 72, 3, 1, 1}, {1, 9, 48, 40, 3, 2, 1}, {2, 8, 32, 64, 1},
                          {1, 8, 36, 24, 1, 2},    {1, 10, 6, 10, 3, 1, 1}, {1, 8, 64, 96, 3, 1, 1, 2},
                          {3, 5, 260, 96, 3, 1, 1}};
  const std::string residual = "mul x1 #0.7; add x0 t0; relu t1";
  for (const Shape& s : shapes) {
    for (const ConvConfig& c : {warp, group}) {
      cases.push_back(conv_case(kI8, kI8, kI8, s, c, residual));
      cases.push_back(conv_case(kI8, kI8, kF16, s, c, "relu x0"));
    }
    if (s.channels % 4 == 0) cases.push_back(conv_case(kI8, kU8, kU8, s, s.stride == 1 ? group : warp, ""));
    cases.push_back(conv_case(kF8E4M3, kF8E4M3, kF8E4M3, s, group, residual));
    cases.push_back(conv_case(kF8E4M3, kF8E4M3, kF32, s, group, ""));
  }
  cases.push_back(conv_case(kI8, kI8, kI8, shapes[6], split, residual));
  cases.push_back(conv_case(kI8, kI8, kI8, shapes[6], warp_split, ""));
  cases.push_back(conv_case(kF8E4M3, kF8E4M3, kF16, shapes[6], split, "relu x0"));
  for (const DataType type : {kI8, kF8E4M3}) {
    cases.push_back(matmul_case(type, kF32, 37, 50, 144, group));
    cases.push_back(matmul_case(type, kF16, 130, 64, 768, split));
  }
  const ConvConfig patch{64, 64, 4, 1, 1, 1, true, 1, ConvConfig::kPatch};
  for (const DataType x_type : {kI8, kU8}) {
    cases.push_back(conv_case(kI8, x_type, kI8, {2, 13, 64, 64, 3, 1, 1}, patch, residual));
    cases.push_back(conv_case(kI8, x_type, kF16, {1, 17, 32, 48, 3, 1, 1}, patch, "relu x0"));
  }
  cases.push_back(conv_case(kI8, kI8, kF32, {2, 9, 96, 64, 2, 1, 0}, patch, ""));
  // Every configuration that may be chosen.
  for (const DataType type : {kI8, kF8E4M3}) {
    const Shape large = {3, 13, 144, 264, 3, 1, 1}, narrow = {2, 13, 48, 64, 3, 1, 1};
    for (const ConvConfig& c : conv_configs(problem_of(type, type, type, large), 132, true))
      if (c.splits <= 2) cases.push_back(conv_case(type, type, type, large, c, residual));
    for (const ConvConfig& c : conv_configs(problem_of(type, type, type, narrow), 132, true))
      if (c.groups > 0) cases.push_back(conv_case(type, type, type, narrow, c, residual));
  }
  return cases;
}

std::vector<KernelBench> quantized_benches() {
  std::vector<KernelBench> benches;
  // Layers of resnet50: side, channels, filters, kernel, with a residual of i8.
  struct Layer {
    int64_t side, channels, filters, kernel;
    bool residual;
  };
  const Layer layers[] = {{56, 64, 64, 1, false},    {56, 64, 64, 3, false},  {56, 64, 256, 1, true},
                          {28, 128, 128, 3, false},  {28, 128, 512, 1, true}, {14, 256, 256, 3, false},
                          {14, 1024, 256, 1, false}, {7, 512, 512, 3, false}};
  for (const int64_t n : {1, 32, 128}) {
    for (const Layer& l : layers) {
      ConvProblem p =
          problem_of(kI8, kI8, kI8, {n, l.side, l.channels, l.filters, l.kernel, 1, l.kernel / 2});
      p.epilogue = l.residual ? "mul x1 #0.7; add x0 t0; relu t1; mul t2 #9" : "relu x0; mul t0 #9";
      if (l.residual) p.extras.push_back({kI8, p.out_h * p.out_w * p.filters, p.filters, 1});
      const auto configs = conv_configs(p, 132, true);
      for (size_t c = 0; c < std::min<size_t>(3, configs.size()); ++c) {
        const auto y = static_cast<size_t>(p.rows() * p.filters);
        KernelBench b{
            str("int8 conv b", n, " ", l.side, " ", l.channels, "-", l.filters, " k", l.kernel, " #", c),
            conv_kernel(p, configs[c]),
            kI8,
            {static_cast<size_t>(n * l.side * l.side * l.channels),
             static_cast<size_t>(p.filters * p.depth()), static_cast<size_t>(p.filters) * 4,
             static_cast<size_t>(p.filters) * 4},
            {y}};
        if (l.residual) b.inputs.push_back(y);
        b.flops = 2.0 * static_cast<double>(p.rows() * p.filters * p.depth());
        if (b.spec.ok()) b.name += str(" ", b.spec->name, " ", configs[c].splits);
        benches.push_back(b);
      }
    }
  }
  return benches;
}

}  // namespace ingot::cuda
