// SqueezeExcitation: Y = X * gate for each channel of X [N, C, ...], where gate = epilogue(W2 h + B2), h =
// inner_epilogue(W1 m + B1), and m are the means of X over each channel (Hu et al., arXiv:1709.01507). W1 is
// [hidden, C], W2 [C, hidden], both may have further dims of 1. Fusion makes it of a pooling, two pointwise
// convolutions and a product, for devices with kernels for it.
//
// ConvGates: Y = Conv(X, W, B) and its gates [N, C, 1...], from inputs W1, B1, W2, B2 and the attributes
// `inner_epilogue` and `gate_epilogue`; the others are Conv's. The convolution sums its result up as it makes
// it; whatever comes next multiplies by the gates.
#include "ops/convolution.h"
#include "ops/epilogue.h"
#include "ops/normalize.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// W1, B1, W2, B2 from input `first` on, of x's type and channels.
Status check_layers(const InferContext& c, size_t first, const TensorType& x, std::string_view epilogue) {
  for (size_t i = first; i < first + 4; ++i) {
    if (!c.has(i)) return invalid_argument("input ", i, " is missing");
    if (c.type(i).dtype != x.dtype) return invalid_argument("input ", i, " is of another type");
  }
  for (const size_t w : {first, first + 2}) INGOT_RETURN_IF_ERROR(expect_rank(c, w, 2, kVariadic));
  for (const std::string_view name : {std::string_view("inner_epilogue"), epilogue})
    if (const std::string text = c.attrs.get_string(name); !text.empty()) {
      INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program, PointwiseProgram::parse(text));
      INGOT_RETURN_IF_ERROR(program.validate(1));
    }
  if (!x.ranked || !c.type(first).ranked) return {};
  const Dim channels = x.shape[1], hidden = c.shape(first)[0];
  INGOT_RETURN_IF_ERROR(expect_channels(c, first + 1, hidden));
  INGOT_RETURN_IF_ERROR(expect_channels(c, first + 3, channels));
  const auto is = [&](size_t w, const Dim& rows, const Dim& columns) {
    if (!c.type(w).is_static() || !rows.is_const() || !columns.is_const()) return true;
    return c.shape(w)[0] == rows && c.shape(w)[1] == columns &&
           num_elements(c.shape(w)).is(rows.value() * columns.value());
  };
  if (!is(first, hidden, channels) || (c.type(first + 2).ranked && !is(first + 2, channels, hidden)))
    return invalid_argument("weights do not fit ", channels.to_string(), " channels");
  return {};
}

Status infer(InferContext& c) {
  if (!c.has(0)) return invalid_argument("input 0 is missing");
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 3, kVariadic));
  INGOT_RETURN_IF_ERROR(check_layers(c, 1, c.type(0), "epilogue"));
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

// Of all images of x, whose elements are `values`: a number for each channel.
std::vector<double> gates_of(const EvalContext& c, const Dims& x, const std::vector<double>& values,
                             size_t first, std::string_view epilogue) {
  const auto channels = static_cast<size_t>(x[1]), plane = static_cast<size_t>(count_of(x, 2, x.size()));
  std::vector<double> all;
  for (size_t image = 0; image < values.size(); image += channels * plane) {
    std::vector<double> means(channels, 0);
    for (size_t i = 0; i < channels * plane; ++i) means[i / plane] += values[image + i];
    for (double& m : means) m /= static_cast<double>(plane);
    const auto gates = layer(c, first + 2, epilogue, layer(c, first, "inner_epilogue", means));
    all.insert(all.end(), gates.begin(), gates.end());
  }
  return all;
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  std::vector<double> values = load_all<double>(x);
  const std::vector<double> gates = gates_of(c, x.dims, values, 1, "epilogue");
  const auto plane = static_cast<size_t>(count_of(x.dims, 2, x.dims.size()));
  for (size_t i = 0; i < values.size(); ++i) values[i] *= gates[i / plane];
  store(values.data(), y.size(), y, 0);
  return {};
}

constexpr size_t kConvInputs = 3;

const OpDef& conv() {
  static const OpDef& op = *find_op("Conv");
  return op;
}

