#include "ops/recurrent.h"

#include <algorithm>
#include <cmath>

#include "ops/wide.h"

namespace ingot::ops {
namespace {

struct ActivationInfo {
  std::string_view name;
  bool has_alpha, has_beta;
  double alpha, beta;  // defaults
};
constexpr ActivationInfo kActivations[] = {
    {"Affine", true, true, 1, 0},          {"Elu", true, false, 1, 0},
    {"HardSigmoid", true, true, 0.2, 0.5}, {"LeakyRelu", true, false, 0.01, 0},
    {"Relu", false, false, 0, 0},          {"ScaledTanh", true, true, 1, 1},
    {"Sigmoid", false, false, 0, 0},       {"Softplus", false, false, 0, 0},
    {"Softsign", false, false, 0, 0},      {"Tanh", false, false, 0, 0},
    {"ThresholdedRelu", true, false, 1, 0}};

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

// The activations of all directions; parameters are given in order to those that have them.
Result<std::vector<Activation>> read_activations(const Attrs& attrs, const Cell& cell, size_t directions) {
  Strings names = attrs.get<Strings>("activations");
  if (names.empty())
    for (size_t d = 0; d < directions; ++d)
      names.insert(names.end(), cell.activations.begin(), cell.activations.end());
  const size_t expected = cell.activations.size() * directions;
  if (names.size() != expected)
    return invalid_argument("activations has ", names.size(), " names, expected ", expected);
  const Floats alphas = attrs.get<Floats>("activation_alpha"), betas = attrs.get<Floats>("activation_beta");
  size_t alpha = 0, beta = 0;
  std::vector<Activation> out;
  for (const std::string& name : names) {
    const auto info = std::find_if(std::begin(kActivations), std::end(kActivations),
                                   [&](const ActivationInfo& a) { return same_name(a.name, name); });
    if (info == std::end(kActivations)) return unsupported("activation '", name, "'");
    Activation a{static_cast<Activation::Kind>(info - kActivations), info->alpha, info->beta};
    if (info->has_alpha && alpha < alphas.size()) a.alpha = alphas[alpha++];
    if (info->has_beta && beta < betas.size()) a.beta = betas[beta++];
    out.push_back(a);
  }
  return out;
}

// 1 or 2 directions, and whether the first runs backwards.
struct Directions {
  int64_t count = 1;
  bool reverse = false;
  static Result<Directions> read(const Attrs& attrs) {
    const std::string text = attrs.get_string("direction", "forward");
    if (text == "forward") return Directions{1, false};
    if (text == "reverse") return Directions{1, true};
    if (text == "bidirectional") return Directions{2, false};
    return invalid_argument("direction is '", text, "', expected forward, reverse or bidirectional");
  }
};

Status expect_shape(const InferContext& c, size_t i, const Shape& expected) {
  INGOT_RETURN_IF_ERROR(
      expect_rank(c, i, static_cast<int>(expected.size()), static_cast<int>(expected.size())));
  if (!c.has(i) || !c.type(i).ranked) return {};
  for (size_t d = 0; d < expected.size(); ++d)
    if (c.shape(i)[d].is_const() && expected[d].is_const() && c.shape(i)[d] != expected[d])
      return invalid_argument("input ", i, " has shape ", to_string(c.shape(i)), ", expected ",
                              to_string(expected));
  return {};
}

}  // namespace

double Activation::operator()(double x) const {
  switch (kind) {
    case kAffine:
      return alpha * x + beta;
    case kElu:
      return x < 0 ? alpha * std::expm1(x) : x;
    case kHardSigmoid:
      return std::clamp(alpha * x + beta, 0.0, 1.0);
    case kLeakyRelu:
      return x < 0 ? alpha * x : x;
    case kRelu:
      return x < 0 ? 0 : x;
    case kScaledTanh:
      return alpha * std::tanh(beta * x);
    case kSigmoid:
      return 1 / (1 + std::exp(-x));
    case kSoftplus:
      return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case kSoftsign:
      return x / (1 + std::fabs(x));
    case kTanh:
      return std::tanh(x);
    case kThresholdedRelu:
      return x > alpha ? x : 0;
  }
  return x;
}

double Direction::activate(size_t k, double x) const {
  if (clip > 0) x = std::clamp(x, -clip, clip);
  return activations[k](x);
}

double Direction::recur(int64_t row, const double* h) const {
  const double* weights = r.data() + row * hidden;
  double sum = 0;
  for (int64_t i = 0; i < hidden; ++i) sum += weights[i] * h[i];
  return sum;
}

std::vector<AttrSpec> recurrent_attrs(std::vector<AttrSpec> more) {
  std::vector<AttrSpec> attrs = {optional<Floats>("activation_alpha", {}),
                                 optional<Floats>("activation_beta", {}),
                                 optional<Strings>("activations", {}),
                                 optional<float>("clip", 0),
                                 optional<std::string>("direction", "forward"),
                                 absent_or<int64_t>("hidden_size"),
                                 optional<int64_t>("layout", 0)};
  attrs.insert(attrs.end(), more.begin(), more.end());
  return attrs;
}

Status infer_recurrent(InferContext& c, const Cell& cell) {
  for (size_t i : {kRecX, kRecW, kRecR, kRecB, kRecH, kRecC, kRecP}) {
    INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats));
    INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, i));
  }
  INGOT_RETURN_IF_ERROR(expect_type(c, kRecLengths, type_set({DataType::kI32})));
  INGOT_ASSIGN_OR_RETURN(const Directions directions, Directions::read(c.attrs));
  INGOT_RETURN_IF_ERROR(read_activations(c.attrs, cell, static_cast<size_t>(directions.count)).status());
  const int64_t layout = c.attrs.get_int("layout");
  if (layout != 0 && layout != 1) return invalid_argument("layout is ", layout, ", expected 0 or 1");
  const DataType type = c.type(0).dtype;
  if (!c.type(kRecX).ranked || !c.type(kRecR).ranked || !c.type(kRecW).ranked) {
    for (size_t i = 0; i < c.outputs.size(); ++i) c.set_unranked(i, type);
    return {};
  }
  INGOT_RETURN_IF_ERROR(expect_rank(c, kRecX, 3, 3));
  INGOT_RETURN_IF_ERROR(expect_rank(c, kRecR, 3, 3));
  const Dim hidden = c.attrs.has("hidden_size") ? Dim(c.attrs.get_int("hidden_size")) : c.shape(kRecR)[2];
  if (hidden.is_const() && (hidden.value() < 1 || hidden.value() > (int64_t{1} << 30)))
    return invalid_argument("hidden_size is ", hidden.value(), ", expected 1 to 2^30");
  const Dim dirs = directions.count, rows = hidden * Dim(cell.gates);
  const Dim &steps = c.shape(kRecX)[layout == 1 ? 1 : 0], &batch = c.shape(kRecX)[layout == 1 ? 0 : 1];
  const Shape state = layout == 1 ? Shape{batch, dirs, hidden} : Shape{dirs, batch, hidden};
  INGOT_RETURN_IF_ERROR(expect_shape(c, kRecW, {dirs, rows, c.shape(kRecX)[2]}));
  INGOT_RETURN_IF_ERROR(expect_shape(c, kRecR, {dirs, rows, hidden}));
  INGOT_RETURN_IF_ERROR(expect_shape(c, kRecB, {dirs, rows * Dim(2)}));
  INGOT_RETURN_IF_ERROR(expect_shape(c, kRecLengths, {batch}));
  INGOT_RETURN_IF_ERROR(expect_shape(c, kRecH, state));
  INGOT_RETURN_IF_ERROR(expect_shape(c, kRecC, state));
  INGOT_RETURN_IF_ERROR(expect_shape(c, kRecP, {dirs, hidden * Dim(3)}));
  c.set(0, type, layout == 1 ? Shape{batch, steps, dirs, hidden} : Shape{steps, dirs, batch, hidden});
  for (size_t i = 1; i < c.outputs.size(); ++i) c.set(i, type, state);
  return {};
}

