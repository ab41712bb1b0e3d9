// BatchNormalization: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html (version 15). In training
// mode the statistics are those of X, and the running ones are outputs 1 and 2.
#include <cmath>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

enum Input : size_t { kX, kScale, kB, kMean, kVar };

Status infer(InferContext& c) {
  for (size_t i = 0; i < 5; ++i) INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats));
  INGOT_RETURN_IF_ERROR(expect_rank(c, kX, 1, kVariadic));
  const bool training = c.attrs.get_int("training_mode") != 0;
  if (!training && c.outputs.size() > 1)
    return invalid_argument("got ", c.outputs.size(), " outputs, expected 1 outside training mode");
  for (size_t i = 1; i < 5; ++i) {
    INGOT_RETURN_IF_ERROR(expect_rank(c, i, 1, 1));
    if (!c.type(kX).ranked || !c.type(i).is_static()) continue;
    const Dim channels = c.type(kX).rank() == 1 ? Dim(1) : c.shape(kX)[1];
    if (channels.is_const() && c.shape(i)[0] != channels)
      return invalid_argument("input ", i, " has shape ", to_string(c.shape(i)), ", expected [",
                              channels.to_string(), "]");
  }
  c.outputs[0].type = c.type(kX);
  for (size_t i = 1; i < c.outputs.size(); ++i) c.outputs[i].type = c.type(kMean);
  return {};
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(kX);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const size_t channels = x.rank() == 1 ? 1 : static_cast<size_t>(x.dims[1]);
  const double epsilon = c.attrs.get_float("epsilon", 1e-5f);
  const std::vector<double> scale = load_all<double>(c.input(kScale)), shift = load_all<double>(c.input(kB));
  std::vector<double> mean = load_all<double>(c.input(kMean)), var = load_all<double>(c.input(kVar));
  std::vector<double> values = load_all<double>(x);
  size_t plane = 1;
  for (size_t d = 2; d < x.dims.size(); ++d) plane *= static_cast<size_t>(x.dims[d]);
  auto channel = [&](size_t i) { return i / plane % channels; };
  if (c.attrs.get_int("training_mode") != 0) {
    const double count = static_cast<double>(values.size()) / static_cast<double>(channels);
    const double momentum = c.attrs.get_float("momentum", 0.9f);
    std::vector<double> current_mean(channels), current_var(channels);
    for (size_t i = 0; i < values.size(); ++i) current_mean[channel(i)] += values[i] / count;
    for (size_t i = 0; i < values.size(); ++i) {
      const double d = values[i] - current_mean[channel(i)];
      current_var[channel(i)] += d * d / count;
    }
    for (size_t k = 0; k < channels; ++k) {
      mean[k] = mean[k] * momentum + current_mean[k] * (1 - momentum);
      var[k] = var[k] * momentum + current_var[k] * (1 - momentum);
    }
    for (size_t i = 1; i < c.num_outputs; ++i) {
      INGOT_ASSIGN_OR_RETURN(const TensorView out, c.output(i, c.input(kMean).dtype, c.input(kMean).dims));
      store((i == 1 ? mean : var).data(), out.size(), out, 0);
    }
    mean = std::move(current_mean);
    var = std::move(current_var);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t k = channel(i);
    values[i] = (values[i] - mean[k]) / std::sqrt(var[k] + epsilon) * scale[k] + shift[k];
  }
  store(values.data(), y.size(), y, 0);
  return {};
}

Cost cost(const CostContext& c) {
  return {2 * static_cast<double>(c.inputs[0].size()), 2 * static_cast<double>(c.inputs[0].bytes())};
}

std::vector<OpCase> cases() {
  auto inputs = [](Dims dims) {
    const int64_t n = dims.size() == 1 ? 1 : dims[1];
    return std::vector<CaseInput>{random_input(dims), random_input({n}), random_input({n}), random_input({n}),
                                  random_input({n}, 0.5, 2)};
  };
  return {{"image", {}, inputs({2, 5, 6, 7})},
          {"matrix", {{"epsilon", 1e-2f}}, inputs({3, 17})},
          {"volume", {}, inputs({1, 4, 2, 3, 5})},
          {"training", {{"training_mode", int64_t{1}}}, inputs({3, 4, 5, 2}), 3}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_BatchNormalization() {
  static const OpDef op{"BatchNormalization",
                        5,
                        5,
                        1,
                        3,
                        {optional<float>("epsilon", 1e-5f), optional<float>("momentum", 0.9f),
                         optional<int64_t>("training_mode", 0)},
                        ops::infer,
                        ops::eval,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_BatchNormalization() { return ops::cases(); }

}  // namespace ingot
