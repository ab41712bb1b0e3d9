// Candidates for MultiHeadAttention.
#include "backends/cpu/compile/family.h"

namespace ingot::cpu {

LayoutRule attention_rule(const Request&) { return LayoutRule::kPlain; }

void attention_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str("attention_f32__", isa_name(r.isa));
  const auto skip = [&](const char* why) { offer.skipped.push_back({kernel, why}); };
  for (size_t i = 0; i < 3; ++i)
    if (!is_f32(node.input(i))) return skip("an operand is not a ranked f32 tensor");
  const Shape &q = node.input(0)->shape(), &k = node.input(1)->shape();
  if (node.attrs().get_int("causal") != 0 && !(q[1] == k[1]))
    return skip("a causal product has other numbers of queries and keys");
  if (const Value* mask = node.input(3)) {
    if (!is_f32(mask) || mask->type().rank() > 4 || mask->type().rank() < 1)
      return skip("the mask is not a ranked f32 tensor");
    if (!(mask->shape().back() == k[1])) return skip("the mask broadcasts over the keys");
  }
  Candidate c = candidate_for(node, "attention", kernel, Layout::kPlain);
  c.args = node.attrs();
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
