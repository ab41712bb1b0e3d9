// Candidates for a ConvChain that is one pointwise convolution behind a prologue.
#include "backends/cpu/compile/channels.h"
#include "backends/cpu/compile/conv_chain.h"
#include "backends/cpu/compile/conv_geometry.h"
#include "backends/cpu/kernels/conv/prologue.h"
#include "ops/conv_chain.h"

namespace ingot::cpu {
namespace {

Result<ConvDesc> geometry_of(const Request& r) {
  const Attrs& attrs = r.node.attrs();
  const Value *w = r.node.input(ops::chain_weights(attrs, 0)), *b = r.node.input(ops::chain_bias(attrs, 0));
  if (ops::chain_length(attrs) != 1) return unsupported("there are further convolutions behind the prologue");
  if (!is_f32(w) || !w->is_constant() || (b != nullptr && !b->is_constant()))
    return unsupported("filter and bias are not constant");
  INGOT_ASSIGN_OR_RETURN(ConvDesc d, conv_geometry(ops::chain_conv(attrs, 0), w->constant().dims(),
                                                   r.shapes.dims(*r.node.input(0))));
  d.plain_src = false;
  if (const char* reason = prologue_conv_why_not(d)) return unsupported(reason);
  return d;
}

// The prologue's operands beside a blocked source; false where one cannot be read there.
bool prologue_operands(const Request& r, Candidate& c) {
  for (size_t i = 1; i <= ops::chain_prologue_inputs(r.node.attrs()); ++i) {
    const Value& v = *r.node.input(i);
    const ChannelOperand kind = channel_operand(v, *r.node.input(0), block_of(r.isa));
    c.inputs[i] = kind == ChannelOperand::kPooled ? Layout::kBlocked : Layout::kPlain;
    if (kind == ChannelOperand::kVector)
      c.packed.push_back(pack_channels(i, v, block_of(r.isa)));
    else if (kind != ChannelOperand::kPooled && !(v.is_constant() && v.constant().size() == 1))
      return false;
  }
  return true;
}

}  // namespace

std::string conv_prologue_why_not(const Request& r) {
  const Node& n = r.node;
  if (n.input(0)->type().rank() != 4 || !n.input(0)->shape()[1].is_const())
    return "it is not of images with a fixed number of channels";
  Candidate c = candidate_for(n, "", "", Layout::kBlocked);
  if (!prologue_operands(r, c) || !blocked_operands(r, ops::chain_extras(n.attrs()), c))
    return "an operand of a program cannot be read beside a blocked tensor";
  const auto desc = geometry_of(r);
  return desc.ok() ? "" : std::string(desc.status().message());
}

void offer_conv_prologue(const Request& r, Offer& offer) {
  const ConvDesc desc = geometry_of(r).value();
  for (const PrologueConvTuning& t : prologue_conv_candidates(desc, r.isa, r.threads)) {
    Candidate c = candidate_for(r.node, "conv_prologue", prologue_conv_name(t, r.isa), Layout::kBlocked);
    c.args = r.node.attrs();
    pack_chain_conv(r, desc, 0, c);
    prologue_operands(r, c);
    if (auto channels = blocked_operands(r, ops::chain_extras(r.node.attrs()), c);
        channels && !channels->empty())
      c.args.set("channels", std::move(*channels));
    c.args.set("weight_dims", r.node.input(ops::chain_weights(r.node.attrs(), 0))->constant().dims());
    c.args.set("vecs", int64_t{t.vecs});
    c.args.set("strip_bytes", t.strip_bytes);
    c.args.set("row_threads", int64_t{t.row_threads});
    c.args.set("threads", int64_t{r.threads});
    offer.candidates.push_back(std::move(c));
  }
}

}  // namespace ingot::cpu
