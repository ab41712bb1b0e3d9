#include <optional>

#include "backends/cuda/kernels/conv/conv.h"
#include "kernel_case.h"
#include "ops/conv_chain.h"
#include "ops/op_testing.h"

namespace ingot::cuda {
namespace {

using enum DataType;

struct ConvShape {
  int64_t images, side, channels, filters, kernel, stride = 1, pad = 0, dilation = 1, group = 1;
};

ConvProblem problem_of(DataType type, const ConvShape& s) {
  ConvProblem p{type, type, type, type};
  p.images = s.images;
  p.height = s.side;
  p.width = s.side + 1;
  p.channels = s.channels / s.group;
  p.filters = s.filters / s.group;
  p.kernel_h = p.kernel_w = s.kernel;
  p.stride_h = p.stride_w = s.stride;
  p.pad_top = p.pad_left = s.pad;
  p.dilation_h = p.dilation_w = s.dilation;
  const int64_t reach = s.dilation * (s.kernel - 1) + 1;
  p.out_h = (p.height + 2 * s.pad - reach) / s.stride + 1;
  p.out_w = (p.width + 2 * s.pad - reach) / s.stride + 1;
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

double tolerance_of(DataType type, bool exact) {
  return type == kF32 ? (exact ? 2e-5 : 1e-2) : type_tolerance(type);
}

// With a residual of y's shape, and a factor for each channel of each image (as of an SE block).
KernelCase conv_case(DataType type, const ConvShape& s, const ConvConfig& config, const char* epilogue = "",
                     bool exact = false, bool first_layer = false) {
  ConvProblem p = problem_of(type, s);
  p.exact = exact;
  p.epilogue = epilogue;
  const Tensor x = random_tensor(type, {s.images, s.channels, p.height, p.width});
  const Tensor w = random_tensor(type, {s.filters, p.channels, s.kernel, s.kernel}, -1, 1, 2);
  const Tensor b = random_tensor(type, {s.filters}, -1, 1, 3);
  std::vector<Tensor> reference_inputs = {x, w, b}, inputs = {to_nhwc(x), to_nhwc(w), b};
  if (first_layer) {  // x as the network gets it
    p.x_type = kF32;
    p.x_strides = dense_strides({p.images, p.channels, p.height, p.width});
    p.x_strides = {p.x_strides[0], p.x_strides[2], p.x_strides[3], p.x_strides[1]};
    inputs[0] = cast(x, kF32);
  }
  const Dims y_dims = {s.images, s.filters, p.out_h, p.out_w};
  const std::string text = epilogue;
  const int64_t pixels = p.out_h * p.out_w;
  if (text.find("x1") != text.npos) {
    const Tensor residual = random_tensor(type, y_dims, -1, 1, 4);
    reference_inputs.push_back(residual);
    inputs.push_back(to_nhwc(residual));
    p.extras.push_back({type, pixels * s.filters, s.filters, 1, p.filters});
  }
  if (text.find("x2") != text.npos) {
    const Tensor scale = random_tensor(type, {s.images, s.filters, 1, 1}, -1, 1, 5);
    reference_inputs.push_back(scale);
    inputs.push_back(scale);
    p.extras.push_back({type, s.filters, 0, 1, p.filters});
  }
  const Attrs attrs = {{"pads", Ints(4, s.pad)},
                       {"strides", Ints(2, s.stride)},
                       {"dilations", Ints(2, s.dilation)},
                       {"group", s.group},
                       {"epilogue", text}};
  const auto spec = conv_kernel(p, config);
  return {str(spec.ok() ? spec->name : "conv", " ", s.images, "x", s.side, "x", s.channels, " to ", s.filters,
              " k", s.kernel, " s", s.stride, " d", s.dilation, " g", s.group, " splits ", config.splits, " ",
              text),
          spec,
          inputs,
          {to_nhwc(reference("Conv", attrs, reference_inputs)[0])},
          tolerance_of(type, exact)};
}

// Of an image that is scaled by a number for each channel, as it is read.
KernelCase gated_case(DataType type, const ConvShape& s, const ConvConfig& config, const char* epilogue) {
  ConvProblem p = problem_of(type, s);
  p.gated = true;
  p.epilogue = epilogue;
  const Tensor x = random_tensor(type, {s.images, s.channels, p.height, p.width}),
               gates = random_tensor(type, {s.images, s.channels, 1, 1}, 0, 1, 5),
               w = random_tensor(type, {s.filters, s.channels, 1, 1}, -1, 1, 2),
               b = random_tensor(type, {s.filters}, -1, 1, 3);
  Attrs attrs = ops::make_chain({{{"epilogue", p.epilogue}}});
  attrs.set("prologue", std::string("mul x0 x1"));
  attrs.set("prologue_inputs", int64_t{1});
  std::vector<Tensor> all = {x, gates, w, b}, inputs = {to_nhwc(x), w, b, gates};
  if (p.epilogue.find("x1") != p.epilogue.npos) {
    const Tensor residual = random_tensor(type, {s.images, s.filters, p.out_h, p.out_w}, -1, 1, 4);
    all.push_back(residual);
    inputs.push_back(to_nhwc(residual));
    p.extras.push_back({type, p.out_h * p.out_w * s.filters, s.filters, 1, p.filters});
  }
  const auto spec = conv_kernel(p, config);
  return {str(spec.ok() ? spec->name : "conv", " gated ", s.images, "x", s.side, "x", s.channels, " to ",
              s.filters, " splits ", config.splits, " ", epilogue),
          spec,
          inputs,
          {to_nhwc(reference("ConvChain", attrs, all)[0])},
          type_tolerance(type)};
}

// A first layer: x and weights as image_conv_kernel wants them.
KernelCase image_case(DataType type, DataType x_type, const ConvShape& s, const char* epilogue,
                      std::optional<DataType> stored = {}, ImagePool pool = {}) {
  ConvProblem p = problem_of(type, s);
  p.x_type = x_type;
  p.y_type = stored.value_or(type);
  p.epilogue = epilogue;
  const Tensor x = random_tensor(type, {s.images, s.channels, p.height, p.width});
  const Tensor w = random_tensor(type, {s.filters, s.channels, s.kernel, s.kernel}, -1, 1, 2);
  const Tensor b = random_tensor(type, {s.filters}, -1, 1, 3);
  const Dims plain = dense_strides(x.dims());
  p.x_strides = {plain[0], plain[2], plain[3], plain[1]};
  const int64_t taps = image_taps(s.kernel);
  const std::vector<double> from = ops::values_of(w);
  std::vector<double> to(static_cast<size_t>(s.filters * s.kernel * taps * 4), 0);
  for (int64_t at = 0; at < w.size(); ++at) {
    const int64_t column = at % s.kernel, row = at / s.kernel % s.kernel;
    const int64_t channel = at / s.kernel / s.kernel % s.channels,
                  filter = at / s.kernel / s.kernel / s.channels;
    to[static_cast<size_t>(((filter * s.kernel + row) * taps + column) * 4 + channel)] =
        from[static_cast<size_t>(at)];
  }
  Attrs attrs = {
      {"pads", Ints(4, s.pad)}, {"strides", Ints(2, s.stride)}, {"epilogue", std::string(epilogue)}};
  if (stored) attrs.set("output_dtype", int64_t{*stored == kU8 ? 2 : 3});
  Tensor y = reference("Conv", attrs, {x, w, b})[0];
  if (pool.kernel > 0) {
    y = reference("MaxPool",
                  {{"kernel_shape", Ints(2, pool.kernel)},
                   {"strides", Ints(2, pool.stride)},
                   {"pads", Ints{pool.pad_top, pool.pad_left, 1, 1}}},
                  {y})[0];
    pool.out_h = y.dims()[2], pool.out_w = y.dims()[3];
  }
  const auto spec = image_conv_kernel(p, pool);
  return {str(spec.ok() ? spec->name : "image_conv", " ", s.images, "x", s.side, "x", s.channels, " to ",
              s.filters, " s", s.stride, stored ? " stored in bytes" : "", pool.kernel > 0 ? " pool " : "",
              pool.kernel > 0 ? str(pool.kernel, " s", pool.stride) : ""),
          spec,
          {cast(x, x_type), ops::make_tensor(type, {s.filters, s.kernel, taps * 4}, to), b},
          {to_nhwc(y)},
          stored ? 0.05 : tolerance_of(type, false)};  // a step, against what elements are on average
}

KernelCase matmul_case(DataType type, int64_t batch, int64_t m, int64_t n, int64_t k,
                       const ConvConfig& config) {
  const Tensor a = random_tensor(type, {batch, m, k}), b = random_tensor(type, {batch, n, k}, -1, 1, 2);
  ConvProblem p = matmul_problem(type, m, n, k);
  p.has_bias = false;
  p.constant_weights = false;
  p.alpha = 0.5f;
  p.batch = batch;
  p.x_batch = m * k;
  p.weight_batch = n * k;
  p.y_batch = m * n;
  p.epilogue = "gelu x0";
  const Attrs attrs = {{"trans_b", int64_t{1}}, {"alpha", 0.5f}, {"epilogue", std::string("gelu x0")}};
  const auto spec = conv_kernel(p, config);
  return {str(spec.ok() ? spec->name : "gemm", " ", batch, "x", m, "x", n, "x", k, " splits ", config.splits),
          spec,
          {a, b, {}},
          reference("FusedMatMul", attrs, {a, b}),
          tolerance_of(type, false)};
}

// Exact float32 over a long depth of one sign, where what every step cuts off would add up to 3e-5.
KernelCase deep_case(const ConvConfig& config) {
  const int64_t m = 33, n = 40, k = 4096;
  const Tensor a = random_tensor(kF32, {m, k}, 0, 1), b = random_tensor(kF32, {n, k}, 0, 1, 2);
  ConvProblem p = matmul_problem(kF32, m, n, k);
  p.has_bias = false;
  p.constant_weights = false;
  p.exact = true;
  return {"gemm of a long depth",
          conv_kernel(p, config),
          {a, b, {}},
          reference("FusedMatMul", {{"trans_b", int64_t{1}}}, {a, b}),
          2e-6};
}

// Every configuration that may be chosen for this shape.
void add_configs(std::vector<KernelCase>& cases, const ConvShape& shape, bool (*wanted)(const ConvConfig&)) {
  for (const DataType type : {kF16, kF32})
    for (const ConvConfig& c : conv_configs(problem_of(type, shape), 132, true))
      if (wanted(c)) cases.push_back(conv_case(type, shape, c, "add x0 x1; relu t0"));
}

constexpr ConvShape kLarge = {3, 13, 72, 264, 3, 1, 1}, kFewFilters = {3, 13, 24, 88, 3, 1, 1};
constexpr ConvShape kShapes[] = {
    {2, 7, 64, 72, 3, 1, 1},       {1, 9, 24, 40, 3, 2, 1},    {2, 8, 16, 64, 1},
    {1, 8, 36, 24, 1, 2},          {1, 10, 6, 10, 3, 1, 2, 2}, {2, 9, 5, 7, 3, 1, 1},
    {1, 8, 32, 48, 3, 1, 1, 1, 2}, {1, 11, 8, 16, 5, 1, 2},    {3, 5, 130, 96, 3, 1, 1}};

}  // namespace

std::vector<KernelCase> conv_cases() {
  std::vector<KernelCase> cases;
  const ConvConfig warp{64, 64, 2, 2, 4, 1, false}, group{64, 64, 1, 1, 4, 1, true};
  cases.push_back(deep_case(warp));
  for (const DataType type : {kF16, kBF16, kF32}) {
    for (const ConvShape& s : kShapes) {
      cases.push_back(conv_case(type, s, warp));
      cases.push_back(conv_case(type, s, group, "add x0 x1; relu t0"));
    }
    ConvConfig split = group, warp_split = warp;
    split.splits = 3;
    warp_split.splits = 4;
    cases.push_back(conv_case(type, kShapes[0], split, "mul x0 x2; add t0 x1"));
    cases.push_back(conv_case(type, kShapes[8], warp_split, "add x0 x1; silu t0"));
    cases.push_back(conv_case(type, {2, 17, 3, 24, 7, 2, 3}, warp, "relu x0", false, true));
    cases.push_back(conv_case(type, {2, 17, 3, 24, 7, 2, 3}, group, "relu x0", false, true));
    cases.push_back(matmul_case(type, 2, 37, 50, 72, warp));
    cases.push_back(matmul_case(type, 1, 130, 64, 768, split));
  }
  cases.push_back(conv_case(kF32, kShapes[0], warp, "add x0 x1", true));
  add_configs(cases, kLarge, [](const ConvConfig& c) { return c.groups == 0 && c.splits <= 2; });
  return cases;
}

std::vector<KernelCase> hopper_conv_cases() {
  std::vector<KernelCase> cases;
  for (const DataType type : {kF16, kBF16}) {
    cases.push_back(image_case(type, kF32, {2, 37, 3, 64, 7, 2, 3}, "relu x0"));
    cases.push_back(image_case(type, type, {3, 40, 3, 32, 3, 2, 1}, "silu x0"));
    cases.push_back(image_case(type, type, {1, 21, 1, 24, 5, 4, 2}, ""));
    cases.push_back(image_case(type, kF32, {2, 37, 3, 64, 7, 2, 3}, "relu x0; mul t0 #20", kI8));
    cases.push_back(image_case(type, type, {2, 30, 3, 48, 3, 2, 1}, "relu x0; mul t0 #40", kU8));
    cases.push_back(image_case(type, kF32, {2, 71, 3, 64, 7, 2, 3}, "relu x0", {}, {3, 2, 1, 1}));
    cases.push_back(image_case(type, type, {40, 49, 3, 32, 3, 2, 1}, "", {}, {3, 2, 0, 1}));
    cases.push_back(
        image_case(type, kF32, {1, 38, 3, 16, 7, 2, 3}, "relu x0; mul t0 #20", kI8, {2, 2, 0, 0}));
    cases.push_back(image_case(type, type, {3, 25, 2, 24, 5, 2, 2}, "", {}, {3, 1, 1, 0}));
  }
  for (const DataType type : {kF16, kBF16}) {
    const ConvConfig patch{64, 64, 3, 1, 1, 1, true, 1, ConvConfig::kPatch},
        narrow{64, 32, 2, 1, 1, 1, true, 1, ConvConfig::kPatch};
    cases.push_back(conv_case(type, {2, 13, 64, 64, 3, 1, 1}, patch, "add x0 x1; relu t0"));
    cases.push_back(conv_case(type, {1, 8, 16, 40, 3, 1, 2}, patch, "mul x0 x2; add t0 x1"));
    cases.push_back(conv_case(type, {3, 9, 48, 24, 5, 1, 0}, narrow, "silu x0"));
    cases.push_back(conv_case(type, {1, 30, 32, 32, 2, 1, 1}, narrow, ""));
  }
  // Blocks that share factors and sums, residuals of other strides than the result's.
  for (const DataType type : {kF16, kBF16, kF32}) {
    constexpr int kOneTile = ConvConfig::kOneTile;
    for (const ConvConfig& c :
         {ConvConfig{128, 128, 1, 1, 3, 1, true, 1, 2}, ConvConfig{64, 64, 1, 1, 2, 1, true, 1, 2},
          ConvConfig{128, 192, 2, 1, 2, 1, true, 1, 1}, ConvConfig{64, 64, 1, 1, 3, 1, true, 1, kOneTile},
          ConvConfig{128, 128, 2, 1, 2, 3, true, 3, kOneTile},
          ConvConfig{64, 32, 1, 1, 2, 8, true, 8, kOneTile}}) {
      cases.push_back(conv_case(type, {2, 13, 72, 136, 3, 1, 1}, c, "add x0 x1; relu t0"));
      cases.push_back(conv_case(type, {3, 11, 64, 200, 1, 2, 0}, c, "mul x0 x2; add t0 x1"));
      cases.push_back(conv_case(type, {2, 12, 24, 88, 1}, c, "silu x0"));
      cases.push_back(conv_case(type, {1, 14, 40, 64, 3, 1, 2, 2}, c, ""));
      cases.push_back(matmul_case(type, 1, 300, 264, 328, c));
    }
    for (const int splits : {2, 3, 7}) {
      cases.push_back(
          conv_case(type, kShapes[0], {64, 64, 1, 1, 4, splits, true, splits}, "mul x0 x2; add t0 x1"));
      cases.push_back(matmul_case(type, 2, 37, 50, 520, {16, 64, 1, 4, 6, splits, false, splits}));
    }
  }
  for (const DataType type : {kF16, kBF16, kF32})  // the largest sums that a thread keeps
    for (const ConvConfig& c :
         {ConvConfig{128, 192, 1, 1, 4, 1, true, 1, 2}, ConvConfig{192, 192, 3, 1, 3, 1, true, 1, 1}}) {
      cases.push_back(conv_case(type, {3, 11, 64, 200, 1}, c, "add x0 x1; relu t0"));
      cases.push_back(conv_case(type, {2, 13, 72, 264, 3, 1, 1}, c, "mul x0 x2; add t0 x1"));
      cases.push_back(matmul_case(type, 1, 300, 264, 328, c));
      if (type == kF16) cases.push_back(matmul_case(type, 1, 4000, 1000, 200, c));  // several tiles each
    }
  for (const DataType type : {kF16, kBF16})  // tiles of one image, of several, and tiles of all filters
    for (const ConvConfig& c :
         {ConvConfig{128, 64, 1, 1, 3, 1, true, 1, 2}, ConvConfig{128, 128, 2, 1, 2, 1, true, 1, 1},
          ConvConfig{64, 64, 1, 1, 2, 1, true, 1, ConvConfig::kOneTile},
          ConvConfig{128, 128, 2, 1, 2, 2, true, 2, ConvConfig::kOneTile}}) {
      cases.push_back(gated_case(type, {2, 13, 136, 72, 1}, c, "add x0 x1"));
      cases.push_back(gated_case(type, {5, 6, 200, 120, 1}, c, ""));
      cases.push_back(gated_case(type, {3, 5, 24, 56, 1}, c, "relu x0"));
    }
  add_configs(cases, kLarge, [](const ConvConfig& c) { return c.groups != 0; });
  add_configs(cases, kFewFilters, [](const ConvConfig& c) { return c.groups > 0; });
  return cases;
}

std::vector<KernelBench> conv_benches() {
  std::vector<KernelBench> benches;
  // Layers of resnet50 (side, channels, filters, kernel, stride; residual) and of transformers of width 768.
  struct Layer {
    int64_t side, channels, filters, kernel, stride;
    bool residual;
  };
  const Layer layers[] = {{56, 64, 64, 1, 1, false},   {56, 64, 64, 3, 1, false},
                          {56, 64, 256, 1, 1, true},   {28, 128, 128, 3, 1, false},
                          {28, 128, 512, 1, 1, true},  {14, 256, 256, 3, 1, false},
                          {14, 256, 1024, 1, 1, true}, {14, 1024, 256, 1, 1, false},
                          {7, 512, 512, 3, 1, false},  {7, 2048, 512, 1, 1, false}};
  const auto add = [&](std::string name, const ConvProblem& p, size_t weights, size_t x, size_t y,
                       size_t count) {
    size_t tried[5] = {0, 0, 0, 0, 0};
    for (const ConvConfig& config : conv_configs(p, 132, true)) {
      if (tried[config.groups + 2]++ >= count) continue;
      KernelBench b{
          name, conv_kernel(p, config), p.type, {x, weights, static_cast<size_t>(p.filters) * 2}, {y}};
      for (size_t e = 0; e < p.extras.size(); ++e) b.inputs.push_back(y);
      b.flops = 2.0 * static_cast<double>(p.rows() * p.filters * p.depth() * p.batch);
      if (b.spec.ok()) b.name += str(" ", b.spec->name, " ", config.splits);
      benches.push_back(b);
    }
  };
  for (const int64_t n : {1, 8, 32, 128}) {
    for (const Layer& l : layers) {
      ConvProblem p = problem_of(kF16, {n, l.side, l.channels, l.filters, l.kernel, l.stride, l.kernel / 2});
      p.width = p.height;
      p.out_w = p.out_h;
      p.epilogue = l.residual ? "add x0 x1; relu t0" : "relu x0";
      if (l.residual) p.extras.push_back({kF16, p.out_h * p.out_w * p.filters, p.filters, 1});
      add(str("conv b", n, " ", l.side, " ", l.channels, "-", l.filters, " k", l.kernel), p,
          static_cast<size_t>(p.filters * p.depth()) * 2,
          static_cast<size_t>(n * l.side * l.side * l.channels) * 2,
          static_cast<size_t>(p.rows() * p.filters) * 2, 3);
    }
    ConvProblem stem = problem_of(kF16, {n, 224, 3, 64, 7, 2, 3});
    stem.width = 224;
    stem.out_w = stem.out_h;
    stem.x_type = kF32;
    stem.x_strides = {150528, 224, 1, 50176};
    stem.weight_row = 152;
    stem.epilogue = "relu x0";
    add(str("conv b", n, " stem"), stem, 64 * 152 * 2, static_cast<size_t>(n) * 150528 * 4,
        static_cast<size_t>(stem.rows()) * 128, 1);
    KernelBench image{str("conv b", n, " stem image_conv"),
                      image_conv_kernel(stem),
                      kF16,
                      {static_cast<size_t>(n) * 150528 * 4, 64 * 224 * 2, 128},
                      {static_cast<size_t>(stem.rows()) * 128}};
    image.flops = 2.0 * static_cast<double>(stem.rows() * 64 * 147);
    benches.push_back(image);
    KernelBench pooled = image;
    pooled.name += " and max pool";
    pooled.spec = image_conv_kernel(stem, {3, 2, 1, 1, 56, 56});
    pooled.outputs = {static_cast<size_t>(n) * 56 * 56 * 128};
    benches.push_back(pooled);
  }
  for (const int64_t m : {128, 197, 3072, 4096, 6304})
    for (const auto& [filters, k] :
         {std::pair<int64_t, int64_t>{2304, 768}, {768, 768}, {3072, 768}, {768, 3072}}) {
      ConvProblem p = matmul_problem(kF16, m, filters, k);
      p.epilogue = filters == 3072 ? "gelu x0" : "";
      add(str("gemm ", m, "x", filters, "x", k), p, static_cast<size_t>(filters * k) * 2,
          static_cast<size_t>(m * k) * 2, static_cast<size_t>(m * filters) * 2, 4);
    }
  ConvProblem big = matmul_problem(kF16, 8192, 8192, 8192);
  add("gemm 8192", big, size_t{1} << 27, size_t{1} << 27, size_t{1} << 27, 4);
  return benches;
}

}  // namespace ingot::cuda