Status infer_conv_gates(InferContext& c) {
  InferContext one(c.attrs);
  one.inputs.assign(c.inputs.begin(), c.inputs.begin() + kConvInputs);
  one.outputs.resize(1);
  INGOT_RETURN_IF_ERROR(conv().infer(one));
  TensorType& y = c.outputs[0].type = one.outputs[0].type;
  INGOT_RETURN_IF_ERROR(check_layers(c, kConvInputs, y, "gate_epilogue"));
  if (c.outputs.size() < 2) return {};
  TensorType& gates = c.outputs[1].type = y;
  for (size_t d = 2; d < gates.shape.size(); ++d) gates.shape[d] = 1;
  return {};
}

// The convolution, whose output is the node's.
class ConvEval final : public EvalContext {
 public:
  explicit ConvEval(EvalContext& all) : EvalContext(all.attrs), all_(all) {
    inputs.assign(all.inputs.begin(), all.inputs.begin() + kConvInputs);
    num_outputs = 1;
  }
  Result<TensorView> output(size_t i, DataType dtype, const Dims& dims) override {
    INGOT_ASSIGN_OR_RETURN(y, all_.output(i, dtype, dims));
    return y;
  }
  TensorView y;

 private:
  EvalContext& all_;
};

Status eval_conv_gates(EvalContext& c) {
  ConvEval one(c);
  INGOT_RETURN_IF_ERROR(conv().eval(one));
  if (c.num_outputs < 2) return {};
  Dims dims(one.y.dims.size(), 1);
  dims[0] = one.y.dims[0], dims[1] = one.y.dims[1];
  INGOT_ASSIGN_OR_RETURN(const TensorView gates, c.output(1, one.y.dtype, dims));
  const auto values = gates_of(c, one.y.dims, load_all<double>(one.y), kConvInputs, "gate_epilogue");
  store(values.data(), gates.size(), gates, 0);
  return {};
}

Cost cost_conv_gates(const CostContext& c) {
  Cost total = epilogue_cost(c, c.inputs.size());
  total.flops += conv_flops(c.inputs[1], c.outputs[0]) + static_cast<double>(c.outputs[0].size());
  for (const auto* tensors : {&c.inputs, &c.outputs})
    for (const TensorView& v : *tensors) total.bytes += static_cast<double>(v.bytes());
  return total;
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

std::vector<OpCase> cases_conv_gates() {
  const auto depthwise = [](const char* name, Dims x, int64_t kernel, int64_t stride, int64_t hidden) {
    const int64_t channels = x[1], pad = kernel / 2;
    return OpCase{name,
                  {{"group", channels},
                   {"pads", Ints{pad, pad, pad, pad}},
                   {"strides", Ints{stride, stride}},
                   {"epilogue", std::string("silu x0")},
                   {"inner_epilogue", std::string("silu x0")},
                   {"gate_epilogue", std::string("sigmoid x0")}},
                  {random_input(std::move(x)), random_input({channels, 1, kernel, kernel}),
                   random_input({channels}), random_input({hidden, channels, 1, 1}), random_input({hidden}),
                   random_input({channels, hidden, 1, 1}), random_input({channels})},
                  2};
  };
  return {depthwise("depthwise", {2, 24, 9, 7}, 3, 1, 6), depthwise("odd", {3, 37, 8, 9}, 5, 2, 5),
          depthwise("many_pixels", {1, 16, 45, 60}, 3, 1, 4), depthwise("wide", {2, 320, 7, 7}, 5, 1, 20)};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_ConvGates() {
  static const OpDef op = [] {
    std::vector<AttrSpec> attrs = ops::conv_attrs();
    attrs.push_back(ops::epilogue_attr());
    attrs.push_back(optional<std::string>("inner_epilogue", ""));
    attrs.push_back(optional<std::string>("gate_epilogue", ""));
    return OpDef{
        "ConvGates",         7, 7, 1, 2, std::move(attrs), ops::infer_conv_gates, ops::eval_conv_gates,
        ops::cost_conv_gates};
  }();
  return op;
}
std::vector<OpCase> cases_ConvGates() { return ops::cases_conv_gates(); }

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
