// Candidates for what moves, chooses or makes elements by numbers that have to be constants.
#include <algorithm>

#include "backends/cuda/compile/family.h"
#include "ops/common.h"
#include "target/image_scales.h"

namespace ingot::cuda {
namespace {

void skip(Offer& offer, std::string_view family, const char* why) {
  offer.skipped.push_back({std::string(family), why});
}

// The integers of a constant input; `fallback` where it is not given, nothing where it is not known.
std::optional<Ints> known_ints(const Node& node, size_t i, Ints fallback) {
  const Value* v = node.input(i);
  if (v == nullptr) return fallback;
  return v->is_constant() && is_integer(v->dtype()) ? std::optional(to_int64s(v->constant().view()))
                                                    : std::nullopt;
}

Candidate plain_candidate(const Request& r, std::string_view family) {
  Candidate c = candidate_for(r, std::string(family));
  c.inputs.assign(c.inputs.size(), Layout::kPlain);
  return c;
}

Ints all_axes(size_t count) {
  Ints axes(count);
  for (size_t i = 0; i < count; ++i) axes[i] = static_cast<int64_t>(i);
  return axes;
}

}  // namespace

// Slices that are no cut along one axis.
void offer_strided_slice(const Request& r, Offer& offer) {
  const auto starts = known_ints(r.node, 1, {});
  const auto axes = known_ints(r.node, 3, all_axes(starts ? starts->size() : 0));
  const auto steps = known_ints(r.node, 4, Ints(starts ? starts->size() : 0, 1));
  if (!starts || !axes || !steps)
    return skip(offer, "strided_slice", "its starts, axes or steps are not constant");
  Candidate c = plain_candidate(r, "strided_slice");
  if (r.layout != Layout::kPlain) c.inputs[0] = r.layout;
  c.args = {{"starts", *starts}, {"axes", *axes}, {"steps", *steps}};
  offer_if_possible(r, std::move(c), offer);
}

void offer_pad(const Request& r, std::string_view family, Offer& offer) {
  const Node& node = r.node;
  const auto rank = static_cast<size_t>(node.input(0)->type().rank());
  const auto pads = known_ints(node, 1, {});
  const auto axes = known_ints(node, 3, all_axes(rank));
  const Value* value = node.input(2);
  if (!pads || !axes || pads->size() != 2 * axes->size())
    return skip(offer, family, "its margins are not constant");
  if (value != nullptr && (!value->is_constant() || value->constant().size() != 1))
    return skip(offer, family, "its value is not constant");
  Ints margins(2 * rank, 0);
  for (size_t i = 0; i < axes->size(); ++i) {
    const auto axis =
        static_cast<size_t>((*axes)[i] < 0 ? (*axes)[i] + static_cast<int64_t>(rank) : (*axes)[i]);
    margins[axis] = (*pads)[i];
    margins[axis + rank] = (*pads)[i + axes->size()];
  }
  Candidate c = plain_candidate(r, family);
  c.args = {{"mode", node.attrs().get_string("mode", "constant")}, {"margins", std::move(margins)}};
  if (value != nullptr) {
    float number = 0;
    dispatch_type(value->dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      number = static_cast<float>(value->constant().span<T>()[0]);
    });
    c.args.set("value", number);
  }
  offer_if_possible(r, std::move(c), offer);
}

void offer_running_sum(const Request& r, std::string_view family, Offer& offer) {
  const auto axis = known_ints(r.node, 1, {});
  if (!axis || axis->size() != 1) return skip(offer, family, "its axis is not constant");
  Candidate c = plain_candidate(r, family);
  c.args.set("axis", axis->front());
  offer_if_possible(r, std::move(c), offer);
}

void offer_triangle(const Request& r, std::string_view family, Offer& offer) {
  const auto diagonal = known_ints(r.node, 1, {0});
  if (!diagonal || diagonal->size() != 1) return skip(offer, family, "its diagonal is not constant");
  Candidate c = plain_candidate(r, family);
  c.args.set("diagonal", diagonal->front());
  offer_if_possible(r, std::move(c), offer);
}

// What only the user reads is written as users want it.
LayoutRule resize_rule(const Node& node) {
  return image_scales(node) && !node.output()->uses().empty() ? LayoutRule::kBlocked : LayoutRule::kPlain;
}

void offer_squeeze_excitation(const Request& r, std::string_view family, Offer& offer) {
  constexpr int64_t kBlocks[] = {8, 4, 2};
  Candidate c = candidate_for(r, std::string(family));
  for (size_t i = 1; i < c.inputs.size(); ++i) c.inputs[i] = Layout::kPlain;
  if (r.stream.gpu().arch == "sm_90a")
    for (const int64_t blocks : kBlocks) {  // of a cluster, which an image has
      c.kernel = str("squeeze_excitation_", blocks);
      c.args.set("blocks", blocks);
      offer_if_possible(r, c, offer);
    }
  c.kernel = "squeeze_excitation_1";
  c.args.set("blocks", int64_t{1});
  offer_if_possible(r, std::move(c), offer);
}

void offer_resize(const Request& r, std::string_view family, Offer& offer) {
  auto scales = image_scales(r.node);
  if (!scales)
    return skip(offer, family,
                "it is not a plain resize of an image's pixels by constant scales or by sizes");
  Candidate c = candidate_for(r, std::string(family));
  std::fill(c.inputs.begin() + 1, c.inputs.end(), Layout::kPlain);
  c.inputs[0] = Layout::kBlocked;
  c.args.set("scales", std::move(*scales));
  offer_if_possible(r, std::move(c), offer);
}

// What the run sizes: kernels of their own, which read counts back.
void offer_nonzero(const Request& r, std::string_view family, Offer& offer) {
  const DataType type = r.node.input(0)->dtype();
  if (bit_width(type) < 8) return skip(offer, family, "elements of half a byte");
  Candidate c = plain_candidate(r, family);
  c.sizes_outputs = true;
  offer.candidates.push_back(std::move(c));
}

void offer_suppress(const Request& r, std::string_view family, Offer& offer) {
  const Node& node = r.node;
  Candidate c = plain_candidate(r, family);
  c.sizes_outputs = true;
  c.args = {{"center_point_box", node.attrs().get_int("center_point_box")}};
  for (const auto& [i, name] : {std::pair<size_t, const char*>{2, "limit"}, {3, "iou"}, {4, "lowest"}}) {
    if (node.input(i) == nullptr) continue;
    if (!node.input(i)->is_constant()) return skip(offer, family, "its limit or thresholds are not constant");
    const Tensor& value = node.input(i)->constant();
    if (i == 2)
      c.args.set(name, value.size() == 0 ? int64_t{0} : value.span<int64_t>()[0]);
    else
      c.args.set(name, value.size() == 0 ? 0.0f : value.span<float>()[0]);
  }
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cuda
