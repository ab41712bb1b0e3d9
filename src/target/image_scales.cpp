#include "target/image_scales.h"

#include "ops/resample.h"

namespace ingot {
namespace {

bool is_image(const Value* v) {
  return v != nullptr && v->type().ranked && (v->type().rank() == 3 || v->type().rank() == 4);
}

}  // namespace

std::optional<Floats> image_scales(const Node& node) {
  const Value *x = node.input(0), *y = node.output();
  const auto mode = ops::ResampleMode::read(node.attrs());
  if (!is_image(x) || !is_image(y) || !mode.ok() || mode->antialias ||
      mode->coordinates == ops::ResampleMode::kCropAndResize ||
      node.attrs().get_string("keep_aspect_ratio_policy", "stretch") != "stretch" ||
      !(x->shape()[0] == y->shape()[0]) || !(x->shape()[1] == y->shape()[1]))
    return std::nullopt;
  const Value* scales = node.input(2);
  Floats out = {0, 0};
  if (scales == nullptr || (scales->type().ranked && num_elements(scales->shape()).is(0))) return out;
  if (!scales->is_constant()) return std::nullopt;
  const int64_t rank = x->type().rank();
  Ints axes = node.attrs().get_ints("axes");
  if (axes.empty())
    for (int64_t d = 0; d < rank; ++d) axes.push_back(d);
  const auto values = scales->constant().span<float>();
  if (values.size() != axes.size()) return std::nullopt;
  out = {1, 1};
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t from_end = axes[i] < 0 ? -axes[i] : rank - axes[i];
    if (from_end <= 2 && from_end <= rank - 2)
      out[static_cast<size_t>(2 - from_end)] = values[i];
    else if (values[i] != 1)
      return std::nullopt;
  }
  return out;
}

}  // namespace ingot
