#include "backends/cuda/kernels/direct/direct.h"

#include <algorithm>

#include "backends/cuda/kernels/direct/direct_params.h"
#include "backends/cuda/kernels/pointwise/program_text.h"

namespace ingot::cuda {
namespace {

bool has_sums(DataType type) { return is_float(type) && bit_width(type) >= 16 && type != DataType::kF64; }

// From one group, channel, tap and filter of the weights to the next.
void set_weight_steps(const DirectProblem& p, int64_t taps, DirectParams& out) {
  const int64_t channels = p.channels / p.groups, filters = p.filters / p.groups;
  if (p.transposed) {
    out.w_filter = p.filters_last ? 1 : taps;
    out.w_channel = filters * out.w_filter;
    out.w_tap = p.filters_last ? p.channels * filters : 1;
    out.w_group = channels * out.w_channel;
  } else {
    out.w_filter = p.filters_last ? 1 : channels * taps;
    out.w_tap = p.filters_last ? p.filters : 1;
    out.w_channel = taps * out.w_tap;
    out.w_group = filters * out.w_filter;
  }
}

}  // namespace

Result<KernelSpec> direct_kernel(const DirectProblem& p) {
  const bool bytes = is_byte(p.x_type) && is_byte(p.weight_type);
  if (!bytes && !(has_sums(p.x_type) && has_sums(p.weight_type)))
    return unsupported("a convolution of types ", data_type_name(p.x_type), " and ",
                       data_type_name(p.weight_type));
  if (p.extras.size() > DirectParams::kMaxExtras)
    return unsupported("an epilogue takes up to ", int{DirectParams::kMaxExtras}, " inputs, got ",
                       p.extras.size());
  KernelSpec spec{.name = str(p.transposed ? "conv_transposed_" : "conv_direct_", data_type_name(p.x_type)),
                  .source = "direct/direct.cu",
                  .entry = "direct"};
  INGOT_ASSIGN_OR_RETURN(spec.prelude, epilogue_text(p.epilogue, static_cast<int>(p.extras.size()) + 1));
  spec.prelude += "#define EXTRAS(F)";
  DirectParams params{};
  for (size_t i = 0; i < p.extras.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const std::string extra, checked_device_type(p.extras[i].type));
    spec.prelude += str(" F(", i, ", ", extra, ", ", p.extras[i].filter != 0, ")");
    params.extra_image[i] = p.extras[i].image;
    params.extra_place[i] = p.extras[i].pixel;
  }
  spec.prelude += "\n";
  int64_t places = 1, in_places = 1, taps = 1;
  constexpr int64_t kMax = int64_t{1} << 31;
  const auto narrow = [](int64_t v) { return static_cast<int>(v); };
  const auto divisor = [](int64_t v) { return make_divisor(std::max<int64_t>(1, v)); };
  for (size_t d = 0; d < 3; ++d) {
    const DirectAxis& a = p.axes[d];
    params.axes[d] = {narrow(a.in),       narrow(a.kernel), narrow(a.pad),
                      narrow(a.dilation), divisor(a.out),   divisor(a.stride)};
    places *= a.out, in_places *= a.in, taps *= a.kernel;
    if (a.out * a.stride + a.pad >= kMax || a.in + a.kernel * a.dilation + a.pad >= kMax)
      return unsupported("an axis of ", a.in, " to ", a.out);
  }
  const int64_t group_filters = p.filters / p.groups;
  const int vec = p.filters_last ? std::min(vector_width(p.weight_type, {group_filters}),
                                            vector_width(p.y_type, {group_filters}))
                                 : 1;
  const int64_t vectors = p.images * places * (p.filters / vec);
  if (vectors >= kMax) return unsupported("a result of ", vectors, " vectors");
  params.vectors = static_cast<unsigned>(vectors);
  params.filter_vectors = divisor(p.filters / vec);
  params.group_channels = narrow(p.channels / p.groups);
  params.group_filters = narrow(group_filters);
  params.x_image = p.channels * in_places;
  params.x_place = p.channels_last ? p.channels : 1;
  params.x_channel = p.channels_last ? 1 : in_places;
  set_weight_steps(p, taps, params);
  for (const auto& [macro, type] :
       {std::pair{"X", p.x_type}, {"WEIGHT", p.weight_type}, {"BIAS", p.bias_type}, {"TYPE", p.y_type}}) {
    INGOT_ASSIGN_OR_RETURN(const std::string name, checked_device_type(type));
    spec.define(macro, name);
  }
  spec.define("SUM", bytes ? "int" : "float");
  spec.define("SUMS", p.y_type == DataType::kI32);
  spec.define("VEC", vec);
  spec.define("TRANSPOSED", p.transposed);
  spec.define("CHANNELS_LAST", p.channels_last);
  spec.define("HAS_BIAS", p.has_bias);
  spec.define("SCALES", p.has_scale ? p.scale_per_filter ? 2 : 1 : 0);
  spec.define("X_ZERO", p.x_zero);
  spec.define("WEIGHT_ZEROS", p.w_zero ? p.w_zero_per_filter ? 2 : 1 : 0);
  spec.block.x = 128;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(vectors, 128)));
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
