// Tensors that lie inside others: parts of a concat are written in place, contiguous slices are read in
// place.
#include <algorithm>
#include <map>
#include <set>

#include "compiler/lower.h"

namespace ingot {
namespace {

PlanTensor& at(Plan& plan, TensorId t) { return plan.tensors[static_cast<size_t>(t)]; }

// Elements that one index of `axis` spans, when everything before the axis is 1; zero otherwise.
bool outer_is_one(const Shape& shape, int64_t axis) {
  return std::all_of(shape.begin(), shape.begin() + axis, [](const Dim& d) { return d.is(1); });
}

// Elements before index `start` of `axis` in a tensor whose dims before the axis are 1. Blocked channels
// count in whole blocks, which `divisible` checks.
Dim elements_before(const PlanTensor& t, int64_t axis, const Dim& start) {
  Dim out = start;
  for (size_t d = static_cast<size_t>(axis) + 1; d < t.type.shape.size(); ++d) out = out * t.type.shape[d];
  return out;
}

bool divisible(const PlanTensor& t, int64_t axis, const Dim& start, int block) {
  return t.layout == Layout::kPlain ||
         (block != 0 && axis == 1 && start.is_const() && start.value() % block == 0);
}

class ViewMaker {
 public:
  explicit ViewMaker(Plan& plan) : plan_(plan), written_(plan.tensors.size(), false) {
    for (const PlanStep& s : plan_.steps)
      for (TensorId t : s.outputs)
        if (t != kNoTensor) written_[static_cast<size_t>(t)] = true;
    std::vector<std::string> names;
    for (TensorId t : plan_.inputs)
      for (const Dim& d : at(plan_, t).type.shape) d.collect_symbols(names);
    input_symbols_.insert(names.begin(), names.end());
  }

  void run() {
    std::vector<PlanStep> kept;
    for (PlanStep& s : plan_.steps) {
      if (s.op == "slice" && slice(s)) continue;
      kept.push_back(std::move(s));
    }
    plan_.steps = std::move(kept);
    // The last concat first: a concat that is itself a part of a later one finds its own place taken already,
    // and its parts then lie inside both.
    for (auto s = plan_.steps.rbegin(); s != plan_.steps.rend(); ++s)
      if (s->op == "concat") concat(*s);
  }

 private:
  bool is_output(TensorId t) const { return std::count(plan_.outputs.begin(), plan_.outputs.end(), t) > 0; }

  // args: axis, starts (per output). Every output a contiguous part of the input.
  bool slice(const PlanStep& s) {
    const int64_t axis = s.args.get_int("axis");
    const Ints starts = s.args.get_ints("starts");
    const PlanTensor& from = at(plan_, s.inputs[0]);
    if (from.weight >= 0 || !from.type.ranked || !outer_is_one(from.type.shape, axis) ||
        starts.size() != s.outputs.size())
      return false;
    for (size_t i = 0; i < s.outputs.size(); ++i) {
      if (s.outputs[i] == kNoTensor) continue;
      const PlanTensor& to = at(plan_, s.outputs[i]);
      if (is_output(s.outputs[i]) || to.layout != from.layout || to.alias_of != kNoTensor ||
          !divisible(from, axis, starts[i], plan_.block))
        return false;
    }
    for (size_t i = 0; i < s.outputs.size(); ++i) {
      if (s.outputs[i] == kNoTensor) continue;
      at(plan_, s.outputs[i]).alias_of = s.inputs[0];
      at(plan_, s.outputs[i]).alias_offset = elements_before(from, axis, starts[i]);
    }
    return true;
  }

  // The tensor whose memory `t` is, seen through views of the whole.
  TensorId whole(TensorId t) const {
    while (plan_.tensors[static_cast<size_t>(t)].alias_of != kNoTensor) {
      const PlanTensor& view = plan_.tensors[static_cast<size_t>(t)];
      const PlanTensor& root = plan_.tensors[static_cast<size_t>(view.alias_of)];
      if (!view.alias_offset.is(0) || !(num_elements(view.type.shape) == num_elements(root.type.shape)) ||
          view.layout != root.layout)
        return t;
      t = view.alias_of;
    }
    return t;
  }

  bool can_move(TensorId t) const {
    const PlanTensor& p = plan_.tensors[static_cast<size_t>(t)];
    return p.weight < 0 && p.alias_of == kNoTensor && written_[static_cast<size_t>(t)] && !is_output(t) &&
           p.type.ranked;
  }

  void concat(PlanStep& s) {
    const int64_t axis = s.args.get_int("axis");
    const TensorId out = s.outputs[0];
    const PlanTensor to = at(plan_, out);
    // The first part is written before the last one's size is known, unless all sizes follow from the inputs.
    if (!to.type.ranked || !outer_is_one(to.type.shape, axis) || !known_before_the_run(to.type.shape)) return;
    std::vector<std::pair<TensorId, Dim>> places;  // what has to lie where within the result
    Dim start = 0;
    for (TensorId t : s.inputs) {
      const PlanTensor& part = at(plan_, t);
      if (part.layout != to.layout || !divisible(to, axis, start, plan_.block)) return;
      places.push_back({whole(t), elements_before(to, axis, start)});
      start = start + part.type.shape[static_cast<size_t>(axis)];
    }
    if (!joined_already(out, places) && !join(out, places)) return;
    s.op = "nop";
    s.kernel = "concat_in_place";
    s.args = {};
  }

  // The parts may lie side by side in a later concat, as those of a growing list do: then the result is a
  // part of that one too.
  bool joined_already(TensorId out, const std::vector<std::pair<TensorId, Dim>>& places) {
    const PlanTensor& first = at(plan_, places[0].first);
    if (first.alias_of == kNoTensor || !can_move(out) || at(plan_, first.alias_of).layout != first.layout)
      return false;
    const Dim begin = first.alias_offset;
    for (const auto& [part, offset] : places)
      if (at(plan_, part).alias_of != first.alias_of || !(at(plan_, part).alias_offset == begin + offset))
        return false;
    at(plan_, out).alias_offset = begin;
    at(plan_, out).alias_of = first.alias_of;
    return true;
  }

  bool join(TensorId out, const std::vector<std::pair<TensorId, Dim>>& places) {
    std::set<TensorId> seen = {out};
    for (const auto& [part, offset] : places)
      if (!can_move(part) || !seen.insert(part).second) return false;
    for (const auto& [part, offset] : places) {
      at(plan_, part).alias_of = out;
      at(plan_, part).alias_offset = offset;
    }
    return true;
  }

  bool known_before_the_run(const Shape& shape) const {
    std::vector<std::string> names;
    for (const Dim& d : shape) d.collect_symbols(names);
    return std::all_of(names.begin(), names.end(),
                       [&](const std::string& name) { return input_symbols_.contains(name); });
  }

  Plan& plan_;
  std::vector<bool> written_;
  std::set<std::string> input_symbols_;
};

}  // namespace

void make_views(Plan& plan) { ViewMaker(plan).run(); }

}  // namespace ingot
