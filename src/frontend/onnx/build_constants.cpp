// Constants in all their forms, and experimental operators of old exporters, written in today's.
#include <limits>

#include "frontend/onnx/node_builder.h"
#include "frontend/onnx/tensor_reader.h"

namespace ingot::onnx_import {

void build_constant(NodeBuilder& b) {
  if (b.attrs.size() != 1) return b.fail(invalid_argument("got ", b.attrs.size(), " values, expected one"));
  const auto& [form, value] = *b.attrs.begin();
  if (const Tensor* tensor = std::get_if<Tensor>(&value))
    b.set_output(0, b.constant(*tensor));
  else if (const float* f = std::get_if<float>(&value))
    b.set_output(0, b.constant(Tensor::scalar_f32(*f)));
  else if (const int64_t* i = std::get_if<int64_t>(&value))
    b.set_output(0, b.constant(Tensor::scalar_i64(*i)));
  else if (const Floats* floats = std::get_if<Floats>(&value))
    b.set_output(0, b.constant(Tensor::vector_f32(*floats)));
  else if (const Ints* ints = std::get_if<Ints>(&value))
    b.set_output(0, b.constant(Tensor::vector_i64(*ints)));
  else
    b.fail(unsupported(form, ": strings are not supported"));
}

void build_constant_fill(NodeBuilder& b) {
  const float value = b.take<float>("value");
  const DataType type = data_type_from_onnx(b.take<int64_t>("dtype", 1));
  if (bit_width(type) < 8) return b.fail(unsupported("its dtype is not supported"));
  Value* shape = nullptr;
  if (b.input(0) == nullptr)
    shape = b.ints(b.attrs.get_ints("shape"));
  else
    shape = b.attrs.get_int("input_as_shape") != 0 ? b.input(0) : b.add("Shape", {b.input(0)});
  const Ints extra = b.attrs.get_ints("extra_shape");
  if (!extra.empty()) shape = b.add("Concat", {shape, b.ints(extra)}, {{"axis", int64_t{0}}});
  b.set_output(0, b.add("ConstantOfShape", {shape}, {{"value", b.filled(type, value, {1})}}));
}

namespace {

// alpha * x + beta, without what has no effect.
Value* affine(NodeBuilder& b, Value* x, float alpha, float beta) {
  if (alpha != 1) x = b.add("Mul", {x, b.scalar(alpha, x)});
  return beta == 0 ? x : b.add("Add", {x, b.scalar(beta, x)});
}

}  // namespace

void build_affine(NodeBuilder& b) {
  b.set_output(0, affine(b, b.required(0), b.attrs.get_float("alpha", 1), b.attrs.get_float("beta", 0)));
}

void build_scale(NodeBuilder& b) {
  b.set_output(0, affine(b, b.required(0), b.attrs.get_float("scale", 1), 0));
}

void build_scaled_tanh(NodeBuilder& b) {
  Value* inner = b.add("Tanh", {affine(b, b.required(0), b.attrs.get_float("beta", 1), 0)});
  b.set_output(0, affine(b, inner, b.attrs.get_float("alpha", 1), 0));
}

void build_parametric_softplus(NodeBuilder& b) {
  Value* inner = b.add("Softplus", {affine(b, b.required(0), b.attrs.get_float("beta", 1), 0)});
  b.set_output(0, affine(b, inner, b.attrs.get_float("alpha", 1), 0));
}

void build_image_scaler(NodeBuilder& b) {
  Value* x = affine(b, b.required(0), b.attrs.get_float("scale", 1), 0);
  const Floats bias = b.attrs.get<Floats>("bias");
  if (bias.empty()) return b.set_output(0, x);
  Value* per_channel = b.add("Unsqueeze", {b.floats(bias, b.required(0)), b.ints({1, 2})});
  b.set_output(0, b.add("Add", {x, per_channel}));
}

// border is left, top, right, bottom; a scale of height and width takes the place of right and bottom.
void build_crop(NodeBuilder& b) {
  const Ints border = b.attrs.get_ints("border", {0, 0, 0, 0}), size = b.attrs.get_ints("scale");
  if (border.size() != 4 || (!size.empty() && size.size() != 2))
    return b.fail(invalid_argument("border and scale have ", border.size(), " and ", size.size(),
                                   " elements, expected 4 and 2"));
  const auto from_end = [](int64_t n) { return n == 0 ? std::numeric_limits<int64_t>::max() : -n; };
  const int64_t bottom = size.empty() ? from_end(border[3]) : border[1] + size[0];
  const int64_t right = size.empty() ? from_end(border[2]) : border[0] + size[1];
  b.set_output(0, b.add("Slice", {b.input(0), b.ints({border[1], border[0]}), b.ints({bottom, right}),
                                  b.ints({2, 3})}));
}

void build_mean_variance_by_flags(NodeBuilder& b) {
  const bool across_channels = b.take<int64_t>("across_channels") != 0;
  if (b.take<int64_t>("normalize_variance", 1) == 0)
    return b.fail(unsupported("normalize_variance=0 is not supported"));
  Ints axes;  // each image on its own
  for (int64_t d = across_channels ? 1 : 2; d < b.known_rank(b.input(0)); ++d) axes.push_back(d);
  b.attrs.set("axes", axes);
  b.same();
}

// Cast by the type's name, in capitals.
void build_cast_by_name(NodeBuilder& b) {
  std::string name = b.take<std::string>("to");
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (int64_t type = 1; type < 17; ++type)
    if (onnx_type_name(type) == name) b.attrs.set("to", type);
  if (!b.attrs.has("to")) return b.fail(unsupported("type '", name, "' is not supported"));
  b.same();
}

}  // namespace ingot::onnx_import
