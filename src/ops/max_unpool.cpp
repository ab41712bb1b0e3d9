// MaxUnpool: puts the maxima of a MaxPool back where they came from, zeros elsewhere.
// https://onnx.ai/onnx/operators/onnx__MaxUnpool.html (version 22)
#include "ops/common.h"
#include "ops/wide.h"
#include "ops/window.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 3, 5));
  const TensorType& x = c.type(0);
  if (!x.ranked) return infer_same(c);
  if (c.type(1).is_static() && x.is_static() && c.shape(1) != x.shape)
    return invalid_argument("I has shape ", to_string(c.shape(1)), ", expected that of X, ",
                            to_string(x.shape));
  if (c.has(2)) {
    const auto shape = known_ints(c, 2);
    if (!shape) {
      Shape y;
      for (int i = 0; i < x.rank(); ++i) y.push_back(c.fresh_dim());
      c.set(0, x.dtype, std::move(y));
      return {};
    }
    if (static_cast<int>(shape->size()) != x.rank())
      return invalid_argument("output_shape has ", shape->size(), " values, expected ", x.rank());
    INGOT_RETURN_IF_ERROR(check_dims(to_shape(*shape)));
    c.set(0, x.dtype, to_shape(*shape));
    return {};
  }
  const Ints kernel = c.attrs.get_ints("kernel_shape");
  INGOT_ASSIGN_OR_RETURN(Window window, Window::read(c.attrs, x.rank() - 2));
  INGOT_RETURN_IF_ERROR(window.set_kernel(kernel));
  Shape y = {x.shape[0], x.shape[1]};
  for (size_t i = 0; i < kernel.size(); ++i) {
    const WindowAxis& a = window.axes[i];
    y.push_back((x.shape[i + 2] - 1) * Dim(a.stride) + Dim(a.kernel - a.pad_begin - a.pad_end));
  }
  INGOT_RETURN_IF_ERROR(check_dims(y));
  c.set(0, x.dtype, std::move(y));
  return {};
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  // The indices count in the tensor that was pooled; with an explicit output_shape that is the shape without
  // it.
  Dims pooled = y.dims;
  if (c.has(2)) {
    const Ints kernel = c.attrs.get_ints("kernel_shape");
    INGOT_ASSIGN_OR_RETURN(Window window, Window::read(c.attrs, x.rank() - 2));
    INGOT_RETURN_IF_ERROR(window.set_kernel(kernel));
    for (size_t i = 0; i < kernel.size(); ++i) {
      const WindowAxis& a = window.axes[i];
      pooled[i + 2] = (x.dims[i + 2] - 1) * a.stride + a.kernel - a.pad_begin - a.pad_end;
    }
  }
  const std::vector<double> source = load_all<double>(x);
  const auto indices = c.input(1).span<const int64_t>();
  std::vector<double> result(static_cast<size_t>(y.size()));
  for (size_t i = 0; i < source.size(); ++i) {
    int64_t left = indices[i], at = 0, step = 1;
    bool inside = left >= 0;
    for (size_t d = pooled.size(); d-- > 0 && inside;) {
      const int64_t size = pooled[d];
      inside = size > 0 && left % size < y.dims[d];
      if (!inside) break;
      at += left % size * step;
      left /= size;
      step *= y.dims[d];
    }
    if (!inside || left != 0)
      return invalid_argument("index ", indices[i], " is out of range for the output ", y.type_string());
    result[static_cast<size_t>(at)] = source[i];
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> cases() {
  const Tensor indices = Tensor::vector_i64(Ints{5, 7, 13, 15}).reshaped({1, 1, 2, 2});
  return {{"2x2",
           {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}},
           {random_input({1, 1, 2, 2}), constant_input(indices)}},
          {"output_shape",
           {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}},
           {random_input({1, 1, 2, 2}), constant_input(indices), ints_input({1, 1, 5, 5})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_MaxUnpool() {
  static const OpDef op{
      "MaxUnpool",
      2,
      3,
      1,
      1,
      {required<Ints>("kernel_shape"), optional<Ints>("pads", {}), optional<Ints>("strides", {})},
      ops::infer,
      ops::eval,
      nullptr};
  return op;
}

std::vector<OpCase> cases_MaxUnpool() { return ops::cases(); }

}  // namespace ingot
