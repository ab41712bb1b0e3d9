// ml.Scaler, ml.Normalizer, ml.Imputer, ml.Binarizer, ml.ArrayFeatureExtractor, ml.LabelEncoder (numbers):
// https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html and its siblings
#include <algorithm>
#include <cmath>
#include <map>

#include "ops/ml.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// Y has the shape of X and the type `dtype`.
Status infer_as(InferContext& c, DataType dtype) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFeatures));
  c.outputs[0].type = c.type(0);
  c.outputs[0].type.dtype = dtype;
  return {};
}

// One value for all features, or one for each: the last dimension of X.
Status check_per_feature(const InferContext& c, std::string_view name, size_t count) {
  if (!c.type(0).ranked || count <= 1) return {};
  const Dim columns = c.type(0).rank() == 0 ? Dim(1) : c.shape(0).back();
  if (!columns.is_const() || columns.value() == static_cast<int64_t>(count)) return {};
  return invalid_argument(name, " has ", count, " values, expected 1 or ", columns.to_string());
}

Status infer_scaler(InferContext& c) {
  INGOT_RETURN_IF_ERROR(check_per_feature(c, "scale", c.attrs.get<Floats>("scale").size()));
  INGOT_RETURN_IF_ERROR(check_per_feature(c, "offset", c.attrs.get<Floats>("offset").size()));
  return infer_as(c, DataType::kF32);
}

Status eval_scaler(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_scaler));
  const Floats scale = c.attrs.get<Floats>("scale"), offset = c.attrs.get<Floats>("offset");
  std::vector<double> x = load_all<double>(c.input(0));
  for (size_t i = 0; i < x.size(); ++i) {
    if (!offset.empty()) x[i] -= offset[i % offset.size()];
    if (!scale.empty()) x[i] *= scale[i % scale.size()];
  }
  store(x.data(), y.size(), y, 0);
  return {};
}

Status infer_normalizer(InferContext& c) {
  const std::string norm = c.attrs.get_string("norm", "MAX");
  if (norm != "MAX" && norm != "L1" && norm != "L2")
    return invalid_argument("norm is '", norm, "', expected MAX, L1 or L2");
  INGOT_RETURN_IF_ERROR(feature_dims(c).status());
  return infer_as(c, DataType::kF32);
}

Status eval_normalizer(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_normalizer));
  const std::string norm = c.attrs.get_string("norm", "MAX");
  std::vector<double> x = load_all<double>(c.input(0));
  const size_t columns = static_cast<size_t>(y.dims.back());
  for (size_t row = 0; row < x.size(); row += columns) {
    const std::span<double> v(x.data() + row, columns);
    double size = norm == "MAX" ? *std::max_element(v.begin(), v.end()) : 0;
    for (double e : v) size += norm == "L1" ? std::fabs(e) : norm == "L2" ? e * e : 0;
    if (norm == "L2") size = std::sqrt(size);
    if (size != 0)
      for (double& e : v) e /= size;
  }
  store(x.data(), y.size(), y, 0);
  return {};
}

Status infer_imputer(InferContext& c) {
  const bool real = !c.has(0) || is_float(c.type(0).dtype);
  const size_t count = real ? c.attrs.get<Floats>("imputed_value_floats").size()
                            : c.attrs.get_ints("imputed_value_int64s").size();
  if (count == 0)
    return invalid_argument(real ? "imputed_value_floats" : "imputed_value_int64s",
                            " is missing for input type ", data_type_name(c.type(0).dtype));
  INGOT_RETURN_IF_ERROR(check_per_feature(c, "the list of imputed values", count));
  return infer_as(c, c.type(0).dtype);
}

Status eval_imputer(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_imputer));
  if (is_float(y.dtype)) {
    const Floats imputed = c.attrs.get<Floats>("imputed_value_floats");
    const float replaced = c.attrs.get_float("replaced_value_float");
    std::vector<double> x = load_all<double>(c.input(0));
    for (size_t i = 0; i < x.size(); ++i)
      if (x[i] == replaced || (std::isnan(x[i]) && std::isnan(replaced))) x[i] = imputed[i % imputed.size()];
    store(x.data(), y.size(), y, 0);
  } else {
    const Ints imputed = c.attrs.get_ints("imputed_value_int64s");
    std::vector<int64_t> x = load_all<int64_t>(c.input(0));
    for (size_t i = 0; i < x.size(); ++i)
      if (x[i] == c.attrs.get_int("replaced_value_int64")) x[i] = imputed[i % imputed.size()];
    store(x.data(), y.size(), y, 0);
  }
  return {};
}

