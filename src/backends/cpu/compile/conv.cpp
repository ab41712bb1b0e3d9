// Candidates for Conv: depthwise, Winograd, direct; all on blocked channels, with filters packed at build
// time.
#include <algorithm>

#include "backends/cpu/compile/channels.h"
#include "backends/cpu/compile/conv_geometry.h"
#include "backends/cpu/compile/packing.h"
#include "backends/cpu/kernels/conv/choice.h"
#include "backends/cpu/kernels/conv/direct.h"
#include "backends/cpu/kernels/conv/winograd.h"
#include "backends/cpu/kernels/depthwise/depthwise.h"

namespace ingot::cpu {
namespace {

constexpr int64_t kWinogradPixels = 160;
// An algorithm is timed where its estimate is at most that much above the least.
constexpr double kWorthTiming = 1.4;

struct Geometry {
  Dims weights;  // [OC, IC / groups, kernel...]
  int64_t groups = 1;
  ConvDesc desc;
  bool depthwise() const { return groups > 1 && groups == desc.in_channels && groups == desc.out_channels; }
};

// Empty reason: the kernels can do it.
std::string why_not(const Request& r) {
  const Node& n = r.node;
  if (!is_f32(n.output()) || !is_f32(n.input(0))) return "an operand is not a ranked f32 tensor";
  if (!n.input(1)->is_constant() || n.input(1)->dtype() != DataType::kF32)
    return "the filter is not constant";
  if (n.input(2) != nullptr && !n.input(2)->is_constant()) return "the bias is not constant";
  const int rank = n.input(1)->type().rank();
  if (rank < 3 || rank > 4) return "it does not have one or two spatial dims";
  if (!n.input(0)->shape()[1].is_const()) return "the number of channels is not fixed";
  Candidate c = candidate_for(n, "", "", Layout::kBlocked);
  if (!blocked_operands(r, 3, c)) return "an operand of the epilogue cannot be read beside a blocked tensor";
  return "";
}

Result<Geometry> geometry_of(const Request& r) {
  const Dims& weights = r.node.input(1)->constant().dims();
  INGOT_ASSIGN_OR_RETURN(ConvDesc desc,
                         conv_geometry(r.node.attrs(), weights, r.shapes.dims(*r.node.input(0))));
  return Geometry{weights, desc.groups, desc};
}

// Transformed filters are no permutation of the original: they are stored beside it.
PackedInput pack_winograd(const Value& weights, const Geometry& g, int m, Isa isa) {
  const Tensor& data = weights.constant();
  return {1, str("winograd", m, "/", isa_name(isa), dims_to_string(g.weights)),
          [data, g, m, isa]() -> Result<Tensor> {
            INGOT_ASSIGN_OR_RETURN(
                Tensor out, Tensor::allocate(DataType::kF32, {winograd_weight_floats(g.desc, m, isa)}));
            pack_winograd_weights(g.desc, m, isa, data.span<float>().data(),
                                  static_cast<float*>(out.mutable_data()));
            return out;
          }};
}

// What all algorithms share: attributes, layouts, the bias and the epilogue's operands.
Candidate base_candidate(const Request& r, const Geometry& g, std::string algorithm, std::string kernel) {
  const Node& node = r.node;
  Candidate c = candidate_for(node, "conv", std::move(kernel), Layout::kBlocked);
  c.args = node.attrs();
  c.args.set("algorithm", std::move(algorithm));
  c.args.set("weight_dims", g.weights);
  if (g.desc.plain_src) c.inputs[0] = Layout::kPlain;
  if (node.input(2) != nullptr) c.packed.push_back(pack_channels(2, *node.input(2), block_of(r.isa)));
  if (auto channels = blocked_operands(r, 3, c); channels && !channels->empty())
    c.args.set("channels", std::move(*channels));
  return c;
}

void offer_winograd(const Request& r, const Geometry& g, int m, Offer& offer) {
  for (const WinogradTuning& t : winograd_candidates(g.desc, m, r.isa, r.threads)) {
    Candidate c = base_candidate(r, g, "winograd", winograd_name(t, r.isa));
    c.packed.push_back(pack_winograd(*r.node.input(1), g, t.m, r.isa));
    c.args.set("m", int64_t{t.m});
    c.args.set("vecs", int64_t{t.vecs});
    c.args.set("group_tiles", t.group_tiles);
    c.args.set("by_element", int64_t{t.by_element});
    c.args.set("channel_threads", int64_t{t.channel_threads});
    c.args.set("threads", int64_t{r.threads});
    offer.candidates.push_back(std::move(c));
  }
}

void offer_direct(const Request& r, const Geometry& g, Offer& offer) {
  const std::string packing = str("conv/", isa_name(r.isa), g.desc.plain_src ? "/plain" : "", "/g", g.groups);
  for (const DirectConvTuning& t : direct_conv_candidates(g.desc, r.isa, r.threads)) {
    Candidate c = base_candidate(r, g, "direct", direct_conv_name(t, r.isa));
    c.packed.push_back(permuted(1, packing, r.node.input(1)->constant()));
    c.args.set("rows", int64_t{t.rows});
    c.args.set("vecs", int64_t{t.vecs});
    c.args.set("k_block", t.k_block);
    c.args.set("strip_bytes", t.strip_bytes);
    c.args.set("row_threads", int64_t{t.row_threads});
    c.args.set("threads", int64_t{r.threads});
    offer.candidates.push_back(std::move(c));
  }
}

}  // namespace

LayoutRule conv_rule(const Request& r) {
  return why_not(r).empty() ? LayoutRule::kBlocked : LayoutRule::kPlain;
}

void conv_offer(const Request& r, Offer& offer) {
  const auto skip = [&](std::string_view kernel, std::string why) {
    offer.skipped.push_back({str(kernel, "__", isa_name(r.isa)), std::move(why)});
  };
  if (std::string reason = why_not(r); !reason.empty()) return skip("conv_f32", std::move(reason));
  auto geometry = geometry_of(r);
  if (!geometry.ok()) return skip("conv_f32", std::string(geometry.status().message()));
  const Geometry& g = *geometry;
  if (g.depthwise()) {
    // Rows first, where there are enough: the layer before and the one after share their work that way.
    const bool rows_first = g.desc.out(0) >= 4 * r.threads;
    for (bool by_rows : {rows_first, !rows_first}) {
      if (r.threads == 1 && by_rows != rows_first) continue;
      Candidate c = base_candidate(r, g, "depthwise", str("conv_depthwise_f32__", isa_name(r.isa)));
      c.packed.push_back(permuted(1, str("depthwise/", isa_name(r.isa)), r.node.input(1)->constant()));
      c.args.set("by_rows", int64_t{by_rows});
      offer.candidates.push_back(std::move(c));
    }
    return skip("conv_direct_f32", "each channel has a filter of its own");
  }
  skip("conv_depthwise_f32", "filters read several channels");
  if (const char* reason = winograd_why_not(g.desc)) skip("conv_winograd_f32", reason);
  std::vector<ConvEstimate> ranked = rank_conv_algorithms(g.desc, r.isa, r.threads);
  if (winograd_why_not(g.desc) == nullptr && !worth_its_memory(g.desc, r.isa))
    skip("conv_winograd4_f32", "its filters take too much memory for so few pixels");
  const double least = ranked.front().cycles;
  // Small images leave most of a Winograd tile empty, and its filters are four times as large: there it comes
  // second.
  if (g.desc.out(0) * g.desc.out(1) < kWinogradPixels)
    std::stable_partition(ranked.begin(), ranked.end(),
                          [](const ConvEstimate& e) { return e.algorithm == ConvAlgorithm::direct; });
  for (const auto& [algorithm, cycles] : ranked) {
    const bool direct = algorithm == ConvAlgorithm::direct;
    const int m = algorithm == ConvAlgorithm::winograd4 ? 4 : 2;
    if (cycles > kWorthTiming * least)
      skip(direct ? std::string("conv_direct_f32") : str("conv_winograd", m, "_f32"),
           "its estimate is far higher");
    else if (direct)
      offer_direct(r, g, offer);
    else
      offer_winograd(r, g, m, offer);
  }
}

}  // namespace ingot::cpu
