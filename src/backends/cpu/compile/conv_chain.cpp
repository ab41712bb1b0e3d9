// Candidates for ConvChain: strips of as many rows as the second cache has room for, fewer, and all at once.
#include "ops/conv_chain.h"

#include "backends/cpu/compile/channels.h"
#include "backends/cpu/compile/conv_chain.h"
#include "backends/cpu/compile/conv_geometry.h"
#include "backends/cpu/compile/packing.h"
#include "backends/cpu/kernels/conv/chain.h"
#include "ops/convolution.h"

namespace ingot::cpu {
namespace {

struct Chain {
  ConvChainDesc desc;
  Ints weight_dims;
};

Result<Chain> chain_of(const Request& r) {
  const Attrs& attrs = r.node.attrs();
  const size_t length = ops::chain_length(attrs);
  if (length < 2 || length > 3) return unsupported("it has ", length, " convolutions");
  std::vector<ConvDesc> convs;
  Ints weight_dims;
  TensorType x{DataType::kF32, to_shape(r.shapes.dims(*r.node.input(0)))};
  for (size_t i = 0; i < length; ++i) {
    const Value *w = r.node.input(ops::chain_weights(attrs, i)), *b = r.node.input(ops::chain_bias(attrs, i));
    if (!is_f32(w) || !w->is_constant() || (b != nullptr && !b->is_constant()))
      return unsupported("filters and biases are not all constant");
    const Attrs own = ops::chain_conv(attrs, i);
    INGOT_ASSIGN_OR_RETURN(const Dims dims, eval(x.shape, {}));
    INGOT_ASSIGN_OR_RETURN(ConvDesc d, conv_geometry(own, w->constant().dims(), dims));
    INGOT_ASSIGN_OR_RETURN(x, ops::infer_conv(own, x, w->type()));
    if (i > 0) d.plain_src = false;
    convs.push_back(d);
    weight_dims.insert(weight_dims.end(), w->constant().dims().begin(), w->constant().dims().end());
  }
  Chain chain{{convs[0], convs[1], {}}, std::move(weight_dims)};
  if (length > 2) chain.desc.last = convs[2];
  if (const char* reason = conv_chain_why_not(chain.desc)) return unsupported(reason);
  return chain;
}

}  // namespace

std::string conv_chain_why_not(const Request& r) {
  const Node& n = r.node;
  if (n.input(0)->type().rank() != 4 || !n.input(0)->shape()[1].is_const())
    return "it is not of images with a fixed number of channels";
  Candidate c = candidate_for(n, "", "", Layout::kBlocked);
  if (!blocked_operands(r, ops::chain_extras(n.attrs()), c))
    return "an operand of the epilogue cannot be read beside a blocked tensor";
  const auto chain = chain_of(r);
  return chain.ok() ? "" : std::string(chain.status().message());
}

void pack_chain_conv(const Request& r, const ConvDesc& d, size_t i, Candidate& c) {
  const bool depthwise = d.groups > 1;
  const std::string form = depthwise ? str("depthwise/", isa_name(r.isa))
                                     : str("conv/", isa_name(r.isa), d.plain_src ? "/plain" : "", "/g1");
  const size_t weights = ops::chain_weights(r.node.attrs(), i), bias = ops::chain_bias(r.node.attrs(), i);
  c.packed.push_back(permuted(weights, form, r.node.input(weights)->constant()));
  if (r.node.input(bias) != nullptr)
    c.packed.push_back(pack_channels(bias, *r.node.input(bias), block_of(r.isa)));
}

void offer_conv_chain(const Request& r, Offer& offer) {
  const Chain chain = chain_of(r).value();
  for (const ConvChainTuning& t : conv_chain_candidates(chain.desc, r.isa, r.threads)) {
    Candidate c = candidate_for(r.node, "conv_chain", conv_chain_name(t, r.isa), Layout::kBlocked);
    c.args = r.node.attrs();
    if (chain.desc.first.plain_src) c.inputs[0] = Layout::kPlain;
    pack_chain_conv(r, chain.desc.first, 0, c);
    pack_chain_conv(r, chain.desc.depthwise, 1, c);
    if (chain.desc.last) pack_chain_conv(r, *chain.desc.last, 2, c);
    if (auto channels = blocked_operands(r, ops::chain_extras(r.node.attrs()), c);
        channels && !channels->empty())
      c.args.set("channels", std::move(*channels));
    c.args.set("weight_dims", chain.weight_dims);
    c.args.set("rows", t.rows);
    c.args.set("first_vecs", int64_t{t.first_vecs});
    c.args.set("last_vecs", int64_t{t.last_vecs});
    c.args.set("row_threads", int64_t{t.row_threads});
    c.args.set("threads", int64_t{r.threads});
    offer.candidates.push_back(std::move(c));
  }
}

namespace {

bool has_prologue(const Request& r) { return !r.node.attrs().get_string("prologue").empty(); }

std::string why_not(const Request& r) {
  if (!is_f32(r.node.output()) || !is_f32(r.node.input(0))) return "an operand is not a ranked f32 tensor";
  return has_prologue(r) ? conv_prologue_why_not(r) : conv_chain_why_not(r);
}

}  // namespace

LayoutRule conv_chain_rule(const Request& r) {
  return why_not(r).empty() ? LayoutRule::kBlocked : LayoutRule::kPlain;
}

void conv_chain_offer(const Request& r, Offer& offer) {
  if (std::string reason = why_not(r); !reason.empty())
    return offer.skipped.push_back({str("conv_chain_f32__", isa_name(r.isa)), std::move(reason)});
  has_prologue(r) ? offer_conv_prologue(r, offer) : offer_conv_chain(r, offer);
}

}  // namespace ingot::cpu
