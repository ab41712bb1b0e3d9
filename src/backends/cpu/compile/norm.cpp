// Candidates for the normalisations and for Softmax.
#include "backends/cpu/compile/channels.h"

namespace ingot::cpu {
namespace {

// Every given input is a ranked f32 tensor.
bool all_f32(const Node& node) {
  for (const Value* v : node.inputs())
    if (v != nullptr && !is_f32(v)) return false;
  return true;
}

bool fits_columns(const Node& node, size_t i, const Dim& columns) {
  const Value* v = node.input(i);
  return v == nullptr || num_elements(v->shape()) == columns;
}

Dim columns_from_axis(const Node& node) {
  const Shape& s = node.input(0)->shape();
  int64_t axis = node.attrs().get_int("axis", -1);
  if (axis < 0) axis += static_cast<int64_t>(s.size());
  return num_elements(Shape(s.begin() + axis, s.end()));
}

}  // namespace

LayoutRule row_norm_rule(const Request&) { return LayoutRule::kPlain; }

void row_norm_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str("norm_rows_f32__", isa_name(r.isa));
  const auto skip = [&](const char* why) { offer.skipped.push_back({kernel, why}); };
  const bool with_skip = node.is("SkipLayerNormalization");
  if (!all_f32(node)) return skip("an operand is not a ranked f32 tensor");
  for (size_t i = 1; i < node.outputs().size(); ++i)
    if (node.output(i) != nullptr && !with_skip) return skip("mean or deviation are wanted");
  const size_t first = with_skip ? 2 : 1;
  const Dim columns = columns_from_axis(node);
  if (!fits_columns(node, first, columns) || !fits_columns(node, first + 1, columns))
    return skip("the scale is not one number per column");
  if (with_skip && !(node.input(0)->shape() == node.input(1)->shape()))
    return skip("the operands of the sum differ in shape");
  Candidate c = candidate_for(node, "norm", kernel, Layout::kPlain);
  c.args = node.attrs();
  c.args.set("form", std::string(with_skip ? "skip" : node.is("RMSNormalization") ? "rms" : "rows"));
  offer.candidates.push_back(std::move(c));
}

LayoutRule channel_norm_rule(const Request& r) {
  return all_f32(r.node) && r.node.input(0)->type().rank() >= 3 ? LayoutRule::kFollow : LayoutRule::kPlain;
}

void channel_norm_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str("norm_channels_f32__", isa_name(r.isa));
  const auto skip = [&](const char* why) { offer.skipped.push_back({kernel, why}); };
  if (!all_f32(node) || node.input(0)->type().rank() < 2)
    return skip("an operand is not a ranked f32 tensor");
  Candidate c = candidate_for(node, "norm", kernel, r.layout);
  c.args = node.attrs();
  c.args.set("form", std::string("channels"));
  for (size_t i = 1; i < node.inputs().size(); ++i) {
    const Value* v = node.inputs()[i];
    c.inputs[i] = Layout::kPlain;
    if (v == nullptr) continue;
    if (!(num_elements(v->shape()) == node.input(0)->shape()[1]))
      return skip("the scale is not one number per channel");
    if (r.layout == Layout::kPlain) continue;
    if (!v->is_constant()) return skip("the scale is not constant");
    c.packed.push_back(pack_channels(i, *v, block_of(r.isa)));
  }
  offer.candidates.push_back(std::move(c));
}

LayoutRule group_norm_rule(const Request&) { return LayoutRule::kPlain; }

void group_norm_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str("norm_groups_f32__", isa_name(r.isa));
  const auto skip = [&](const char* why) { offer.skipped.push_back({kernel, why}); };
  if (!all_f32(node) || node.input(0)->type().rank() < 3)
    return skip("an operand is not a ranked f32 tensor");
  if (!fits_columns(node, 1, node.input(0)->shape()[1]) || !fits_columns(node, 2, node.input(0)->shape()[1]))
    return skip("the scale is not one number per channel");
  Candidate c = candidate_for(node, "norm", kernel, Layout::kPlain);
  c.args = node.attrs();
  c.args.set("form", std::string("groups"));
  offer.candidates.push_back(std::move(c));
}

LayoutRule softmax_rule(const Request&) { return LayoutRule::kPlain; }

void softmax_offer(const Request& r, Offer& offer) {
  const std::string kernel = str("softmax_f32__", isa_name(r.isa));
  if (!is_f32(r.node.input(0)))
    return offer.skipped.push_back({kernel, "the input is not a ranked f32 tensor"});
  Candidate c = candidate_for(r.node, "softmax", kernel, Layout::kPlain);
  c.args = r.node.attrs();
  if (r.node.is("LogSoftmax")) c.args.set("log", int64_t{1});
  c.inplace = {0};
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
