#include "plugin/expressions.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace ingot::tensorrt {
namespace {

bool number(const std::string& text, int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [p, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && p == end;
}

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

}  // namespace

bool Expression::isConstant() const {
  int64_t value;
  return size_output_ < 0 && number(text_, value);
}

Extent Expression::getConstantValue() const {
  int64_t value = 0;
  return number(text_, value) ? static_cast<Extent>(value) : std::numeric_limits<Extent>::min();
}

const nvinfer1::IDimensionExpr* Expressions::operation(nvinfer1::DimensionOperation operation,
                                                       const nvinfer1::IDimensionExpr& left,
                                                       const nvinfer1::IDimensionExpr& right) {
  using Op = nvinfer1::DimensionOperation;
  const std::string &a = expression(left).text(), &b = expression(right).text();
  int64_t x, y;
  const bool both = number(a, x) && number(b, y);
  const auto text = [&]() -> std::string {
    const bool divides = operation == Op::kFLOOR_DIV || operation == Op::kCEIL_DIV;
    if (a == "?" || b == "?" || (both && divides && y == 0)) return "?";
    switch (operation) {
      case Op::kSUM:
        return both ? std::to_string(x + y) : "(" + a + ") + (" + b + ")";
      case Op::kPROD:
        return both ? std::to_string(x * y) : "(" + a + ") * (" + b + ")";
      case Op::kSUB:
        return both ? std::to_string(x - y) : "(" + a + ") - (" + b + ")";
      case Op::kMAX:
        return both ? std::to_string(std::max(x, y)) : "max(" + a + ", " + b + ")";
      case Op::kMIN:
        return both ? std::to_string(std::min(x, y)) : "min(" + a + ", " + b + ")";
      case Op::kFLOOR_DIV:
        return both ? std::to_string(floor_div(x, y)) : "floordiv(" + a + ", " + b + ")";
      case Op::kCEIL_DIV:
        return both ? std::to_string(-floor_div(-x, y)) : "0 - floordiv(0 - (" + a + "), " + b + ")";
      case Op::kEQUAL:
        return both ? std::to_string(x == y) : a == b ? "1" : "?";
      case Op::kLESS:
        return both ? std::to_string(x < y) : "?";
    }
    return "?";
  };
  return make(text());
}

#if NV_TENSORRT_MAJOR >= 10
const nvinfer1::IDimensionExpr* Expressions::declareSizeTensor(int32_t output,
                                                               const nvinfer1::IDimensionExpr&,
                                                               const nvinfer1::IDimensionExpr& most) {
  return make(expression(most).text(), output);
}
#endif

nvinfer1::DimsExprs Expressions::dims(const std::vector<std::string>& texts) {
  nvinfer1::DimsExprs out{};
  out.nbDims = static_cast<int32_t>(std::min<size_t>(texts.size(), nvinfer1::Dims::MAX_DIMS));
  for (int32_t i = 0; i < out.nbDims; ++i) out.d[i] = make(texts[static_cast<size_t>(i)]);
  return out;
}

}  // namespace ingot::tensorrt
