// Candidates for TopK, NonZero and NonMaxSuppression: the run tells the sizes of their results.
#include "backends/cpu/compile/family.h"
#include "backends/cpu/kernels/select/top_k.h"

namespace ingot::cpu {
namespace {

void offer_plain(const Request& r, const char* op, std::string kernel, Offer& offer) {
  Candidate c = candidate_for(r.node, op, std::move(kernel), Layout::kPlain);
  c.args = r.node.attrs();
  c.sizes_outputs = true;
  offer.candidates.push_back(std::move(c));
}

}  // namespace

LayoutRule top_k_rule(const Request&) { return LayoutRule::kPlain; }
void top_k_offer(const Request& r, Offer& offer) {
  if (!r.node.input(0)->type().ranked || !top_k_supported(r.node.input(0)->dtype()))
    return offer.skipped.push_back({"top_k", "the input has no known rank, or elements of another type"});
  offer_plain(r, "top_k", "top_k", offer);
}

LayoutRule nonzero_rule(const Request&) { return LayoutRule::kPlain; }
void nonzero_offer(const Request& r, Offer& offer) {
  const TensorType& x = r.node.input(0)->type();
  if (!x.ranked || bit_width(x.dtype) < 8 || bit_width(x.dtype) > 64)
    return offer.skipped.push_back({"nonzero", "the input has no known rank, or elements of half a byte"});
  offer_plain(r, "nonzero", "nonzero", offer);
}

LayoutRule suppress_rule(const Request&) { return LayoutRule::kPlain; }
void suppress_offer(const Request& r, Offer& offer) {
  offer_plain(r, "suppress", str("suppress_f32__", isa_name(r.isa)), offer);
}

}  // namespace ingot::cpu
