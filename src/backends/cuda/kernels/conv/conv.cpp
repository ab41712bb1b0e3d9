#include "backends/cuda/kernels/conv/conv.h"

#include <algorithm>

#include "backends/cuda/kernels/conv/conv_params.h"
#include "backends/cuda/kernels/conv/conv_text.h"
#include "backends/cuda/kernels/pointwise/program_text.h"

namespace ingot::cuda {

Dims x_strides_of(const ConvProblem& p) {
  return !p.x_strides.empty() ? p.x_strides : dense_strides({p.images, p.height, p.width, p.channels});
}

namespace {

// Pointers to x need no alignment where loads are element by element.
int vector_of_x(const ConvProblem& p, const Dims& strides) {
  const bool bytes_fit = p.x_type == p.type || (p.x_type == DataType::kU8 && p.type == DataType::kI8);
  if (!bytes_fit || strides[3] != 1) return 1;
  const int bytes = bit_width(p.type) / 8;
  const int width = vector_width(p.type, {p.channels, strides[0], strides[1], strides[2], p.x_batch});
  return width * bytes >= 4 && width > 1 ? width : 1;
}

int vector_of_weights(const ConvProblem& p, int64_t row) {
  const int bytes = bit_width(p.type) / 8;
  const int width = vector_width(p.type, {row, p.weight_batch});
  // Past the depth a row must hold zeros.
  const bool padded = ceil_div(p.depth(), width) * width <= row;
  return padded && width * bytes >= 4 && width > 1 ? width : 1;
}

}  // namespace

int vector_of_y(const ConvProblem& p, int64_t y_row) {
  const DataType wider = bit_width(p.y_type) > bit_width(p.type) ? p.y_type : p.type;
  // 8 elements at most: more take too many registers.
  int width = std::min(8, vector_width(wider, {p.filters, y_row, p.y_batch}));
  for (const ConvExtra& e : p.extras)
    if (e.filter != 0) width = std::min(width, vector_width(e.type, {e.image, e.pixel, e.batch}));
  return width;
}

Result<std::string> conv_prelude(const ConvProblem& p) {
  INGOT_ASSIGN_OR_RETURN(std::string text, epilogue_text(p.epilogue, static_cast<int>(p.extras.size()) + 1));
  text += "#define EXTRAS(F)";
  for (size_t i = 0; i < p.extras.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const std::string extra, checked_device_type(p.extras[i].type));
    text += str(" F(", i, ", ", extra, ", ", p.extras[i].filter != 0, ")");
  }
  return text + "\n";
}

Status define_types(KernelSpec& spec, const ConvProblem& p) {
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  INGOT_ASSIGN_OR_RETURN(const std::string x_type, checked_device_type(p.x_type));
  INGOT_ASSIGN_OR_RETURN(const std::string y_type, checked_device_type(p.y_type));
  INGOT_ASSIGN_OR_RETURN(const std::string bias_type, checked_device_type(p.bias_type));
  spec.define("TYPE", type);
  spec.define("X_TYPE", x_type);
  spec.define("OUT", y_type);
  spec.define("BIAS_TYPE", bias_type);
  spec.define("HAS_BIAS", p.has_bias);
  return {};
}

namespace {

Status check(const ConvProblem& p) {
  if (p.type != DataType::kF16 && p.type != DataType::kBF16 && p.type != DataType::kF32 &&
      p.type != DataType::kI8 && p.type != DataType::kF8E4M3)
    return unsupported("no CUDA convolution of type ", data_type_name(p.type));
  if (p.extras.size() > ConvParams::kMaxExtras)
    return unsupported("an epilogue takes up to ", ConvParams::kMaxExtras, " inputs, got ", p.extras.size());
  constexpr int64_t kMax = int64_t{1} << 31;
  if (p.rows() >= kMax || p.depth() >= kMax || p.filters >= kMax)
    return unsupported("a convolution of ", p.rows(), " pixels, ", p.filters, " filters is too large");
  return {};
}

}  // namespace

ConvParams conv_params(const ConvProblem& p) {
  const Dims strides = x_strides_of(p);
  ConvParams params{};
  const auto narrow = [](int64_t v) { return static_cast<int>(v); };
  params.rows = narrow(p.rows());
  params.filters = narrow(p.filters);
  params.depth = narrow(p.depth());
  params.channels = narrow(p.channels);
  params.height = narrow(p.height);
  params.width = narrow(p.width);
  params.kernel_height = narrow(p.kernel_h);
  params.kernel_width = narrow(p.kernel_w);
  params.stride_h = narrow(p.stride_h);
  params.stride_w = narrow(p.stride_w);
  params.pad_h = narrow(p.pad_top);
  params.pad_w = narrow(p.pad_left);
  params.dilation_h = narrow(p.dilation_h);
  params.dilation_w = narrow(p.dilation_w);
  params.pixels = make_divisor(std::max<int64_t>(1, p.out_h * p.out_w));
  params.out_width = make_divisor(std::max<int64_t>(1, p.out_w));
  params.channel_divisor = make_divisor(std::max<int64_t>(1, p.channels));
  params.kernel_width_divisor = make_divisor(p.kernel_w);
  params.x_image = strides[0];
  params.x_row = strides[1];
  params.x_column = strides[2];
  params.x_channel = strides[3];
  params.weight_row = p.weight_row > 0 ? p.weight_row : p.depth();
  params.y_row = p.y_row > 0 ? p.y_row : p.filters;
  params.x_batch = p.x_batch;
  params.weight_batch = p.weight_batch;
  params.bias_batch = p.bias_batch;
  params.y_batch = p.y_batch;
  for (size_t i = 0; i < p.extras.size(); ++i) {
    params.extra_image[i] = p.extras[i].image;
    params.extra_pixel[i] = p.extras[i].pixel;
    params.extra_batch[i] = p.extras[i].batch;
  }
  params.alpha = p.alpha;
  return params;
}

