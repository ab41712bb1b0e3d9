// What Conv, ConvInteger and QLinearConv share: shape inference and the loops.
#pragma once

#include "ops/op.h"
#include "ops/window.h"

namespace ingot::ops {

std::vector<AttrSpec> conv_attrs();

/// The output shape of X [N, C, spatial...] and W [M, C / group, kernel...]; unranked when one of them is.
Result<TensorType> infer_conv(const Attrs& attrs, const TensorType& x, const TensorType& w);

/// A convolution of concrete sizes with three spatial axes.
struct ConvProblem {
  int64_t batch, channels, filters, group;
  Dims in, out;  // spatial sizes
  Window window;

  /// For dims that infer_conv has accepted.
  static Result<ConvProblem> make(const Attrs& attrs, const Dims& x, const Dims& w);
  /// x, w and the result as row-major doubles; pads count as zero.
  std::vector<double> run(std::span<const double> x, std::span<const double> w) const;
};

/// The spatial sizes of a transposed convolution's result for X and W of these dims; sets the window, whose
/// pads are those to cut off.
Result<Dims> transposed_conv_sizes(const Attrs& attrs, const Dims& x, const Dims& w, Window& window);

/// Multiply-adds count two.
double conv_flops(const TensorView& w, const TensorView& y);

/// An evaluation inside of another op's: it holds its one output.
class ConvEval final : public EvalContext {
 public:
  using EvalContext::EvalContext;
  Result<TensorView> output(size_t, DataType dtype, const Dims& dims) override {
    INGOT_ASSIGN_OR_RETURN(result, Tensor::allocate(dtype, dims));
    return result.view();
  }
  Tensor result;
};

}  // namespace ingot::ops