Status infer_binarizer(InferContext& c) { return infer_as(c, c.type(0).dtype); }

Status eval_binarizer(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_binarizer));
  const double threshold = c.attrs.get_float("threshold");
  std::vector<double> x = load_all<double>(c.input(0));
  for (double& v : x) v = v > threshold ? 1 : 0;
  store(x.data(), y.size(), y, 0);
  return {};
}

// The columns of X that Y names.
Status infer_extractor(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFeatures));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 1, kVariadic));
  if (!c.all_ranked()) {
    c.set_unranked(0, c.type(0).dtype);
    return {};
  }
  Shape z = c.shape(0);
  if (z.size() == 1) z.insert(z.begin(), 1);
  z.back() = num_elements(c.shape(1));
  c.set(0, c.type(0).dtype, std::move(z));
  return {};
}

Status eval_extractor(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView z, infer_output(c, infer_extractor));
  const Dims columns = to_int64s(c.input(1));
  const int64_t width = c.input(0).dims.back();
  for (int64_t column : columns)
    if (column < 0 || column >= width)
      return invalid_argument("column ", column, ", expected 0 to ", width - 1);
  return with_wide(z.dtype, [&](auto tag) -> Status {
    using W = typename decltype(tag)::type;
    const std::vector<W> x = load_all<W>(c.input(0));
    std::vector<W> out;
    for (int64_t row = 0; !columns.empty() && row < z.size() / static_cast<int64_t>(columns.size()); ++row)
      for (int64_t column : columns) out.push_back(x[static_cast<size_t>(row * width + column)]);
    store(out.data(), z.size(), z, 0);
    return {};
  });
}

// Keys, values or the default of a LabelEncoder, whichever attribute holds them; the type is kInvalid for
// none.
struct Labels {
  DataType dtype = DataType::kInvalid;
  std::vector<double> values;
};

Labels read_list(const Attrs& attrs, const std::string& prefix) {
  if (const auto v = attrs.get_ints(prefix + "_int64s"); !v.empty())
    return {DataType::kI64, {v.begin(), v.end()}};
  if (const auto v = attrs.get<Floats>(prefix + "_floats"); !v.empty())
    return {DataType::kF32, {v.begin(), v.end()}};
  const Tensor t = attrs.get<Tensor>(prefix + "_tensor");
  if (!t.valid()) return {};
  return {t.dtype(), load_all<double>(t.view())};
}

Status infer_encoder(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFeatures));
  if (c.attrs.has("keys_strings") || c.attrs.has("values_strings")) return unsupported("string labels");
  const Labels keys = read_list(c.attrs, "keys"), values = read_list(c.attrs, "values");
  if (keys.values.empty() || keys.values.size() != values.values.size())
    return invalid_argument("got ", keys.values.size(), " keys and ", values.values.size(), " values");
  return infer_as(c, values.dtype);
}

