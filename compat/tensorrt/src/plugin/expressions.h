// IExprBuilder and IDimensionExpr: dims in which plugins say the shapes of their outputs, as Ingot's texts.
#pragma once

#include <deque>
#include <string>

#include "convert.h"
#include "unsupported.h"

namespace ingot::tensorrt {

class Expression final : public nvinfer1::IDimensionExpr, public Unsupported<nvinfer1::apiv::VDimensionExpr> {
 public:
  /// `text` is a number, an expression over symbols, or "?" (known after a run).
  explicit Expression(std::string text, int32_t size_output = -1)
      : text_(std::move(text)), size_output_(size_output) {
    mImpl = this;
  }
  bool isConstant() const override;
  Extent getConstantValue() const override;
#if NV_TENSORRT_MAJOR >= 10
  bool isSizeTensor() const override { return size_output_ >= 0; }
#endif
  const std::string& text() const { return text_; }
  /// The output whose element tells this size; -1: none.
  int32_t size_output() const { return size_output_; }

 private:
  std::string text_;
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

 private:
  const Expression* make(std::string text, int32_t size_output = -1) {
    return &made_.emplace_back(std::move(text), size_output);
  }
  std::deque<Expression> made_;
};

inline const Expression& expression(const nvinfer1::IDimensionExpr& e) {
  return static_cast<const Expression&>(e);
}

}  // namespace ingot::tensorrt
