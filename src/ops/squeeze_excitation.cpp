// SqueezeExcitation: Y = X * gate for each channel of X [N, C, ...], where gate = epilogue(W2 h + B2), h =
// inner_epilogue(W1 m + B1), and m are the means of X over each channel (Hu et al., arXiv:1709.01507). W1 is
// [hidden, C], W2 [C, hidden], both may have further dims of 1. Fusion makes it of a pooling, two pointwise
// convolutions and a product, for devices with kernels for it.
#include "ops/epilogue.h"
#include "ops/normalize.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

constexpr size_t kInputs = 5;

Status infer(InferContext& c) {
  for (size_t i = 0; i < kInputs; ++i) {
    if (!c.has(i)) return invalid_argument("input ", i, " is missing");
    INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats));
    INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, i));
  }
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 3, kVariadic));
  for (const size_t w : {size_t{1}, size_t{3}}) INGOT_RETURN_IF_ERROR(expect_rank(c, w, 2, kVariadic));
  for (const std::string_view name : {"inner_epilogue", "epilogue"})
    if (const std::string text = c.attrs.get_string(name); !text.empty()) {
      INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program, PointwiseProgram::parse(text));
      INGOT_RETURN_IF_ERROR(program.validate(1));
    }
  if (c.type(0).ranked && c.type(1).ranked) {
    const Dim channels = c.shape(0)[1], hidden = c.shape(1)[0];
    INGOT_RETURN_IF_ERROR(expect_channels(c, 2, hidden));
    INGOT_RETURN_IF_ERROR(expect_channels(c, 4, channels));
    const auto is = [&](size_t w, const Dim& rows, const Dim& columns) {
      if (!c.type(w).is_static() || !rows.is_const() || !columns.is_const()) return true;
      return c.shape(w)[0] == rows && c.shape(w)[1] == columns &&
             num_elements(c.shape(w)).is(rows.value() * columns.value());
    };
    if (!is(1, hidden, channels) || (c.type(3).ranked && !is(3, channels, hidden)))
      return invalid_argument("weights do not fit ", channels.to_string(), " channels");
  }
  return infer_same(c);
}

double run(const Attrs& attrs, std::string_view name, double value) {
  const std::string text = attrs.get_string(name);
  return text.empty() ? value : PointwiseProgram::parse(text).value().evaluate({&value, 1});
}

// program(W v + b)
std::vector<double> layer(const EvalContext& c, size_t w, std::string_view program,
                          const std::vector<double>& v) {
  const std::vector<double> weights = load_all<double>(c.input(w));
  std::vector<double> out = load_all<double>(c.input(w + 1));
  for (size_t r = 0; r < out.size(); ++r) {
    for (size_t k = 0; k < v.size(); ++k) out[r] += weights[r * v.size() + k] * v[k];
    out[r] = run(c.attrs, program, out[r]);
  }
  return out;
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const auto channels = static_cast<size_t>(x.dims[1]);
  const auto plane = static_cast<size_t>(count_of(x.dims, 2, x.dims.size()));
  std::vector<double> values = load_all<double>(x);
  for (size_t first = 0; first < values.size(); first += channels * plane) {
    std::vector<double> means(channels, 0);
    for (size_t i = 0; i < channels * plane; ++i) means[i / plane] += values[first + i];
    for (double& m : means) m /= static_cast<double>(plane);
    const std::vector<double> gates = layer(c, 3, "epilogue", layer(c, 1, "inner_epilogue", means));
    for (size_t i = 0; i < channels * plane; ++i) values[first + i] *= gates[i / plane];
  }
  store(values.data(), y.size(), y, 0);
  return {};
}

// Each image is read twice.
Cost cost(const CostContext& c) {
  Cost total;
  for (const auto& input : c.inputs) total.bytes += static_cast<double>(input.bytes());
  total.bytes += static_cast<double>(c.outputs[0].bytes());
  total.flops = 2 * static_cast<double>(c.outputs[0].size());
  return total;
}

std::vector<OpCase> cases() {
  const Attrs gates = {{"inner_epilogue", std::string("silu x0")}, {"epilogue", std::string("sigmoid x0")}};
  return {{"image",
           gates,
           {random_input({2, 24, 9, 7}), random_input({6, 24, 1, 1}), random_input({6}),
            random_input({24, 6, 1, 1}), random_input({24})}},
          {"one_dim",
           {{"inner_epilogue", std::string("relu x0")}},
           {random_input({1, 7, 5}), random_input({2, 7}), random_input({2}), random_input({7, 2}),
            random_input({7})}},
          {"wide",
           gates,
           {random_input({1, 160, 16, 16}), random_input({10, 160, 1, 1}), random_input({10}),
            random_input({160, 10, 1, 1}), random_input({160})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_SqueezeExcitation() {
  static const OpDef op{"SqueezeExcitation",
                        5,
                        5,
                        1,
                        1,
                        {optional<std::string>("inner_epilogue", ""), ops::epilogue_attr()},
                        ops::infer,
                        ops::eval,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_SqueezeExcitation() { return ops::cases(); }

}  // namespace ingot
