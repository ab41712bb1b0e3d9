// Candidates for pointwise ops that a vector program of floats cannot hold: integers, comparisons, logic,
// Where and Cast.
#include "backends/cpu/kernels/pointwise/typed.h"

#include <algorithm>

#include "backends/cpu/compile/family.h"
#include "ops/types.h"

namespace ingot::cpu {
namespace {

// `left` is the first operand where the op has one only: -x is 0 - x, not x is x = 0.
struct Binary {
  std::string_view op;
  TypedOp kernel;
  bool unary = false;
};
constexpr Binary kBinary[] = {{"Add", TypedOp::kAdd},
                              {"And", TypedOp::kAnd},
                              {"BitwiseAnd", TypedOp::kAnd},
                              {"BitwiseOr", TypedOp::kOr},
                              {"BitwiseXor", TypedOp::kXor},
                              {"Div", TypedOp::kDiv},
                              {"Equal", TypedOp::kEqual},
                              {"Greater", TypedOp::kGreater},
                              {"GreaterOrEqual", TypedOp::kGreaterEqual},
                              {"Less", TypedOp::kLess},
                              {"LessOrEqual", TypedOp::kLessEqual},
                              {"Max", TypedOp::kMax},
                              {"Min", TypedOp::kMin},
                              {"Mod", TypedOp::kMod},
                              {"Mul", TypedOp::kMul},
                              {"Neg", TypedOp::kSub, true},
                              {"Not", TypedOp::kEqual, true},
                              {"Or", TypedOp::kOr},
                              {"Sub", TypedOp::kSub},
                              {"Xor", TypedOp::kXor}};

bool ranked(const Node& node) {
  return std::all_of(node.inputs().begin(), node.inputs().end(),
                     [](const Value* v) { return v->type().ranked; });
}

}  // namespace

LayoutRule typed_rule(const Request&) { return LayoutRule::kPlain; }

void typed_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const DataType type = node.input(0)->dtype();
  const std::string kernel = str(node.op().name, "_", data_type_name(type));
  const auto* op = std::find_if(std::begin(kBinary), std::end(kBinary),
                                [&](const Binary& b) { return b.op == node.op().name; });
  const bool negated_float = node.is("Neg") && is_float(type);  // 0 - 0 is not -0
  if (!ranked(node) || node.inputs().size() != (op->unary ? 1u : 2u) ||
      !typed_binary_supported(op->kernel, type) || negated_float || node.attrs().get_int("fmod") != 0)
    return offer.skipped.push_back({kernel, "there is no loop for this type and number of operands"});
  Candidate c = candidate_for(node, "typed", kernel, Layout::kPlain);
  c.args.set("function", static_cast<int64_t>(op->kernel));
  c.args.set("unary", int64_t{op->unary});
  offer.candidates.push_back(std::move(c));
}

LayoutRule where_rule(const Request&) { return LayoutRule::kPlain; }

void where_offer(const Request& r, Offer& offer) {
  const int width = bit_width(r.node.output()->dtype());
  if (!ranked(r.node) || width < 8 || width > 64)
    return offer.skipped.push_back({"where", "an operand has no known rank, or elements of half a byte"});
  offer.candidates.push_back(candidate_for(r.node, "where", "where", Layout::kPlain));
}

LayoutRule cast_rule(const Request&) { return LayoutRule::kPlain; }

void cast_offer(const Request& r, Offer& offer) {
  const DataType from = r.node.input(0)->dtype(), to = r.node.output()->dtype();
  const std::string kernel = str("cast_", data_type_name(from), "_", data_type_name(to));
  if (!cast_supported(from, to) || !r.node.input(0)->type().ranked)
    return offer.skipped.push_back({kernel, "there is no loop for these types, or the rank is not known"});
  offer.candidates.push_back(candidate_for(r.node, "cast", kernel, Layout::kPlain));
}

}  // namespace ingot::cpu
