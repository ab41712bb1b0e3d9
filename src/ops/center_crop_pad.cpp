// CenterCropPad: the middle of the input, cut or filled up with zeros to the sizes that are asked for.
// https://onnx.ai/onnx/operators/onnx__CenterCropPad.html (version 18)
#include <cstring>

#include "ops/common.h"

namespace ingot::ops {
namespace {

Result<std::vector<int>> axes_of(const Attrs& attrs, int rank) {
  if (attrs.has("axes")) return normalize_axes(attrs.get_ints("axes"), rank);
  Ints all;
  for (int i = 0; i < rank; ++i) all.push_back(i);
  return normalize_axes(all, rank);
}

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kIndices));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 1, 1));
  if (!c.type(0).ranked) {
    c.set_unranked(0, c.type(0).dtype);
    return {};
  }
  Shape y = c.shape(0);
  const Ints axes = c.attrs.get_ints("axes");
  INGOT_ASSIGN_OR_RETURN(const std::vector<int> sorted, axes_of(c.attrs, static_cast<int>(y.size())));
  const auto sizes = contents_of(c, 1);
  if (sizes && sizes->size() != sorted.size())
    return invalid_argument("shape has ", sizes->size(), " values for ", sorted.size(), " axes");
  for (size_t k = 0; k < sorted.size(); ++k) {
    INGOT_ASSIGN_OR_RETURN(const int axis,
                           normalize_axis(axes.empty() ? sorted[k] : axes[k], static_cast<int>(y.size())));
    y[static_cast<size_t>(axis)] = sizes ? (*sizes)[k] : c.fresh_dim();
  }
  INGOT_RETURN_IF_ERROR(check_dims(y));
  c.set(0, c.type(0).dtype, std::move(y));
  return {};
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const size_t element = static_cast<size_t>(bit_width(x.dtype)) / 8, rank = x.dims.size();
  auto* to = static_cast<char*>(y.data);
  const auto* from = static_cast<const char*>(x.data);
  std::memset(to, 0, y.bytes());
  if (x.size() == 0 || y.size() == 0) return {};
  Dims index(rank, 0);  // in the output
  for (int64_t i = 0; i < y.size(); ++i) {
    int64_t source = 0;
    bool inside = true;
    for (size_t d = 0; d < rank; ++d) {
      const int64_t in = x.dims[d], out = y.dims[d];
      const int64_t at = index[d] + (in > out ? (in - out) / 2 : -((out - in) / 2));
      inside &= at >= 0 && at < in;
      source = source * in + at;
    }
    if (inside)
      std::memcpy(to + static_cast<size_t>(i) * element, from + static_cast<size_t>(source) * element,
                  element);
    for (size_t d = rank; d-- > 0;) {
      if (++index[d] < y.dims[d]) break;
      index[d] = 0;
    }
  }
  return {};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_CenterCropPad() {
  static const OpDef op{"CenterCropPad",           2,          2,         1,      1,
                        {absent_or<Ints>("axes")}, ops::infer, ops::eval, nullptr};
  return op;
}

std::vector<OpCase> cases_CenterCropPad() {
  using namespace ops;
  return {{"both", {}, {random_input({7, 4, 3}), ints_input({4, 7, 3})}},
          {"axes", {{"axes", Ints{-1, 1}}}, {random_input({2, 5, 3, 4}), ints_input({3, 2})}},
          {"type", {}, {random_input({3, 2}, -9, 9, DataType::kI32), ints_input({2, 5})}}};
}

}  // namespace ingot
