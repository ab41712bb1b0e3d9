// Resize and the operators that came before it.
#include <algorithm>

#include "frontend/onnx/node_builder.h"

namespace ingot::onnx_import {
namespace {

// Upsample and the first Resize mapped coordinates by division alone. When shrinking, nearest took the next
// whole position, not the one before.
void add_resize_by_scales(NodeBuilder& b, Value* scales) {
  bool shrinks = false;
  if (scales != nullptr && scales->is_constant() && scales->dtype() == DataType::kF32) {
    const auto values = scales->constant().span<float>();
    shrinks = std::any_of(values.begin(), values.end(), [](float s) { return s < 1; });
  }
  std::string mode = b.attrs.get_string("mode", "nearest");
  if (mode == "bilinear") mode = "linear";
  Attrs attrs{{"mode", mode}, {"coordinate_transformation_mode", std::string("asymmetric")}};
  if (mode == "nearest") attrs.set("nearest_mode", std::string(shrinks ? "ceil" : "floor"));
  b.set_output(0, b.add("Resize", {b.input(0), nullptr, scales}, std::move(attrs)));
}

bool is_empty(const Value* value) { return value && value->is_constant() && value->constant().size() == 0; }

}  // namespace

void build_resize_by_scales(NodeBuilder& b) { add_resize_by_scales(b, b.input(1)); }

void build_upsample(NodeBuilder& b) {
  if (b.version >= 9) return add_resize_by_scales(b, b.input(1));
  Floats scales = b.attrs.get<Floats>("scales");
  if (b.version < 7)
    scales = {1, 1, b.attrs.get_float("height_scale", 1), b.attrs.get_float("width_scale", 1)};
  add_resize_by_scales(b, b.constant(Tensor::vector_f32(scales)));
}

// An empty tensor used to stand for an input that is not given, and roi had to be given where it has no
// effect.
void build_resize(NodeBuilder& b) {
  const bool crops = b.attrs.get_string("coordinate_transformation_mode") == "tf_crop_and_resize";
  for (size_t i = 1; i < b.inputs.size(); ++i)
    if (is_empty(b.inputs[i]) || (i == 1 && !crops)) b.inputs[i] = nullptr;
  b.same();
}

}  // namespace ingot::onnx_import