ConvProblem matmul_problem(DataType type, int64_t m, int64_t n, int64_t k) {
  ConvProblem p{type, type, type, type};
  p.width = p.out_w = m;
  p.channels = k;
  p.filters = n;
  return p;
}

Result<KernelSpec> conv_kernel(const ConvProblem& p, const ConvConfig& config) {
  INGOT_RETURN_IF_ERROR(check(p));
  if (config.groups > 0) return warp_specialized_kernel(p, config);
  if (config.groups == ConvConfig::kOneTile) return one_tile_kernel(p, config);
  if (p.gated) return unsupported("factors that are scaled on their way");
  if (config.groups == ConvConfig::kPatch) return patch_conv_kernel(p, config);
  const Dims strides = x_strides_of(p);
  const int64_t weight_row = p.weight_row > 0 ? p.weight_row : p.depth(),
                y_row = p.y_row > 0 ? p.y_row : p.filters;
  const int vec_a = vector_of_x(p, strides), vec_b = vector_of_weights(p, weight_row);
  if (p.x_type == DataType::kU8 && vec_a == 1)
    return unsupported("unsigned elements that are loaded one by one");
  const int block = (config.wgmma ? 128 : 32) * config.warps_m * config.warps_n;

  KernelSpec spec{.source = "conv/conv.cu", .entry = "conv"};
  INGOT_RETURN_IF_ERROR(define_types(spec, p));
  INGOT_ASSIGN_OR_RETURN(spec.prelude, conv_prelude(p));
  if (config.wgmma) spec.prelude += wgmma_text({p.type, p.x_type, config.bn / config.warps_n});

  const bool pointwise = p.kernel_h == 1 && p.kernel_w == 1 && p.pad_top == 0 && p.pad_left == 0 &&
                         (p.out_h - 1) * p.stride_h < p.height && (p.out_w - 1) * p.stride_w < p.width;
  const bool split = config.splits > 1;
  ConvParams params = conv_params(p);
  params.weight_depth = static_cast<int>(ceil_div(p.depth(), vec_b) * vec_b);
  const int64_t depth_tiles = std::max<int64_t>(1, ceil_div(p.depth(), 128 * 8 / bit_width(p.type)));
  params.depth_tiles = static_cast<int>(ceil_div(depth_tiles, config.splits));
  params.splits = static_cast<int>(ceil_div(depth_tiles, params.depth_tiles));
  const bool clustered = config.cluster > 1 && params.splits > 1;
  if (clustered && params.splits > 8) return unsupported("a cluster of ", params.splits, " blocks");
  spec.define("EXACT", p.exact);
  spec.define("NARROW_RESULT", bit_width(p.y_type) <= 16);
  spec.define("POINTWISE", pointwise);
  spec.define("SCALE", int64_t{p.scale});
  spec.define("UNSIGNED_A", p.type == DataType::kI8 && p.x_type == DataType::kU8);
  spec.define("PROMOTE", config.wgmma && p.type == DataType::kF8E4M3);
  spec.define("CONSTANT_WEIGHTS", p.constant_weights);
  spec.define("VEC_A", vec_a);
  spec.define("VEC_B", vec_b);
  spec.define("VEC_Y", vector_of_y(p, y_row));
  spec.define("BM", config.bm);
  spec.define("BN", config.bn);
  spec.define("WARPS_M", config.warps_m);
  spec.define("WARPS_N", config.warps_n);
  spec.define("BLOCK", block);
  spec.define("STAGES", config.stages);
  spec.define("WGMMA", config.wgmma);
  spec.define("SPLIT", split);
  spec.define("CLUSTER", clustered ? params.splits : 1);

  spec.grid = {static_cast<unsigned>(ceil_div(p.filters, config.bn)),
               static_cast<unsigned>(std::max<int64_t>(1, ceil_div(p.rows(), config.bm))),
               static_cast<unsigned>(p.batch * params.splits)};
  if (spec.grid.y > 65535 || spec.grid.z > 65535)
    return unsupported("a grid of ", spec.grid.y, " times ", spec.grid.z);
  spec.block.x = static_cast<unsigned>(block);
  if (clustered) spec.cluster.z = static_cast<unsigned>(params.splits);
  spec.shared_bytes = static_cast<unsigned>(1024 + conv_shared_bytes(config, params.depth_tiles));
  if (split && !clustered) {
    const size_t results = size_t{spec.grid.x} * spec.grid.y * static_cast<size_t>(p.batch);
    spec.workspace_bytes =
        ((results + 3) / 4 * 4 + results * static_cast<size_t>(params.splits * config.bm * config.bn)) * 4;
    spec.zeroed_workspace = true;
  }
  spec.name = str(p.kernel_h * p.kernel_w > 1 ? "conv_" : "gemm_", data_type_name(p.type),
                  p.exact ? "x3" : "", "_", config.bm, "x", config.bn, "x", config.stages,
                  split ? "_split" : "", config.wgmma ? "__sm90" : "__sm80");
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
