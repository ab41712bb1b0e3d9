// Candidates for Pointwise: one vector program over the tensor, in either layout.
#include "backends/cpu/compile/channels.h"

namespace ingot::cpu {
namespace {

bool can_block(const Request& r) {
  if (!is_f32(r.node.output()) || r.node.output()->type().rank() < 3) return false;
  Candidate c = candidate_for(r.node, "", "", Layout::kBlocked);
  return blocked_operands(r, 0, c).has_value();
}

}  // namespace

LayoutRule pointwise_rule(const Request& r) {
  return can_block(r) ? LayoutRule::kFollow : LayoutRule::kPlain;
}

void pointwise_offer(const Request& r, Offer& offer) {
  const std::string kernel = str("pointwise_f32__", isa_name(r.isa));
  if (!is_f32(r.node.output())) {
    offer.skipped.push_back({kernel, "the result is not a ranked f32 tensor"});
    return;
  }
  Candidate c = candidate_for(r.node, "pointwise", kernel, r.layout);
  c.args.set("program", r.node.attrs().get_string("program"));
  if (r.layout == Layout::kBlocked) {
    if (auto channels = blocked_operands(r, 0, c))
      c.args.set("channels", std::move(*channels));
    else
      return offer.skipped.push_back({kernel, "an operand cannot be read beside a blocked tensor"});
  }
  for (size_t i = 0; i < r.node.inputs().size(); ++i) {
    const Value* v = r.node.inputs()[i];
    if (!v->is_constant() && v->shape() == r.node.output()->shape() && c.inputs[i] == r.layout)
      c.inplace.push_back(static_cast<int32_t>(i));
  }
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
