// Candidates for Concat, Split and Slice along one axis.
#include <algorithm>

#include "backends/cpu/compile/family.h"
#include "target/cut.h"

namespace ingot::cpu {
namespace {

bool bytes_wide(const Value& v) { return v.type().ranked && bit_width(v.dtype()) % 8 == 0; }

// The axis that the op works along, or -1.
int64_t axis_of(const Node& node) {
  const int64_t rank = node.output()->type().rank();
  const int64_t axis = node.attrs().get_int("axis", 0);
  return axis < 0 ? axis + rank : axis;
}

// Blocked channels are cut at whole blocks.
bool whole_blocks(const Dim& channels, int block) {
  return channels.is_const() && channels.value() % block == 0;
}

}  // namespace

LayoutRule concat_rule(const Request& r) {
  const Node& node = r.node;
  if (!is_f32(node.output()) || node.output()->type().rank() < 3) return LayoutRule::kPlain;
  const int64_t axis = axis_of(node);
  if (axis == 0) return LayoutRule::kFollow;
  for (size_t i = 0; i < node.inputs().size(); ++i) {
    const Value* v = node.inputs()[i];
    if (!is_f32(v) || v->is_constant()) return LayoutRule::kPlain;
    if (axis == 1 && i + 1 < node.inputs().size() && !whole_blocks(v->shape()[1], block_of(r.isa)))
      return LayoutRule::kPlain;
  }
  return LayoutRule::kFollow;
}

void concat_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  if (!bytes_wide(*node.output()) ||
      !std::all_of(node.inputs().begin(), node.inputs().end(), [](const Value* v) { return bytes_wide(*v); }))
    return offer.skipped.push_back({"concat", "a part has no known rank, or elements of half a byte"});
  Candidate c = candidate_for(node, "concat", "concat", r.layout);
  c.args.set("axis", axis_of(node));
  offer.candidates.push_back(std::move(c));
}

LayoutRule slice_rule(const Request& r) {
  const Node& node = r.node;
  const auto cut = cut_of(node);
  if (!cut || !is_f32(node.input(0)) || node.input(0)->type().rank() < 3) return LayoutRule::kPlain;
  if (cut->axis == 1)
    for (int64_t start : cut->starts)
      if (start % block_of(r.isa) != 0) return LayoutRule::kPlain;
  return LayoutRule::kFollow;
}

void slice_offer(const Request& r, Offer& offer) {
  const auto cut = cut_of(r.node);
  if (!cut) {
    offer.skipped.push_back({"slice", "it is not a cut along one axis at fixed places with step 1"});
    if (!r.node.is("Slice") || !bytes_wide(*r.node.input(0))) return;
    Candidate c = candidate_for(r.node, "strided_slice", "strided_slice", Layout::kPlain);
    c.sizes_outputs = true;
    return offer.candidates.push_back(std::move(c));
  }
  Candidate c = candidate_for(r.node, "slice", "slice", r.layout);
  for (size_t i = 1; i < c.inputs.size(); ++i) c.inputs[i] = Layout::kPlain;
  c.args.set("axis", cut->axis);
  c.args.set("starts", cut->starts);
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