Status eval_encoder(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_encoder));
  const Labels keys = read_list(c.attrs, "keys"), values = read_list(c.attrs, "values");
  double fallback = is_float(y.dtype) ? c.attrs.get_float("default_float", 0)
                                      : static_cast<double>(c.attrs.get_int("default_int64", -1));
  if (const Tensor t = c.attrs.get<Tensor>("default_tensor"); t.valid() && t.size() > 0)
    fallback = load_all<double>(t.view())[0];
  std::map<double, double> table;
  double of_nan = fallback;  // NaN is a key like any other
  for (size_t i = 0; i < keys.values.size(); ++i) {
    if (std::isnan(keys.values[i]))
      of_nan = values.values[i];
    else
      table.emplace(keys.values[i], values.values[i]);
  }
  std::vector<double> x = load_all<double>(c.input(0));
  for (double& v : x) {
    const auto it = std::isnan(v) ? table.end() : table.find(v);
    v = std::isnan(v) ? of_nan : it == table.end() ? fallback : it->second;
  }
  store(x.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> scaler_cases() {
  return {{"per_feature", {{"scale", Floats{2, 3, 4}}, {"offset", Floats{1, 0, -1}}}, {random_input({5, 3})}},
          {"ints",
           {{"scale", Floats{0.5f}}, {"offset", Floats{1}}},
           {random_input({4, 2}, -9, 9, DataType::kI64)}}};
}
std::vector<OpCase> normalizer_cases() {
  std::vector<OpCase> all;
  for (const char* norm : {"MAX", "L1", "L2"})
    all.push_back({norm, {{"norm", std::string(norm)}}, {random_input({4, 7})}});
  return all;
}
std::vector<OpCase> imputer_cases() {
  const Tensor x = Tensor::vector_f32(Floats{1, NAN, 3, NAN}).reshaped({2, 2});
  return {
      {"nan", {{"imputed_value_floats", Floats{5, 6}}, {"replaced_value_float", NAN}}, {constant_input(x)}},
      {"ints",
       {{"imputed_value_int64s", Ints{7}}, {"replaced_value_int64", int64_t{0}}},
       {ints_input({0, 1, 2})}}};
}
std::vector<OpCase> binarizer_cases() { return {{"half", {{"threshold", 0.5f}}, {random_input({3, 5})}}}; }
std::vector<OpCase> extractor_cases() {
  return {{"columns", {}, {random_input({3, 5}), ints_input({4, 0, 4})}},
          {"vector", {}, {random_input({5}), ints_input({1})}}};
}
std::vector<OpCase> encoder_cases() {
  return {{"ints",
           {{"keys_int64s", Ints{1, 2, 3}}, {"values_floats", Floats{0.5f, 1, 2}}},
           {ints_input({3, 1, 4})}},
          {"floats",
           {{"keys_floats", Floats{1, 2}}, {"values_int64s", Ints{10, 20}}, {"default_int64", int64_t{-1}}},
           {floats_input({2, 3, 1})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_MlScaler() {
  static const OpDef op{"ml.Scaler",
                        1,
                        1,
                        1,
                        1,
                        {optional<Floats>("offset", {}), optional<Floats>("scale", {})},
                        ops::infer_scaler,
                        ops::eval_scaler,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_MlScaler() { return ops::scaler_cases(); }

const OpDef& op_MlNormalizer() {
  static const OpDef op{
      "ml.Normalizer",      1,      1, 1, 1, {optional<std::string>("norm", "MAX")}, ops::infer_normalizer,
      ops::eval_normalizer, nullptr};
  return op;
}

std::vector<OpCase> cases_MlNormalizer() { return ops::normalizer_cases(); }

const OpDef& op_MlImputer() {
  static const OpDef op{
      "ml.Imputer",
      1,
      1,
      1,
      1,
      {optional<Floats>("imputed_value_floats", {}), optional<Ints>("imputed_value_int64s", {}),
       optional<float>("replaced_value_float", 0), optional<int64_t>("replaced_value_int64", 0)},
      ops::infer_imputer,
      ops::eval_imputer,
      nullptr};
  return op;
}

std::vector<OpCase> cases_MlImputer() { return ops::imputer_cases(); }

const OpDef& op_MlBinarizer() {
  static const OpDef op{
      "ml.Binarizer",      1,      1, 1, 1, {optional<float>("threshold", 0)}, ops::infer_binarizer,
      ops::eval_binarizer, nullptr};
  return op;
}

std::vector<OpCase> cases_MlBinarizer() { return ops::binarizer_cases(); }

const OpDef& op_MlArrayFeatureExtractor() {
  static const OpDef op{"ml.ArrayFeatureExtractor", 2,      2, 1, 1, {}, ops::infer_extractor,
                        ops::eval_extractor,        nullptr};
  return op;
}

std::vector<OpCase> cases_MlArrayFeatureExtractor() { return ops::extractor_cases(); }

const OpDef& op_MlLabelEncoder() {
  static const OpDef op{
      "ml.LabelEncoder",
      1,
      1,
      1,
      1,
      {optional<float>("default_float", 0), optional<int64_t>("default_int64", -1),
       absent_or<std::string>("default_string"), absent_or<Tensor>("default_tensor"),
       absent_or<Floats>("keys_floats"), absent_or<Ints>("keys_int64s"), absent_or<Strings>("keys_strings"),
       absent_or<Tensor>("keys_tensor"), absent_or<Floats>("values_floats"), absent_or<Ints>("values_int64s"),
       absent_or<Strings>("values_strings"), absent_or<Tensor>("values_tensor")},
      ops::infer_encoder,
      ops::eval_encoder,
      nullptr};
  return op;
}

std::vector<OpCase> cases_MlLabelEncoder() { return ops::encoder_cases(); }

}  // namespace ingot