namespace {

// The part of input i that belongs to direction d (its first dimension), or zeros.
std::vector<double> slice(const EvalContext& c, size_t i, int64_t d, int64_t count, int64_t offset = 0,
                          int64_t stride = 0) {
  std::vector<double> out(static_cast<size_t>(count));
  if (c.has(i)) load(c.input(i), d * (stride == 0 ? count : stride) + offset, count, out.data());
  return out;
}

}  // namespace

Status eval_recurrent(EvalContext& c, const Cell& cell, InferFn infer) {
  INGOT_ASSIGN_OR_RETURN(const auto types, infer_concrete(c, infer));
  INGOT_ASSIGN_OR_RETURN(const Directions directions, Directions::read(c.attrs));
  INGOT_ASSIGN_OR_RETURN(const auto activations,
                         read_activations(c.attrs, cell, static_cast<size_t>(directions.count)));
  const bool batch_first = c.attrs.get_int("layout") == 1;
  const TensorView& x = c.input(kRecX);
  const int64_t steps = x.dims[batch_first ? 1 : 0], batch = x.dims[batch_first ? 0 : 1], width = x.dims[2];
  const int64_t hidden = c.input(kRecR).dims[2], rows = cell.gates * hidden, dirs = directions.count;
  const Dims lengths =
      c.has(kRecLengths) ? to_int64s(c.input(kRecLengths)) : Dims(static_cast<size_t>(batch), steps);
  for (int64_t n : lengths)
    if (n < 0 || n > steps) return invalid_argument("sequence_lens contains ", n, ", expected 0 to ", steps);

  const std::vector<double> source = load_all<double>(x);
  std::vector<double> y(static_cast<size_t>(steps * dirs * batch * hidden)),
      last_h(static_cast<size_t>(dirs * batch * hidden)), last_c(last_h.size());
  for (int64_t d = 0; d < dirs; ++d) {
    Direction direction{hidden,
                        cell.gates,
                        slice(c, kRecW, d, rows * width),
                        slice(c, kRecR, d, rows * hidden),
                        slice(c, kRecB, d, rows, 0, 2 * rows),
                        slice(c, kRecB, d, rows, rows, 2 * rows),
                        slice(c, kRecP, d, 3 * hidden),
                        {activations.begin() + d * static_cast<int64_t>(cell.activations.size()),
                         activations.begin() + (d + 1) * static_cast<int64_t>(cell.activations.size())},
                        c.attrs.get_float("clip"),
                        c.attrs.get_int("input_forget") != 0,
                        c.attrs.get_int("linear_before_reset") != 0};
    const bool backwards = directions.reverse || d == 1;
    std::vector<double> gates(static_cast<size_t>(rows));
    for (int64_t n = 0; n < batch; ++n) {
      const int64_t state_at = (batch_first ? n * dirs + d : d * batch + n) * hidden;
      std::vector<double> h = slice(c, kRecH, 0, hidden, state_at), s = slice(c, kRecC, 0, hidden, state_at);
      const int64_t length = lengths[static_cast<size_t>(n)];
      for (int64_t k = 0; k < length; ++k) {
        const int64_t t = backwards ? length - 1 - k : k;
        const double* in = source.data() + (batch_first ? n * steps + t : t * batch + n) * width;
        for (int64_t row = 0; row < rows; ++row) {
          double sum = direction.w_bias[static_cast<size_t>(row)];
          for (int64_t i = 0; i < width; ++i)
            sum += direction.w[static_cast<size_t>(row * width + i)] * in[i];
          gates[static_cast<size_t>(row)] = sum;
        }
        cell.step(direction, gates.data(), h.data(), s.data());
        const int64_t y_at = batch_first ? (n * steps + t) * dirs + d : (t * dirs + d) * batch + n;
        std::copy(h.begin(), h.end(), y.begin() + y_at * hidden);
      }
      std::copy(h.begin(), h.end(), last_h.begin() + state_at);
      std::copy(s.begin(), s.end(), last_c.begin() + state_at);
    }
  }
  const std::vector<double>* results[] = {&y, &last_h, &last_c};
  for (size_t i = 0; i < c.num_outputs; ++i) {
    INGOT_ASSIGN_OR_RETURN(const TensorView out, c.output(i, types[i].dtype, types[i].dims));
    store(results[i]->data(), out.size(), out, 0);
  }
  return {};
}

