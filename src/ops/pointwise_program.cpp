#include "ops/pointwise_program.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ops/broadcast.h"

namespace ingot::ops {

std::span<const PointwiseOpInfo> pointwise_ops() {
  static constexpr PointwiseOpInfo kOps[] = {
#define INGOT_POINTWISE(name, operands, flops, expression) {#name, operands, flops},
#include "ops/pointwise_instructions.inc"
#undef INGOT_POINTWISE
  };
  return kOps;
}

std::optional<PointwiseOp> find_pointwise_op(std::string_view name) {
  const auto ops = pointwise_ops();
  const auto it = std::find_if(ops.begin(), ops.end(), [&](const auto& o) { return o.name == name; });
  if (it == ops.end()) return std::nullopt;
  return static_cast<PointwiseOp>(it - ops.begin());
}

namespace {

std::string_view strip(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// Takes the text before the next `separator` off the front of `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view head = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return strip(head);
}

template <class T>
bool read_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<PointwiseOperand> read_operand(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const std::string_view number = text.substr(1);
  PointwiseOperand out;
  if (text[0] == '#') {
    if (!read_number(number, out.number)) return std::nullopt;
    return out;
  }
  if (text[0] != 'x' && text[0] != 't') return std::nullopt;
  out.kind = text[0] == 'x' ? PointwiseOperand::kInput : PointwiseOperand::kTemp;
  if (!read_number(number, out.index)) return std::nullopt;
  return out;
}

std::string operand_text(const PointwiseOperand& operand) {
  char buffer[40];
  buffer[0] = operand.kind == PointwiseOperand::kNumber  ? '#'
              : operand.kind == PointwiseOperand::kInput ? 'x'
                                                         : 't';
  const auto result = operand.kind == PointwiseOperand::kNumber
                          ? std::to_chars(buffer + 1, std::end(buffer), operand.number)
                          : std::to_chars(buffer + 1, std::end(buffer), operand.index);
  return {buffer, result.ptr};
}

}  // namespace

Result<PointwiseProgram> PointwiseProgram::parse(std::string_view text) {
  PointwiseProgram program;
  std::string_view rest = text;
  while (!strip(rest).empty()) {
    const std::string_view line = take(rest, ';');
    std::string_view words = line;
    const std::string_view name = take(words, ' ');
    const auto op = find_pointwise_op(name);
    if (!op) return invalid_argument("pointwise program: unknown instruction '", name, "'");
    PointwiseInstruction instruction{*op, {}};
    const int expected = info(*op).operands;
    int got = 0;
    while (!(words = strip(words)).empty()) {
      const std::string_view word = take(words, ' ');
      const auto operand = read_operand(word);
      if (!operand)
        return invalid_argument("pointwise program: '", word,
                                "' is no operand, expected x<i>, t<i> or #number");
      if (got < expected) instruction.operands[static_cast<size_t>(got)] = *operand;
      ++got;
    }
    if (got != expected)
      return invalid_argument("pointwise program: '", line, "' has ", got, " operands, expected ", expected);
    program.instructions.push_back(instruction);
    if (static_cast<int>(program.instructions.size()) > kMaxInstructions) break;
  }
  INGOT_RETURN_IF_ERROR(program.validate());
  return program;
}

std::string PointwiseProgram::to_string() const {
  std::string text;
  for (const PointwiseInstruction& in : instructions) {
    if (!text.empty()) text += "; ";
    text += info(in.op).name;
    for (int k = 0; k < info(in.op).operands; ++k)
      text += " " + operand_text(in.operands[static_cast<size_t>(k)]);
  }
  return text;
}

Status PointwiseProgram::validate(int num_inputs) const {
  if (instructions.empty()) return invalid_argument("pointwise program: no instructions");
  if (static_cast<int>(instructions.size()) > kMaxInstructions)
    return invalid_argument("pointwise program: more than ", kMaxInstructions, " instructions");
  for (size_t i = 0; i < instructions.size(); ++i) {
    for (int k = 0; k < info(instructions[i].op).operands; ++k) {
      const PointwiseOperand& o = instructions[i].operands[static_cast<size_t>(k)];
      const int limit =
          o.kind == PointwiseOperand::kInput ? std::min(num_inputs, kMaxInputs) : static_cast<int>(i);
      if (o.kind != PointwiseOperand::kNumber && (o.index < 0 || o.index >= limit))
        return invalid_argument("pointwise program: instruction ", i, " reads ", operand_text(o),
                                ", but only ", limit,
                                o.kind == PointwiseOperand::kInput ? " inputs" : " results", " are there");
    }
  }
  return {};
}

int PointwiseProgram::num_inputs() const {
  int count = 0;
  for (const PointwiseInstruction& in : instructions)
    for (int k = 0; k < info(in.op).operands; ++k)
      if (const auto& o = in.operands[static_cast<size_t>(k)]; o.kind == PointwiseOperand::kInput)
        count = std::max(count, o.index + 1);
  return count;
}

int PointwiseProgram::flops() const {
  int sum = 0;
  for (const PointwiseInstruction& in : instructions) sum += info(in.op).flops;
  return sum;
}

namespace {

double apply(PointwiseOp op, double a, double b, double c) {
  switch (op) {
#define INGOT_POINTWISE(name, operands, flops, expression) \
  case PointwiseOp::k_##name:                              \
    return expression;
#include "ops/pointwise_instructions.inc"
#undef INGOT_POINTWISE
  }
  return 0;
}

// Offsets of successive elements of a broadcast operand, in the row-major order of `dims`.
class BroadcastWalker {
 public:
  BroadcastWalker(const Dims& from, const Dims& dims)
      : dims_(dims), strides_(broadcast_strides(from, dims)), index_(dims.size(), 0) {}
  int64_t next() {
    const int64_t here = offset_;
    for (size_t d = dims_.size(); d-- > 0;) {
      offset_ += strides_[d];
      if (++index_[d] < dims_[d]) break;
      offset_ -= strides_[d] * dims_[d];
      index_[d] = 0;
    }
    return here;
  }

