// Older versions of operators whose newest form takes as inputs what were attributes, or counts axes
// otherwise.
#include <limits>

#include "frontend/onnx/node_builder.h"

namespace ingot::onnx_import {

void build_same(NodeBuilder& b) {
  b.attrs.erase("consumed_inputs");  // a hint about memory in versions below 6
  b.same();
}

// Squeeze, Unsqueeze, Reduce*: axes.
void build_axes_attribute(NodeBuilder& b) {
  const bool given = b.attrs.has("axes");
  const Ints axes = b.take<Ints>("axes");
  if (given) b.inputs = {b.input(0), b.ints(axes)};
  b.same();
}

void build_clip_attributes(NodeBuilder& b) {
  b.attrs.erase("consumed_inputs");
  b.inputs = {b.required(0)};
  for (const char* bound : {"min", "max"}) {
    const bool given = b.attrs.has(bound);
    const float value = b.take<float>(bound);
    b.inputs.push_back(given ? b.scalar(value, b.inputs[0]) : nullptr);
  }
  b.same();
}

void build_concat_default_axis(NodeBuilder& b) {
  if (!b.attrs.has("axis")) b.attrs.set("axis", int64_t{1});
  b.same();
}

void build_dft_axis(NodeBuilder& b) {
  b.inputs.resize(2);
  b.inputs.push_back(b.scalar_int(b.take<int64_t>("axis", 1)));
  b.same();
}

// The axis splits the shape in two, and the operator worked on the resulting matrix.
void build_flattened_softmax(NodeBuilder& b) {
  Value* x = b.input(0);
  const int64_t axis = b.take<int64_t>("axis", 1);
  const std::optional<int> rank = b.rank(x);
  if (rank && (axis == *rank - 1 || axis == -1)) {
    b.attrs.set("axis", int64_t{-1});
    return b.same();
  }
  Value* matrix = b.add("Flatten", {x}, {{"axis", axis}});
  Value* y = b.add(b.proto.op_type, {matrix}, {{"axis", int64_t{-1}}});
  b.set_output(0, b.add("Reshape", {y, b.add("Shape", {x})}));
}

void build_pad_attributes(NodeBuilder& b) {
  const Ints pads = b.take<Ints>(b.version < 2 ? "paddings" : "pads");
  const float value = b.take<float>("value");
  b.inputs = {b.input(0), b.ints(pads), b.scalar(value, b.required(0))};
  b.same();
}

void build_reshape_attribute(NodeBuilder& b) {
  b.attrs.erase("consumed_inputs");
  b.inputs = {b.input(0), b.ints(b.take<Ints>("shape"))};
  b.same();
}

void build_slice_attributes(NodeBuilder& b) {
  const bool has_axes = b.attrs.has("axes");
  const Ints starts = b.take<Ints>("starts"), ends = b.take<Ints>("ends"), axes = b.take<Ints>("axes");
  b.inputs = {b.input(0), b.ints(starts), b.ints(ends), has_axes ? b.ints(axes) : nullptr};
  b.same();
}

// Up to version 12 the sizes are an attribute; before 18 equal parts are counted by the outputs.
void build_split(NodeBuilder& b) {
  const bool given = b.attrs.has("split");
  const Ints sizes = b.take<Ints>("split");
  if (given) b.inputs = {b.input(0), b.ints(sizes)};
  const size_t outputs = b.proto.outputs.size();
  if (b.input(1) == nullptr) b.attrs.set("num_outputs", static_cast<int64_t>(outputs));
  Node* node = b.add_node("Split", b.inputs, b.attrs, outputs);
  for (size_t i = 0; node && i < outputs; ++i) b.set_output(i, node->output(i));
}

void build_topk_attribute(NodeBuilder& b) {
  b.inputs = {b.input(0), b.ints({b.take<int64_t>("k")})};
  b.same();
}

// Before version 7 the second operand of And, Add, Pow... was aligned with `axis` of the first.
void build_broadcast_by_axis(NodeBuilder& b) {
  b.attrs.erase("consumed_inputs");
  const bool broadcast = b.take<int64_t>("broadcast") != 0, aligned = b.attrs.has("axis");
  int64_t axis = b.take<int64_t>("axis");
  if (broadcast && aligned && b.inputs.size() == 2) {
    const int rank = b.known_rank(b.input(0)), other = b.known_rank(b.input(1));
    if (axis < 0) axis += rank;
    Ints trailing;
    for (int64_t d = axis + other; d < rank; ++d) trailing.push_back(d - axis);
    if (!trailing.empty()) b.inputs[1] = b.add("Unsqueeze", {b.inputs[1], b.ints(trailing)});
  }
  b.same();
}

// Whether C is broadcast was said before version 7, and is now seen from its shape.
void build_gemm_broadcast(NodeBuilder& b) {
  b.attrs.erase("broadcast");
  b.same();
}

// Before version 7 a vector of slopes belonged to the channels, dimension 1.
void build_prelu_by_channel(NodeBuilder& b) {
  b.attrs.erase("consumed_inputs");
  Value* slope = b.input(1);
  if (slope != nullptr && b.known_rank(slope) == 1 && b.known_rank(b.input(0)) > 2) {
    Ints trailing;
    for (int d = 2; d < b.known_rank(b.input(0)); ++d) trailing.push_back(d - 1);
    b.inputs[1] = b.add("Unsqueeze", {slope, b.ints(trailing)});
  }
  b.same();
}

void build_scatter(NodeBuilder& b) { b.same("ScatterElements"); }

// The old version had no half-pixel shift, which is the new one's default.
void build_roi_align_unshifted(NodeBuilder& b) {
  b.attrs.set("coordinate_transformation_mode", std::string("output_half_pixel"));
  b.same();
}

void build_grid_sample(NodeBuilder& b) {
  const std::string mode = b.attrs.get_string("mode", "bilinear");
  if (mode == "bilinear") b.attrs.set("mode", std::string("linear"));
  if (mode == "bicubic") b.attrs.set("mode", std::string("cubic"));
  b.same();
}

// QuantizeLinear, DequantizeLinear: a vector of one element stands for a scalar in many files, in the scale
// or the zero point alone, too.
void build_quantize(NodeBuilder& b) {
  for (size_t i = 1; i < b.inputs.size(); ++i) {
    Value* v = b.inputs[i];
    if (v == nullptr || b.rank(v) != 1 || !v->shape()[0].is(1)) continue;
    b.inputs[i] =
        v->is_constant() ? b.constant(v->constant().reshaped({})) : b.add("Reshape", {v, b.ints({})});
  }
  b.same();
}

// Scale and bias were given per group and are now given per channel.
void build_group_norm_by_group(NodeBuilder& b) {
  Value* x = b.input(0);
  const int64_t groups = b.attrs.get_int("num_groups");
  if (b.known_rank(x) < 2 || groups < 1 || !x->shape()[1].is_const())
    return b.fail(unsupported("the number of channels has to be known for this version of the operator"));
  const int64_t channels = x->shape()[1].value();
  for (size_t i = 1; i < b.inputs.size(); ++i) {
    Value* column = b.add("Unsqueeze", {b.input(i), b.ints({1})});
    Value* wide = b.add("Expand", {column, b.ints({groups, channels / groups})});
    b.inputs[i] = b.add("Reshape", {wide, b.ints({channels})});
  }
  b.same();
}

}  // namespace ingot::onnx_import
