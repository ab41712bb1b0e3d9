#include "backends/cuda/kernels/depthwise/depthwise.h"
#include "kernel_case.h"
#include "ops/op_testing.h"

namespace ingot::cuda {
namespace {

using enum DataType;

DepthwiseProblem problem_of(DataType type, int64_t images, int64_t side, int64_t channels, int64_t kernel,
                            int64_t stride, int64_t dilation = 1) {
  DepthwiseProblem p{type, images, side, side + 1, channels, 0, 0};
  p.kernel_h = p.kernel_w = kernel;
  p.stride_h = p.stride_w = stride;
  p.dilation_h = p.dilation_w = dilation;
  p.pad_top = p.pad_left = kernel / 2 * dilation;
  p.out_h = (p.height - 1) / stride + 1;
  p.out_w = (p.width - 1) / stride + 1;
  return p;
}

KernelCase depthwise_case(DataType type, int64_t channels, int64_t kernel, int64_t stride, int64_t dilation,
                          const char* epilogue, int64_t piece_h = 1, int64_t piece_w = 4,
                          int64_t piece_channels = 8) {
  DepthwiseProblem p = problem_of(type, 2, 9, channels, kernel, stride, dilation);
  p.piece_h = piece_h, p.piece_w = piece_w, p.piece_channels = piece_channels;
  p.epilogue = epilogue;
  const Tensor x = random_tensor(type, {2, channels, p.height, p.width});
  const Tensor w = random_tensor(type, {channels, 1, kernel, kernel}, -1, 1, 2),
               b = random_tensor(type, {channels}, -1, 1, 3);
  const Attrs attrs = {{"pads", Ints(4, p.pad_top)},
                       {"strides", Ints(2, stride)},
                       {"dilations", Ints(2, dilation)},
                       {"group", channels},
                       {"epilogue", std::string(epilogue)}};
  std::vector<Tensor> all = {x, w, b}, inputs = {to_nhwc(x), transposed(w, {2, 3, 1, 0}), b};
  if (p.epilogue.find("x1") != std::string::npos) {
    const Tensor r = random_tensor(type, {2, channels, p.out_h, p.out_w}, -1, 1, 4);
    all.push_back(r);
    inputs.push_back(to_nhwc(r));
    p.extras.push_back({type, p.out_h * p.out_w * channels, channels, 1});
  }
  return {str("depthwise ", data_type_name(type), " c", channels, " k", kernel, " s", stride, " d", dilation,
              " in ", piece_h, "x", piece_w, "x", piece_channels),
          depthwise_kernel(p),
          inputs,
          {to_nhwc(reference("Conv", attrs, all)[0])},
          type_tolerance(type)};
}

// The result, and sums of its parts: of pieces that follow each other.
KernelCase sums_case(DataType type, int64_t images, int64_t side, int64_t channels, int64_t kernel,
                     int64_t stride, int64_t piece_h, int64_t piece_w, int64_t blocks = 16) {
  DepthwiseProblem p = problem_of(type, images, side, channels, kernel, stride);
  p.piece_h = piece_h, p.piece_w = piece_w;
  p.epilogue = "silu x0";
  p.sums = true;
  p.blocks = blocks;
  const Tensor x = random_tensor(type, {images, channels, p.height, p.width}),
               w = random_tensor(type, {channels, 1, kernel, kernel}, -1, 1, 2),
               b = random_tensor(type, {channels}, -1, 1, 3);
  const Attrs attrs = {{"pads", Ints(4, p.pad_top)},
                       {"strides", Ints(2, stride)},
                       {"group", channels},
                       {"epilogue", p.epilogue}};
  const Tensor y = reference("Conv", attrs, {x, w, b})[0];
  const DepthwiseParts parts = depthwise_parts(p);
  std::vector<double> sums(static_cast<size_t>(images * parts.count * channels), 0);
  const std::vector<double> values = ops::values_of(y);
  for (int64_t at = 0; at < y.size(); ++at) {
    const int64_t ow = at % p.out_w, oh = at / p.out_w % p.out_h, plane = at / p.out_w / p.out_h;
    const int64_t piece = oh / piece_h * ((p.out_w + piece_w - 1) / piece_w) + ow / piece_w;
    const int64_t part = plane / channels * parts.count + piece / parts.pieces;
    sums[static_cast<size_t>(part * channels + plane % channels)] += values[static_cast<size_t>(at)];
  }
  return {str("depthwise ", data_type_name(type), " sums of ", images, "x", side, " c", channels, " k",
              kernel, " in ", parts.count, " parts"),
          depthwise_kernel(p),
          {to_nhwc(x), transposed(w, {2, 3, 1, 0}), b},
          {to_nhwc(y), ops::make_tensor(kF32, {images, parts.count, channels}, sums)},
          type_tolerance(type)};
}

}  // namespace

std::vector<KernelCase> depthwise_cases() {
  std::vector<KernelCase> cases;
  for (const DataType type : {kF32, kF16, kBF16}) {
    cases.push_back(depthwise_case(type, 16, 3, 1, 1, "clip x0 #0 #6"));
    cases.push_back(depthwise_case(type, 36, 3, 2, 1, "silu x0"));
    cases.push_back(depthwise_case(type, 7, 5, 1, 1, ""));
    cases.push_back(depthwise_case(type, 40, 5, 2, 1, "silu x0"));
    cases.push_back(depthwise_case(type, 24, 3, 1, 2, "add x0 x1"));
    cases.push_back(depthwise_case(type, 8, 7, 1, 1, ""));
    cases.push_back(depthwise_case(type, 16, 3, 1, 1, "silu x0", 2, 4));
    cases.push_back(depthwise_case(type, 24, 3, 1, 2, "add x0 x1", 4, 1));
    cases.push_back(depthwise_case(type, 12, 5, 2, 1, "", 4, 2));
    cases.push_back(depthwise_case(type, 16, 3, 3, 1, "", 2, 2));
    cases.push_back(depthwise_case(type, 72, 5, 1, 1, "silu x0", 2, 8, 2));
    cases.push_back(depthwise_case(type, 20, 3, 2, 1, "", 4, 4, 4));
    cases.push_back(sums_case(type, 2, 13, 40, 3, 1, 1, 4));
    cases.push_back(sums_case(type, 3, 9, 37, 5, 2, 2, 2));
    cases.push_back(sums_case(type, 1, 30, 24, 3, 1, 2, 4));
    cases.push_back(sums_case(type, 40, 14, 40, 3, 1, 1, 4, 1));
  }
  return cases;
}

std::vector<KernelBench> depthwise_benches() {
  std::vector<KernelBench> benches;
  struct Layer {
    int64_t side, channels, kernel, stride;
  };
  const Layer layers[] = {{112, 32, 3, 1}, {112, 96, 3, 2}, {56, 144, 3, 1}, {28, 240, 5, 1},
                          {14, 576, 3, 1}, {7, 960, 3, 1},  {14, 672, 5, 2}, {7, 1152, 5, 1}};
  constexpr int64_t kPieces[][3] = {{1, 2, 8}, {1, 4, 8}, {1, 8, 8}, {2, 2, 8}, {2, 4, 8},
                                    {4, 1, 8}, {4, 2, 8}, {1, 4, 4}, {1, 8, 4}, {2, 4, 4},
                                    {4, 4, 4}, {4, 4, 2}, {2, 8, 2}};
  for (const int64_t n : {1, 32, 128})
    for (const Layer& l : layers)
      for (const bool sums : {false, true}) {
        DepthwiseProblem p = problem_of(kF16, n, l.side, l.channels, l.kernel, l.stride);
        p.width = p.height;
        p.out_w = p.out_h;
        p.epilogue = sums ? "silu x0" : "clip x0 #0 #6";
        p.sums = sums;
        for (const auto& [height, width, deep] : kPieces) {
          p.piece_h = height, p.piece_w = width, p.piece_channels = deep;
          KernelBench b{str("depthwise b", n, " ", l.side, " c", l.channels, " k", l.kernel, " s", l.stride,
                            " ", height, "x", width, "x", deep, sums ? " sums" : ""),
                        depthwise_kernel(p),
                        kF16,
                        {static_cast<size_t>(n * l.side * l.side * l.channels) * 2,
                         static_cast<size_t>(l.kernel * l.kernel * l.channels) * 2,
                         static_cast<size_t>(l.channels) * 2},
                        {static_cast<size_t>(n * p.out_h * p.out_w * l.channels) * 2}};
          if (sums)
            b.outputs.push_back(static_cast<size_t>(n * depthwise_parts(p).count * l.channels) *
                                sizeof(float));
          benches.push_back(std::move(b));
        }
      }
  return benches;
}

}  // namespace ingot::cuda
