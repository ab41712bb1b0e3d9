// Candidates for ConstantOfShape, Range, OneHot, CumSum and Trilu.
#include "backends/cpu/kernels/create/create.h"

#include "backends/cpu/compile/family.h"

namespace ingot::cpu {

LayoutRule create_rule(const Request&) { return LayoutRule::kPlain; }

void create_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const bool sum = node.is("CumSum");
  const char* op = sum                          ? "running_sum"
                   : node.is("ConstantOfShape") ? "fill"
                   : node.is("Range")           ? "range"
                   : node.is("OneHot")          ? "one_hot"
                                                : "triangle";
  const auto skip = [&](const char* why) { offer.skipped.push_back({op, why}); };
  const DataType type = node.output()->dtype();
  const auto integer = [&](size_t i) {
    const Value* v = node.input(i);
    return v == nullptr || v->dtype() == DataType::kI64 || v->dtype() == DataType::kI32;
  };
  for (const Value* v : node.inputs())
    if (v != nullptr && !v->type().ranked) return skip("an operand has no known rank");
  if (bit_width(type) < 8 || bit_width(type) > 64) return skip("elements of half a byte");
  if ((sum || node.is("Range")) && !range_supported(type)) return skip("no loop for this type");
  if (node.is("OneHot") && !(integer(0) && integer(1))) return skip("indices or depth are no integers");
  Candidate c = candidate_for(node, op, op, Layout::kPlain);
  c.args = node.attrs();
  c.sizes_outputs = !sum && !node.is("Trilu");
  if (sum) c.inplace = {0};
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
