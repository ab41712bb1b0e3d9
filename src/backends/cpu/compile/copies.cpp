// Candidates for Concat, Split and Slice along one axis.
#include <algorithm>

#include "backends/cpu/compile/family.h"

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

struct Cut {
  int64_t axis = -1;
  Ints starts;
};

// Where the outputs of Split or Slice begin, when that is one axis, fixed places and step 1.
std::optional<Cut> cut_of(const Node& node) {
  if (!bytes_wide(*node.input(0))) return std::nullopt;
  const Shape& from = node.input(0)->shape();
  Cut cut;
  if (node.is("Split")) {
    cut.axis = node.attrs().get_int("axis", 0);
    if (cut.axis < 0) cut.axis += static_cast<int64_t>(from.size());
    int64_t at = 0;
    for (const Value* v : node.outputs()) {
      cut.starts.push_back(at);
      if (v == nullptr || !v->type().ranked || !v->shape()[static_cast<size_t>(cut.axis)].is_const())
        return std::nullopt;
      at += v->shape()[static_cast<size_t>(cut.axis)].value();
    }
    return cut;
  }
  if (!node.output()->type().ranked) return std::nullopt;
  const Shape& to = node.output()->shape();
  auto ints = [&](size_t i) -> std::optional<Ints> {
    const Value* v = node.input(i);
    if (v == nullptr || !v->is_constant()) return std::nullopt;
    return to_int64s(v->constant().view());
  };
  const auto starts = ints(1);
  const auto axes = node.input(3) == nullptr ? std::optional(Ints{0}) : ints(3);
  const auto steps = node.input(4) == nullptr ? std::optional(Ints(starts ? starts->size() : 0, 1)) : ints(4);
  if (!starts || !axes || !steps || starts->size() != 1 || axes->size() != 1 || (*steps)[0] != 1)
    return std::nullopt;
  cut.axis = (*axes)[0] < 0 ? (*axes)[0] + static_cast<int64_t>(from.size()) : (*axes)[0];
  const Dim& size = from[static_cast<size_t>(cut.axis)];
  if (!size.is_const() || !to[static_cast<size_t>(cut.axis)].is_const()) return std::nullopt;
  const int64_t start = (*starts)[0] < 0 ? (*starts)[0] + size.value() : (*starts)[0];
  cut.starts = {std::clamp<int64_t>(start, 0, size.value())};
  return cut;
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
  if (!cut)
    return offer.skipped.push_back({"slice", "it is not a cut along one axis at fixed places with step 1"});
  Candidate c = candidate_for(r.node, "slice", "slice", r.layout);
  for (size_t i = 1; i < c.inputs.size(); ++i) c.inputs[i] = Layout::kPlain;
  c.args.set("axis", cut->axis);
  c.args.set("starts", cut->starts);
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
