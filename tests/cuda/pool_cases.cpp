#include "backends/cuda/kernels/pool/pool.h"
#include "kernel_case.h"
#include "ops/op_testing.h"
#include "ops/resample.h"

namespace ingot::cuda {
namespace {

using enum DataType;

KernelCase pool_case(DataType type, bool average, bool count_pads, int64_t channels, int64_t kernel,
                     int64_t stride, int64_t pad, int64_t dilation = 1, bool ceil = false) {
  const Tensor x = random_tensor(type, {2, channels, 9, 10}, -3, 3);
  Attrs attrs = {{"kernel_shape", Ints(2, kernel)},
                 {"strides", Ints(2, stride)},
                 {"pads", Ints(4, pad)},
                 {"dilations", Ints(2, dilation)},
                 {"ceil_mode", int64_t{ceil}}};
  if (average) attrs.set("count_include_pad", int64_t{count_pads});
  const Tensor y = reference(average ? "AveragePool" : "MaxPool", attrs, {x})[0];
  const PoolProblem p{type,   average, count_pads, 2,   9,   10,  channels, y.dims()[2], y.dims()[3], kernel,
                      kernel, stride,  stride,     pad, pad, pad, pad,      dilation,    dilation};
  return {str(average ? "average_pool " : "max_pool ", data_type_name(type), " ", channels),
          pool_kernel(p),
          {to_nhwc(x)},
          {to_nhwc(y)},
          average ? type_tolerance(type) : 0};
}

KernelCase volume_case(DataType type, bool average, bool count_pads, int64_t channels) {
  const Tensor x = random_tensor(type, {2, channels, 5, 7, 6}, -3, 3);
  Attrs attrs = {
      {"kernel_shape", Ints{2, 3, 2}}, {"strides", Ints{2, 1, 3}}, {"pads", Ints{1, 0, 1, 0, 2, 1}}};
  if (average) attrs.set("count_include_pad", int64_t{count_pads});
  const Tensor y = reference(average ? "AveragePool" : "MaxPool", attrs, {x})[0];
  PoolProblem p{type, average, count_pads, 2, 7, 6, channels, y.dims()[3], y.dims()[4], 3,
                2,    1,       3,          0, 1, 2, 1};
  p.depth = 5, p.out_d = y.dims()[2], p.kernel_d = 2, p.stride_d = 2, p.pad_front = 1;
  return {str(average ? "average_pool " : "max_pool ", "of volumes ", data_type_name(type)),
          pool_kernel(p),
          {transposed(x, {0, 2, 3, 4, 1})},
          {transposed(y, {0, 2, 3, 4, 1})},
          average ? type_tolerance(type) : 0};
}

KernelCase global_case(DataType type, bool average, int64_t images, int64_t channels) {
  const Tensor x = random_tensor(type, {images, channels, 5, 7}, -3, 3);
  const Tensor y = reference(average ? "GlobalAveragePool" : "GlobalMaxPool", {}, {x})[0];
  return {str("global_pool ", data_type_name(type), " ", channels),
          global_pool_kernel({type, average, images, 35, channels}),
          {to_nhwc(x)},
          {to_nhwc(y)},
          type_tolerance(type)};
}

KernelCase squeeze_case(DataType type, int64_t images, int64_t side, int64_t channels, int64_t hidden,
                        int64_t blocks) {
  const Tensor x = random_tensor(type, {images, channels, side, side + 1}, 0, 1),
               w1 = random_tensor(type, {hidden, channels, 1, 1}, -1, 1, 2),
               b1 = random_tensor(type, {hidden}, -1, 1, 3),
               w2 = random_tensor(type, {channels, hidden, 1, 1}, -1, 1, 4),
               b2 = random_tensor(type, {channels}, -1, 1, 5);
  const Attrs attrs = {{"inner_epilogue", std::string("silu x0")}, {"epilogue", std::string("sigmoid x0")}};
  const auto spec = squeeze_excitation_kernel(
      {type, images, side * (side + 1), channels, hidden, "silu x0", "sigmoid x0", blocks});
  return {str(spec.ok() ? spec->name : "squeeze_excitation", " ", images, "x", side, "x", channels, " to ",
              hidden, " by ", blocks),
          spec,
          {to_nhwc(x), w1, b1, w2, b2},
          {to_nhwc(reference("SqueezeExcitation", attrs, {x, w1, b1, w2, b2})[0])},
          2 * type_tolerance(type)};
}

KernelCase gates_case(DataType type, int64_t images, int64_t parts, int64_t channels, int64_t hidden,
                      int64_t blocks) {
  const Tensor sums = random_tensor(kF32, {images, parts, channels}, 0, 9),
               w1 = random_tensor(type, {hidden, channels, 1, 1}, -1, 1, 2),
               b1 = random_tensor(type, {hidden}, -1, 1, 3),
               w2 = random_tensor(type, {channels, hidden, 1, 1}, -1, 1, 4),
               b2 = random_tensor(type, {channels}, -1, 1, 5);
  // Of an image of `parts` pixels, in float32, ones that are scaled: gates of means of 9 pixels.
  const Attrs attrs = {{"pads", Ints(4, 0)},
                       {"strides", Ints{1, 1}},
                       {"group", channels},
                       {"inner_epilogue", std::string("silu x0")},
                       {"gate_epilogue", std::string("sigmoid x0")}};
  const Tensor ones =
      ops::make_tensor(kF32, {channels, 1, 1, 1},
                       std::vector<double>(static_cast<size_t>(channels), static_cast<double>(parts) / 9));
  const Tensor zeros =
      ops::make_tensor(kF32, {channels}, std::vector<double>(static_cast<size_t>(channels), 0));
  const auto wide = [](const Tensor& t) { return cast(t, kF32); };
  const Tensor gates = reference("ConvGates", attrs,
                                 {transposed(sums, {0, 2, 1}).reshaped({images, channels, parts, 1}), ones,
                                  zeros, wide(w1), wide(b1), wide(w2), wide(b2)},
                                 2)[1];
  const auto spec = gates_kernel({type, images, 9, channels, hidden, "silu x0", "sigmoid x0", blocks, parts});
  return {str(spec.ok() ? spec->name : "gates", " ", images, "x", parts, "x", channels, " to ", hidden),
          spec,
          {sums, w1, b1, w2, b2},
          {cast(gates, type)},
          2 * type_tolerance(type)};
}

KernelCase resize_case(DataType type, const char* mode, const char* coordinates, int64_t channels,
                       bool plain = false) {
  const Tensor x = random_tensor(type, {2, channels, 5, 6});
  const Attrs attrs = {{"mode", std::string(mode)},
                       {"coordinate_transformation_mode", std::string(coordinates)}};
  const Tensor y = reference("Resize", attrs, {x, {}, {}, Tensor::vector_i64(Ints{2, channels, 9, 13})})[0];
  const auto sampling = ops::ResampleMode::read(attrs);
  ResizeProblem p{type, 2, 5, 6, channels, 9, 13, 0, 0, plain};
  std::vector<Tensor> inputs = {to_nhwc(x)};
  for (const auto& [in, out] : {std::pair<int64_t, int64_t>{5, 9}, {6, 13}}) {
    const auto table =
        ops::resample_table(*sampling, {in, out, static_cast<double>(out) / static_cast<double>(in)});
    (in == 5 ? p.taps_h : p.taps_w) = static_cast<int>(table->taps);
    const Dims dims = {out, static_cast<int64_t>(table->taps)};
    inputs.push_back(ops::make_tensor(kI32, dims, {table->index.begin(), table->index.end()}));
    inputs.push_back(ops::make_tensor(kF32, dims, table->weight));
  }
  return {str("resize ", mode, " ", data_type_name(type), plain ? " to plain" : ""),
          resize_kernel(p),
          inputs,
          {plain ? y : to_nhwc(y)},
          type_tolerance(type)};
}

}  // namespace

std::vector<KernelCase> pool_cases() {
  std::vector<KernelCase> cases;
  for (const DataType type : {kI8, kU8}) {
    cases.push_back(pool_case(type, false, false, 48, 3, 2, 1));
    cases.push_back(pool_case(type, false, false, 7, 2, 2, 0, 1, true));
  }
  for (const DataType type : {kF32, kF16, kBF16}) {
    cases.push_back(pool_case(type, false, false, 8, 6, 3, 2));
    cases.push_back(pool_case(type, false, false, 16, 3, 2, 1));
    cases.push_back(pool_case(type, false, false, 7, 2, 2, 0, 1, true));
    cases.push_back(pool_case(type, false, false, 12, 3, 1, 2, 2));
    cases.push_back(pool_case(type, true, false, 24, 3, 2, 1));
    cases.push_back(pool_case(type, true, true, 5, 3, 2, 1, 1, true));
    cases.push_back(volume_case(type, false, false, 16));
    cases.push_back(volume_case(type, true, false, 6));
    cases.push_back(volume_case(type, true, true, 3));
    cases.push_back(global_case(type, true, 3, 72));
    cases.push_back(global_case(type, false, 1, 301));
    cases.push_back(squeeze_case(type, 2, 9, 96, 4, 8));
    cases.push_back(squeeze_case(type, 1, 7, 300, 7, 8));
    cases.push_back(squeeze_case(type, 2, 20, 32, 8, 4));
    cases.push_back(squeeze_case(type, 1, 60, 24, 4, 2));  // more pixels than are kept
    cases.push_back(squeeze_case(type, 3, 6, 37, 5, 2));
    cases.push_back(squeeze_case(type, 2, 6, 37, 8, 2));
    cases.push_back(squeeze_case(type, 2, 5, 144, 6, 1));
    cases.push_back(gates_case(type, 2, 5, 96, 4, 8));
    cases.push_back(gates_case(type, 1, 49, 300, 7, 8));
    cases.push_back(gates_case(type, 3, 1, 37, 5, 1));
    cases.push_back(gates_case(type, 2, 3, 700, 12, 1));
    cases.push_back(resize_case(type, "linear", "half_pixel", 8));
    cases.push_back(resize_case(type, "nearest", "asymmetric", 3));
    cases.push_back(resize_case(type, "cubic", "align_corners", 4));
    cases.push_back(resize_case(type, "linear", "half_pixel", 21, true));
    cases.push_back(resize_case(type, "cubic", "align_corners", 40, true));
  }
  return cases;
}

std::vector<KernelBench> pool_benches() {
  std::vector<KernelBench> benches;
  for (const int64_t n : {1, 8, 32, 128}) {
    const auto bytes = [&](int64_t each) { return static_cast<size_t>(n * each) * 2; };
    benches.push_back({str("pool max3x3s2 b", n, " 112x112x64"),
                       pool_kernel({kF16, false, false, n, 112, 112, 64, 56, 56, 3, 3, 2, 2, 1, 1, 1, 1}),
                       kF16,
                       {bytes(112 * 112 * 64)},
                       {bytes(56 * 56 * 64)}});
    benches.push_back({str("pool global b", n, " 7x7x2048"),
                       global_pool_kernel({kF16, true, n, 49, 2048}),
                       kF16,
                       {bytes(49 * 2048)},
                       {bytes(2048)}});
    benches.push_back({str("pool global b", n, " 56x56x144"),
                       global_pool_kernel({kF16, true, n, 3136, 144}),
                       kF16,
                       {bytes(3136 * 144)},
                       {bytes(144)}});
    struct Block {
      int64_t side, channels, hidden;
    };
    for (const auto& [side, channels, hidden] :
         {Block{112, 32, 8}, {28, 240, 10}, {14, 480, 20}, {7, 1152, 48}}) {
      constexpr int64_t kParts = 8;
      for (const int64_t blocks : {1, 2, 4, 8})
        benches.push_back(
            {str("gates b", n, " ", channels, "-", hidden, " by ", blocks),
             gates_kernel({kF16, n, side * side, channels, hidden, "silu x0", "sigmoid x0", blocks, kParts}),
             kF16,
             {static_cast<size_t>(n * kParts * channels) * 4, static_cast<size_t>(channels * hidden) * 2, 256,
              static_cast<size_t>(channels * hidden) * 2, static_cast<size_t>(channels) * 2},
             {bytes(channels)}});
      benches.push_back(
          {str("squeeze b", n, " ", side, "x", channels, "-", hidden),
           squeeze_excitation_kernel({kF16, n, side * side, channels, hidden, "silu x0", "sigmoid x0"}),
           kF16,
           {bytes(side * side * channels), static_cast<size_t>(channels * hidden) * 2, 256,
            static_cast<size_t>(channels * hidden) * 2, static_cast<size_t>(channels) * 2},
           {bytes(side * side * channels)}});
    }
  }
  return benches;
}

}  // namespace ingot::cuda
