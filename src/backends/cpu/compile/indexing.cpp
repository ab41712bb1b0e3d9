// Candidates for GatherElements, GatherND, ScatterElements and ScatterND: any element type of whole bytes.
#include "backends/cpu/compile/family.h"

namespace ingot::cpu {

LayoutRule indexing_rule(const Request&) { return LayoutRule::kPlain; }

void indexing_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const bool scatter = node.op().name.starts_with("Scatter");
  const char* op = node.is("GatherND")         ? "gather_nd"
                   : node.is("GatherElements") ? "gather_elements"
                   : node.is("ScatterND")      ? "scatter_nd"
                                               : "scatter_elements";
  const auto skip = [&](const char* why) { offer.skipped.push_back({op, why}); };
  const TensorType& x = node.input(0)->type();
  for (const Value* v : node.inputs())
    if (!v->type().ranked) return skip("an operand has no known rank");
  if (bit_width(x.dtype) < 8 || bit_width(x.dtype) > 64) return skip("elements of half a byte");
  if (scatter && node.attrs().get_string("reduction", "none") != "none" && x.dtype != DataType::kF32)
    return skip("updates are combined with elements that are not f32");
  Candidate c = candidate_for(node, op, op, Layout::kPlain);
  c.args = node.attrs();
  if (scatter) c.inplace = {0};
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
