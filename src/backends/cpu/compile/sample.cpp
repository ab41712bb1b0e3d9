// Candidates for GridSample and RoiAlign.
#include "backends/cpu/compile/family.h"

namespace ingot::cpu {
namespace {

void offer_sample(const Request& r, const char* op, const char* kernel, Offer& offer) {
  if (!is_f32(r.node.input(0)) || !is_f32(r.node.input(1)))
    return offer.skipped.push_back({kernel, "an operand is not a ranked f32 tensor"});
  Candidate c = candidate_for(r.node, op, kernel, Layout::kPlain);
  c.args = r.node.attrs();
  offer.candidates.push_back(std::move(c));
}

}  // namespace

LayoutRule grid_sample_rule(const Request& r) { return always_plain(r); }
LayoutRule roi_align_rule(const Request& r) { return always_plain(r); }

void grid_sample_offer(const Request& r, Offer& offer) {
  offer_sample(r, "grid_sample", "grid_sample_f32", offer);
}
void roi_align_offer(const Request& r, Offer& offer) { offer_sample(r, "roi_align", "roi_align_f32", offer); }

}  // namespace ingot::cpu
