// Candidates for the reductions, ArgMax and ArgMin.
#include "backends/cpu/compile/family.h"

namespace ingot::cpu {

LayoutRule reduce_rule(const Request&) { return LayoutRule::kPlain; }

void reduce_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str(node.op().name, "_f32__", isa_name(r.isa));
  const auto skip = [&](const char* why) { offer.skipped.push_back({kernel, why}); };
  if (!is_f32(node.input(0))) return skip("the input is not a ranked f32 tensor");
  const int rank = node.input(0)->type().rank();
  Candidate c = candidate_for(node, "reduce", kernel, Layout::kPlain);
  c.args.set("reduce", std::string(node.op().name));
  if (node.op().name.starts_with("Arg")) {
    c.args.set("axis", node.attrs().get_int("axis"));
    c.args.set("select_last_index", node.attrs().get_int("select_last_index"));
    offer.candidates.push_back(std::move(c));
    return;
  }
  Ints axes;
  if (const Value* given = node.input(1)) {
    if (!given->is_constant()) return skip("the axes are not constant");
    for (int64_t axis : to_int64s(given->constant().view())) axes.push_back(axis < 0 ? axis + rank : axis);
  }
  if (axes.empty()) {
    if (node.attrs().get_int("noop_with_empty_axes") != 0) return skip("no axis is reduced");
    for (int axis = 0; axis < rank; ++axis) axes.push_back(axis);
  }
  c.args.set("axes", std::move(axes));
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
