// RandomNormal, RandomUniform (and their Like forms), Bernoulli, Multinomial. The numbers come from
// SplitMix64; with a seed they are the same in every run, without one they differ. They are not ONNX
// Runtime's numbers: ONNX fixes the distribution only.
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

class Random {
 public:
  explicit Random(const Attrs& attrs) {
    static std::atomic<uint64_t> calls{0};
    if (attrs.has("seed")) {
      const float seed = attrs.get_float("seed");
      std::memcpy(&state_, &seed, sizeof(seed));
    } else {
      state_ = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) +
               (++calls << 40);
    }
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // in [0, 1)
  double normal() {                                                         // Box and Muller
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * M_PI * uniform());
  }

 private:
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t state_ = 0;
};

// The type that attribute dtype names, or `fallback`.
Result<DataType> dtype_attr(const Attrs& attrs, DataType fallback) {
  if (!attrs.has("dtype")) return fallback;
  return from_onnx_type_number(attrs.get_int("dtype"));
}

Status infer_shaped(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const DataType dtype, dtype_attr(c.attrs, DataType::kF32));
  if (!contains(kFloats, dtype))
    return invalid_argument("dtype is ", data_type_name(dtype), ", expected ", to_string(kFloats));
  const Shape shape = to_shape(c.attrs.get_ints("shape"));
  INGOT_RETURN_IF_ERROR(check_dims(shape));
  c.set(0, dtype, shape);
  return {};
}

template <TypeSet kResults>
Status infer_like(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const DataType dtype, dtype_attr(c.attrs, c.type(0).dtype));
  if (!contains(kResults, dtype))
    return invalid_argument("the result has type ", data_type_name(dtype), ", expected ",
                            to_string(kResults));
  c.outputs[0].type = c.type(0);
  c.outputs[0].type.dtype = dtype;
  return {};
}

template <class F>
Status fill(EvalContext& c, InferFn infer, F&& next) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  Random random(c.attrs);
  for (int64_t i = 0, n = y.size(); i < n; ++i) {
    const double v = next(random, i);
    store(&v, 1, y, i);
  }
  return {};
}

template <InferFn kInfer>
Status eval_normal(EvalContext& c) {
  const double mean = c.attrs.get_float("mean", 0), scale = c.attrs.get_float("scale", 1);
  return fill(c, kInfer, [&](Random& r, int64_t) { return mean + scale * r.normal(); });
}

template <InferFn kInfer>
Status eval_uniform(EvalContext& c) {
  const double low = c.attrs.get_float("low", 0), high = c.attrs.get_float("high", 1);
  return fill(c, kInfer, [&](Random& r, int64_t) { return low + (high - low) * r.uniform(); });
}

Status infer_bernoulli(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  return infer_like<kNumbers | kBools>(c);
}

Status eval_bernoulli(EvalContext& c) {
  const auto p = load_all<double>(c.input(0));
  return fill(c, infer_bernoulli,
              [&](Random& r, int64_t i) { return r.uniform() < p[static_cast<size_t>(i)] ? 1.0 : 0.0; });
}

// ---- Multinomial: class indices drawn from unnormalised log-probabilities [batch, classes]

Status infer_multinomial(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 2, 2));
  INGOT_ASSIGN_OR_RETURN(const DataType dtype, dtype_attr(c.attrs, DataType::kI32));
  if (!contains(kIndices, dtype))
    return invalid_argument("dtype is ", data_type_name(dtype), ", expected ", to_string(kIndices));
  const int64_t samples = c.attrs.get_int("sample_size", 1);
  if (samples < 0) return invalid_argument("sample_size is ", samples, ", expected 0 or more");
  if (c.type(0).ranked && c.shape(0)[1].is(0)) return invalid_argument("there are no classes to draw from");
  c.set(0, dtype, {c.type(0).ranked ? c.shape(0)[0] : c.fresh_dim(), samples});
  return {};
}