Cost recurrent_cost(const CostContext& c) {
  Cost cost;
  for (const TensorView& v : c.inputs) cost.bytes += static_cast<double>(v.bytes());
  for (const TensorView& v : c.outputs) cost.bytes += static_cast<double>(v.bytes());
  const TensorView& x = c.inputs[kRecX];
  if (x.rank() == 3)
    cost.flops = 2 * static_cast<double>(x.dims[0] * x.dims[1]) *
                 static_cast<double>(c.inputs[kRecW].size() + c.inputs[kRecR].size());
  return cost;
}

std::vector<OpCase> recurrent_cases(const Cell& cell, const Attrs& more) {
  const int64_t steps = 5, batch = 3, width = 6, hidden = 4, rows = cell.gates * hidden;
  auto weights = [&](int64_t dirs, bool bias) {
    std::vector<CaseInput> in = {random_input({steps, batch, width}), random_input({dirs, rows, width}),
                                 random_input({dirs, rows, hidden})};
    if (bias) in.push_back(random_input({dirs, 2 * rows}));
    return in;
  };
  auto with_state = [&](std::vector<CaseInput> in, Dims state) {
    // Lengths between 2 and `steps`: each sequence ends on its own.
    in.push_back(random_input({batch}, 2, static_cast<double>(steps), DataType::kI32));
    in.push_back(random_input(state));
    if (cell.has_cell_state) in.push_back(random_input(state));
    return in;
  };
  const int outputs = cell.has_cell_state ? 3 : 2;
  const std::string both = "bidirectional", reverse = "reverse";
  std::vector<CaseInput> batch_first = with_state(weights(1, true), {batch, 1, hidden});
  batch_first[0] = random_input({batch, steps, width});
  std::vector<OpCase> cases = {
      {"forward", {}, weights(1, false), outputs},
      {"bias", {{"hidden_size", hidden}}, weights(1, true), outputs},
      {"reverse", {{"direction", reverse}}, with_state(weights(1, true), {1, batch, hidden}), outputs},
      {"bidirectional", {{"direction", both}}, with_state(weights(2, true), {2, batch, hidden}), outputs},
      {"clip", {{"clip", 0.5f}}, weights(1, true), outputs},
      {"batch_first", {{"layout", int64_t{1}}}, batch_first, outputs}};
  for (OpCase& one : cases)
    for (const auto& [name, value] : more) one.attrs.set(name, value);
  return cases;
}

}  // namespace ingot::ops
