// ChannelLayerNorm: LayerNormalization over axis 1 of X [N, C, ...] with Scale and B of shape [C]. Fusion
// makes it of Transpose, LayerNormalization, Transpose, as ConvNeXt has them.
#include "ops/normalize.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  for (size_t i = 0; i < 3; ++i) INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 2, kVariadic));
  if (c.type(0).ranked)
    for (size_t i = 1; i < 3; ++i) INGOT_RETURN_IF_ERROR(expect_channels(c, i, c.shape(0)[1]));
  return infer_same(c);
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const int64_t channels = x.dims[1], plane = count_of(x.dims, 2, x.dims.size());
  const std::vector<double> scale = load_broadcast(c, 1, {channels}, 1),
                            shift = load_broadcast(c, 2, {channels}, 0);
  const double epsilon = c.attrs.get_float("epsilon", 1e-5f);
  std::vector<double> values = load_all<double>(x);
  for (int64_t n = 0; n < x.dims[0]; ++n) {
    for (int64_t p = 0; p < plane; ++p) {
      double* v = values.data() + n * channels * plane + p;
      const RowStatistics s = row_statistics(v, channels, epsilon, plane);
      for (int64_t k = 0; k < channels; ++k)
        v[k * plane] = (v[k * plane] - s.mean) * s.inverse_deviation * scale[static_cast<size_t>(k)] +
                       shift[static_cast<size_t>(k)];
    }
  }
  store(values.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> cases() {
  return {{"image", {}, {random_input({2, 24, 5, 7}), random_input({24}), random_input({24})}},
          {"no_bias", {{"epsilon", 1e-2f}}, {random_input({1, 17, 9}), random_input({17})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_ChannelLayerNorm() {
  static const OpDef op{
      "ChannelLayerNorm",     2, 3, 1, 1, {optional<float>("epsilon", 1e-5f)}, ops::infer, ops::eval,
      ops::normalization_cost};
  return op;
}

std::vector<OpCase> cases_ChannelLayerNorm() { return ops::cases(); }

}  // namespace ingot