 private:
  const Dims& dims_;
  Dims strides_, index_;
  int64_t offset_ = 0;
};

// Calls fn(TypeTag<T>{}) for the types that a program can read and write.
template <class F>
bool dispatch_wide_float(DataType type, F&& fn) {
  switch (type) {
    case DataType::kF32:
      fn(TypeTag<float>{});
      return true;
    case DataType::kF16:
      fn(TypeTag<Half>{});
      return true;
    case DataType::kBF16:
      fn(TypeTag<BFloat16>{});
      return true;
    case DataType::kF64:
      fn(TypeTag<double>{});
      return true;
    default:
      return false;
  }
}

}  // namespace

double PointwiseProgram::evaluate(std::span<const double> inputs) const {
  std::array<double, kMaxInstructions> temps;
  double result = 0;
  for (size_t i = 0; i < instructions.size(); ++i) {
    double v[3] = {};
    for (size_t k = 0; k < static_cast<size_t>(info(instructions[i].op).operands); ++k) {
      const PointwiseOperand& o = instructions[i].operands[k];
      v[k] = o.kind == PointwiseOperand::kInput  ? inputs[static_cast<size_t>(o.index)]
             : o.kind == PointwiseOperand::kTemp ? temps[static_cast<size_t>(o.index)]
                                                 : static_cast<double>(o.number);
    }
    temps[i] = result = apply(instructions[i].op, v[0], v[1], v[2]);
  }
  return result;
}

Status PointwiseProgram::run(std::span<const TensorView> inputs, const TensorView& y) const {
  INGOT_RETURN_IF_ERROR(validate(static_cast<int>(inputs.size())));
  std::vector<BroadcastWalker> walkers;
  for (const TensorView& x : inputs) {
    INGOT_ASSIGN_OR_RETURN(const Dims together, broadcast(x.dims, y.dims));
    if (together != y.dims)
      return invalid_argument("an input of shape ", dims_to_string(x.dims), " does not broadcast to ",
                              dims_to_string(y.dims));
    if (x.dtype != y.dtype)
      return invalid_argument("inputs have types ", data_type_name(x.dtype), " and ", data_type_name(y.dtype),
                              ", expected one type");
    walkers.emplace_back(x.dims, y.dims);
  }
  const bool known = dispatch_wide_float(y.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::vector<double> values(inputs.size());
    T* out = y.as<T>();
    for (int64_t i = 0, count = y.size(); i < count; ++i) {
      for (size_t k = 0; k < inputs.size(); ++k)
        values[k] = static_cast<double>(inputs[k].as<const T>()[walkers[k].next()]);
      out[i] = static_cast<T>(evaluate(values));
    }
  });
  if (!known)
    return invalid_argument("a pointwise program works on f32, f64, f16 and bf16, got ",
                            data_type_name(y.dtype));
  return {};
}

}  // namespace ingot::ops
