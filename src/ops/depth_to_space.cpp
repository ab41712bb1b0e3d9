// DepthToSpace and SpaceToDepth: blocks of channels become blocks of pixels, and back.
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

Result<int64_t> block_size(const InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 4, 4));
  const int64_t b = c.attrs.get_int("blocksize");
  if (b < 1 || b > INT32_MAX) return invalid_argument("blocksize is ", b, ", expected 1 or more");
  const std::string mode = c.attrs.get_string("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return invalid_argument("mode is '", mode, "', expected 'DCR' or 'CRD'");
  return b;
}

Status expect_divisible(const Dim& d, int64_t by, const char* what) {
  if (!d.is_const() || d.value() % by == 0) return {};
  return invalid_argument(what, " ", d.value(), " is not divisible by ", by);
}

Status infer_to_space(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const int64_t b, block_size(c));
  const DataType dtype = c.type(0).dtype;
  if (!c.type(0).ranked) {
    c.set(0, dtype, {c.fresh_dim(), c.fresh_dim(), c.fresh_dim(), c.fresh_dim()});
    return {};
  }
  const Shape& x = c.shape(0);
  INGOT_RETURN_IF_ERROR(expect_divisible(x[1], b * b, "depth"));
  c.set(0, dtype, {x[0], floor_div(x[1], b * b), x[2] * b, x[3] * b});
  return {};
}

Status infer_to_depth(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const int64_t b, block_size(c));
  const DataType dtype = c.type(0).dtype;
  if (!c.type(0).ranked) {
    c.set(0, dtype, {c.fresh_dim(), c.fresh_dim(), c.fresh_dim(), c.fresh_dim()});
    return {};
  }
  const Shape& x = c.shape(0);
  INGOT_RETURN_IF_ERROR(expect_divisible(x[2], b, "height"));
  INGOT_RETURN_IF_ERROR(expect_divisible(x[3], b, "width"));
  c.set(0, dtype, {x[0], x[1] * b * b, floor_div(x[2], b), floor_div(x[3], b)});
  return {};
}

// Both move between deep [n, blocks and depth, h, w] and wide [n, depth, h * b, w * b]; walked as [n, depth,
// h, block row, w, block column].
Status move(const Attrs& attrs, const TensorView& deep, const TensorView& wide, bool to_wide) {
  const int64_t b = attrs.get_int("blocksize"), depth = wide.dims[1], h = deep.dims[2], w = deep.dims[3];
  const Dims shape{wide.dims[0], depth, h, b, w, b};
  const int64_t plane = h * w, channels = depth * b * b * plane;
  const Dims in_deep = attrs.get_string("mode", "DCR") == "DCR"
                           ? Dims{channels, plane, w, b * depth * plane, 1, depth * plane}
                           : Dims{channels, b * b * plane, w, b * plane, 1, plane};
  const Dims in_wide = dense_strides(shape);
  const int64_t size = bit_width(deep.dtype) / 8;
  if (to_wide)
    copy_strided(wide.data, in_wide, deep.data, in_deep, shape, size);
  else
    copy_strided(deep.data, in_deep, wide.data, in_wide, shape, size);
  return {};
}

Status eval_to_space(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_to_space));
  return move(c.attrs, c.input(0), y, true);
}

Status eval_to_depth(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_to_depth));
  return move(c.attrs, y, c.input(0), false);
}

std::vector<OpCase> cases_to_space() {
  return {{"dcr", {{"blocksize", int64_t{2}}}, {random_input({2, 12, 3, 5})}},
          {"crd", {{"blocksize", int64_t{2}}, {"mode", std::string("CRD")}}, {random_input({1, 8, 2, 3})}}};
}

std::vector<OpCase> cases_to_depth() {
  return {{"block2", {{"blocksize", int64_t{2}}}, {random_input({2, 3, 4, 6})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_DepthToSpace() {
  static const OpDef op{"DepthToSpace",
                        1,
                        1,
                        1,
                        1,
                        {required<int64_t>("blocksize"), optional<std::string>("mode", "DCR")},
                        ops::infer_to_space,
                        ops::eval_to_space,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_DepthToSpace() { return ops::cases_to_space(); }

const OpDef& op_SpaceToDepth() {
  static const OpDef op{"SpaceToDepth",
                        1,
                        1,
                        1,
                        1,
                        {required<int64_t>("blocksize"), optional<std::string>("mode", "DCR")},
                        ops::infer_to_depth,
                        ops::eval_to_depth,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_SpaceToDepth() { return ops::cases_to_depth(); }

}  // namespace ingot