Status eval_multinomial(EvalContext& c) {
  const TensorView& x = c.input(0);
  const auto logits = load_all<double>(x);
  const int64_t samples = std::max<int64_t>(c.attrs.get_int("sample_size", 1), 1);
  std::vector<double> cumulative;
  return fill(c, infer_multinomial, [&](Random& r, int64_t i) {
    const int64_t classes = x.dims[1];
    if (i % samples == 0) {  // a new row
      const double* row = logits.data() + i / samples * classes;
      double peak = row[0], sum = 0;
      for (int64_t k = 1; k < classes; ++k) peak = std::max(peak, row[k]);
      cumulative.clear();
      for (int64_t k = 0; k < classes; ++k) cumulative.push_back(sum += std::exp(row[k] - peak));
    }
    const double u = r.uniform() * cumulative.back();
    int64_t k = 0;
    while (k + 1 < classes && cumulative[static_cast<size_t>(k)] <= u) ++k;
    return static_cast<double>(k);
  });
}

std::vector<OpCase> cases_shaped() { return {{"matrix", {{"shape", Ints{3, 5}}, {"seed", 1.0f}}, {}}}; }
std::vector<OpCase> cases_like() {
  return {{"same", {}, {random_input({3, 5})}}, {"f16", {{"dtype", int64_t{10}}}, {random_input({4})}}};
}
std::vector<OpCase> cases_bernoulli() {
  return {{"probabilities", {}, {random_input({3, 5}, 0, 1)}},
          {"bool", {{"dtype", int64_t{9}}}, {random_input({3, 5}, 0, 1)}}};
}
std::vector<OpCase> cases_multinomial() {
  return {{"draws", {{"sample_size", int64_t{7}}}, {random_input({2, 5}, -3, 0)}}};
}

std::vector<AttrSpec> specs(std::string_view a, float a_fallback, std::string_view b, float b_fallback,
                            bool shaped) {
  std::vector<AttrSpec> s{optional<float>(a, a_fallback), optional<float>(b, b_fallback),
                          absent_or<float>("seed"), absent_or<int64_t>("dtype")};
  if (shaped) s.push_back(required<Ints>("shape"));
  return s;
}

constexpr InferFn kLike = infer_like<kFloats>;

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_RandomNormal() {
  static const OpDef op{"RandomNormal",
                        0,
                        0,
                        1,
                        1,
                        ops::specs("mean", 0, "scale", 1, true),
                        ops::infer_shaped,
                        ops::eval_normal<ops::infer_shaped>,
                        nullptr,
                        {},
                        false};
  return op;
}

std::vector<OpCase> cases_RandomNormal() { return ops::cases_shaped(); }

const OpDef& op_RandomNormalLike() {
  static const OpDef op{"RandomNormalLike",
                        1,
                        1,
                        1,
                        1,
                        ops::specs("mean", 0, "scale", 1, false),
                        ops::kLike,
                        ops::eval_normal<ops::kLike>,
                        nullptr,
                        {},
                        false};
  return op;
}

std::vector<OpCase> cases_RandomNormalLike() { return ops::cases_like(); }

const OpDef& op_RandomUniform() {
  static const OpDef op{"RandomUniform",
                        0,
                        0,
                        1,
                        1,
                        ops::specs("low", 0, "high", 1, true),
                        ops::infer_shaped,
                        ops::eval_uniform<ops::infer_shaped>,
                        nullptr,
                        {},
                        false};
  return op;
}

std::vector<OpCase> cases_RandomUniform() { return ops::cases_shaped(); }

const OpDef& op_RandomUniformLike() {
  static const OpDef op{
      "RandomUniformLike",           1,       1,  1,    1, ops::specs("low", 0, "high", 1, false), ops::kLike,
      ops::eval_uniform<ops::kLike>, nullptr, {}, false};
  return op;
}

std::vector<OpCase> cases_RandomUniformLike() { return ops::cases_like(); }

const OpDef& op_Bernoulli() {
  static const OpDef op{"Bernoulli",
                        1,
                        1,
                        1,
                        1,
                        {absent_or<int64_t>("dtype"), absent_or<float>("seed")},
                        ops::infer_bernoulli,
                        ops::eval_bernoulli,
                        nullptr,
                        {},
                        false};
  return op;
}

std::vector<OpCase> cases_Bernoulli() { return ops::cases_bernoulli(); }

const OpDef& op_Multinomial() {
  static const OpDef op{
      "Multinomial",
      1,
      1,
      1,
      1,
      {absent_or<int64_t>("dtype"), optional<int64_t>("sample_size", 1), absent_or<float>("seed")},
      ops::infer_multinomial,
      ops::eval_multinomial,
      nullptr,
      {},
      false};
  return op;
}

std::vector<OpCase> cases_Multinomial() { return ops::cases_multinomial(); }

}  // namespace ingot
