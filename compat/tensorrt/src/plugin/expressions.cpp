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
  std::string made = text();
  int64_t value;
  if (number(made, value)) return make(made);
  return make(made, "#" + std::to_string(static_cast<int32_t>(operation)) + ' ' + expression(left).formula() +
                        ' ' + expression(right).formula());
}

#if NV_TENSORRT_MAJOR >= 10
const nvinfer1::IDimensionExpr* Expressions::declareSizeTensor(int32_t output,
                                                               const nvinfer1::IDimensionExpr&,
                                                               const nvinfer1::IDimensionExpr& most) {
  const Expression& e = expression(most);
  return make(e.text(), "$" + std::to_string(output) + ' ' + e.formula(), output);
}
#endif

nvinfer1::DimsExprs Expressions::dims(const std::vector<std::string>& texts) {
  nvinfer1::DimsExprs out{};
  out.nbDims = static_cast<int32_t>(std::min<size_t>(texts.size(), nvinfer1::Dims::MAX_DIMS));
  for (int32_t i = 0; i < out.nbDims; ++i) out.d[i] = make(texts[static_cast<size_t>(i)]);
  return out;
}

nvinfer1::DimsExprs Expressions::input_dims(int32_t i, const nvinfer1::Dims& dims) {
  nvinfer1::DimsExprs out{};
  out.nbDims = dims.nbDims;
  for (int32_t d = 0; d < dims.nbDims; ++d) {
    const std::string at = std::to_string(i) + '.' + std::to_string(d);
    out.d[d] = dims.d[d] >= 0 ? make(std::to_string(dims.d[d])) : make("s" + at, "@" + at);
  }
  return out;
}

const nvinfer1::IDimensionExpr* Expressions::evaluate(std::string_view formula,
                                                      const std::vector<nvinfer1::DimsExprs>& inputs) {
  std::istringstream words{std::string(formula)};
  return next(words, inputs);
}

const nvinfer1::IDimensionExpr* Expressions::next(std::istringstream& formula,
                                                  const std::vector<nvinfer1::DimsExprs>& inputs) {
  std::string word;
  if (!(formula >> word)) return nullptr;
  int64_t value;
  if (number(word, value)) return make(word);
  int32_t first = 0, second = 0;
  char point = 0;
  std::istringstream rest(word.substr(1));
  if (!(rest >> first)) return nullptr;
  switch (word[0]) {
    case '@':
      if (!(rest >> point >> second) || first < 0 || static_cast<size_t>(first) >= inputs.size())
        return nullptr;
      return second < 0 || second >= inputs[static_cast<size_t>(first)].nbDims
                 ? nullptr
                 : inputs[static_cast<size_t>(first)].d[second];
    case '#': {
      const auto* a = next(formula, inputs);
      const auto* b = next(formula, inputs);
      return a == nullptr || b == nullptr
                 ? nullptr
                 : operation(static_cast<nvinfer1::DimensionOperation>(first), *a, *b);
    }
#if NV_TENSORRT_MAJOR >= 10
    case '$': {
      const auto* most = next(formula, inputs);
      return most == nullptr ? nullptr : declareSizeTensor(first, *most, *most);
    }
#endif
    default:
      return nullptr;
  }
}

}  // namespace ingot::tensorrt
