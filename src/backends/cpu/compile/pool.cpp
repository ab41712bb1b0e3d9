// Candidates for MaxPool, AveragePool, GlobalMaxPool and GlobalAveragePool.
#include "backends/cpu/compile/family.h"

namespace ingot::cpu {
namespace {

bool wants_indices(const Node& node) { return node.outputs().size() > 1 && node.output(1) != nullptr; }

}  // namespace

LayoutRule pool_rule(const Request& r) {
  const Value* x = r.node.input(0);
  return is_f32(x) && !wants_indices(r.node) && x->type().rank() >= 3 && x->type().rank() <= 4
             ? LayoutRule::kFollow
             : LayoutRule::kPlain;
}

void pool_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str(node.op().name, "_f32__", isa_name(r.isa));
  const Value* x = node.input(0);
  const auto skip = [&](std::string why) { offer.skipped.push_back({kernel, std::move(why)}); };
  if (!is_f32(x) || x->type().rank() < 3 || x->type().rank() > 4)
    return skip("the input is not f32 with one or two spatial dims");
  Candidate c = candidate_for(node, "pool", kernel, r.layout);
  c.args = node.attrs();
  c.args.set("kind", std::string(node.op().name.find("Max") != std::string_view::npos ? "max" : "average"));
  if (node.op().name.starts_with("Global")) c.args.set("global", int64_t{1});
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
