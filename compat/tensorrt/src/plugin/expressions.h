// IExprBuilder and IDimensionExpr: dims in which plugins say the shapes of their outputs, as Ingot's texts.
#pragma once

#include <deque>
#include <sstream>
#include <string>

#include "convert.h"
#include "unsupported.h"

namespace ingot::tensorrt {

class Expression final : public nvinfer1::IDimensionExpr, public Unsupported<nvinfer1::apiv::VDimensionExpr> {
 public:
  /// `text` is a number, an expression over symbols, or "?" (known after a run).
  Expression(std::string text, std::string formula, int32_t size_output)
      : text_(std::move(text)), formula_(std::move(formula)), size_output_(size_output) {
    mImpl = this;
  }
  bool isConstant() const override;
  Extent getConstantValue() const override;
#if NV_TENSORRT_MAJOR >= 10
  bool isSizeTensor() const override { return size_output_ >= 0; }
#endif
  const std::string& text() const { return text_; }
  /// For `Expressions::evaluate`: a number, "@i.d" (dim d of input i), "#o A B" (an operation on two
  /// formulas) or
  /// "$i A" (what output i tells, at most A).
  const std::string& formula() const { return formula_; }
  /// The output whose element tells this size; -1: none.
  int32_t size_output() const { return size_output_; }

 private:
  std::string text_, formula_;
  int32_t size_output_;
};

/// Owns what it makes.
class Expressions final : public nvinfer1::IExprBuilder, public Unsupported<nvinfer1::apiv::VExprBuilder> {
 public:
  Expressions() { mImpl = this; }
  const nvinfer1::IDimensionExpr* constant(Extent value) override { return make(std::to_string(value)); }
  const nvinfer1::IDimensionExpr* operation(nvinfer1::DimensionOperation operation,
                                            const nvinfer1::IDimensionExpr& a,
                                            const nvinfer1::IDimensionExpr& b) override;
#if NV_TENSORRT_MAJOR >= 10
  /// The upper bound's text; its output tells the size after the run.
  const nvinfer1::IDimensionExpr* declareSizeTensor(int32_t output, const nvinfer1::IDimensionExpr& usual,
                                                    const nvinfer1::IDimensionExpr& most) override;
#endif
  nvinfer1::DimsExprs dims(const std::vector<std::string>& texts);
  /// Of input i, as formulas; what is open is -1.
  nvinfer1::DimsExprs input_dims(int32_t i, const nvinfer1::Dims& dims);
  /// What a formula is for these inputs; null: it is damaged.
  const nvinfer1::IDimensionExpr* evaluate(std::string_view formula,
                                           const std::vector<nvinfer1::DimsExprs>& inputs);

 private:
  const Expression* make(std::string text, std::string formula = "", int32_t size_output = -1) {
    return &made_.emplace_back(text, formula.empty() ? text : formula, size_output);
  }
  const nvinfer1::IDimensionExpr* next(std::istringstream& formula,
                                       const std::vector<nvinfer1::DimsExprs>& inputs);
  std::deque<Expression> made_;
};

inline const Expression& expression(const nvinfer1::IDimensionExpr& e) {
  return static_cast<const Expression&>(e);
}

}  // namespace ingot::tensorrt
