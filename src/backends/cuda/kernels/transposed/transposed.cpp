#include "backends/cuda/kernels/transposed/transposed.h"

#include <algorithm>

#include "backends/cuda/kernels/pointwise/program_text.h"
#include "backends/cuda/kernels/transposed/transposed_params.h"

namespace ingot::cuda {

Result<KernelSpec> transposed_kernel(const TransposedProblem& p) {
  if (!is_float(p.type) || bit_width(p.type) < 16 || p.type == DataType::kF64)
    return unsupported("a transposed convolution of type ", data_type_name(p.type));
  if (p.extras.size() > TransposedParams::kMaxExtras)
    return unsupported("an epilogue takes up to ", int{TransposedParams::kMaxExtras}, " inputs, got ",
                       p.extras.size());
  KernelSpec spec{.name = str("conv_transposed_", data_type_name(p.type)),
                  .source = "transposed/transposed.cu",
                  .entry = "transposed"};
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  INGOT_ASSIGN_OR_RETURN(spec.prelude, epilogue_text(p.epilogue, static_cast<int>(p.extras.size()) + 1));
  spec.prelude += "#define EXTRAS(F)";
  TransposedParams params{};
  for (size_t i = 0; i < p.extras.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const std::string extra, checked_device_type(p.extras[i].type));
    spec.prelude += str(" F(", i, ", ", extra, ", ", p.extras[i].filter != 0, ")");
    params.extra_image[i] = p.extras[i].image;
    params.extra_pixel[i] = p.extras[i].pixel;
  }
  spec.prelude += "\n";
  const int64_t group_filters = p.filters / p.groups;
  const int vec = vector_width(p.type, {group_filters});
  const int64_t vectors = p.images * p.out_h * p.out_w * (p.filters / vec);
  constexpr int64_t kMax = int64_t{1} << 31;
  if (vectors >= kMax || p.out_h + p.pad_top >= kMax) return unsupported("an image of ", vectors, " vectors");
  const auto narrow = [](int64_t v) { return static_cast<int>(v); };
  const auto divisor = [](int64_t v) { return make_divisor(std::max<int64_t>(1, v)); };
  params.vectors = static_cast<unsigned>(vectors);
  params.filter_vectors = divisor(p.filters / vec);
  params.out_width = divisor(p.out_w);
  params.out_height = divisor(p.out_h);
  params.stride_h = divisor(p.stride_h);
  params.stride_w = divisor(p.stride_w);
  params.channels = narrow(p.channels);
  params.group_channels = narrow(p.channels / p.groups);
  params.group_filters = narrow(group_filters);
  params.height = narrow(p.height);
  params.width = narrow(p.width);
  params.kernel_h = narrow(p.kernel_h);
  params.kernel_w = narrow(p.kernel_w);
  params.pad_h = narrow(p.pad_top);
  params.pad_w = narrow(p.pad_left);
  params.dilation_h = narrow(p.dilation_h);
  params.dilation_w = narrow(p.dilation_w);
  spec.define("TYPE", type);
  spec.define("VEC", vec);
  spec.define("HAS_BIAS", p.has_bias);
  spec.block.x = 128;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(vectors, 128)));
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
