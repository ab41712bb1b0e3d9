// Candidates for squeeze and excitation between two convolutions: ConvGates, and ConvChain with its scale.
#include "backends/cuda/compile/family.h"
#include "backends/cuda/steps/implicit_gemm.h"
#include "ops/conv_chain.h"
#include "target/channels_last.h"

namespace ingot::cuda {

namespace {

// Blocks that make an image's gates: what they tell each other takes time, and so do weights that do not come
// into shared memory ahead.
int64_t blocks_of_gates(const Request& r) {
  constexpr int64_t kMostBlocks = 8, kMostBytes = 96 << 10;
  const TensorType& weights = r.node.input(3)->type();
  int64_t blocks = 1, bytes = 2 * bit_width(weights.dtype) / 8;
  for (const int64_t n : r.shapes.dims(weights)) bytes *= n;
  while (r.stream.gpu().arch == "sm_90a" && blocks < kMostBlocks && bytes > blocks * kMostBytes) blocks *= 2;
  return blocks;
}

}  // namespace

void offer_conv_gates(const Request& r, std::string_view family, Offer& offer) {
  const Value& weights = *r.node.input(1);
  if (!weights.is_constant())
    return offer.skipped.push_back({std::string(family), "the filter is not constant"});
  Candidate c = candidate_for(r, std::string(family));
  for (size_t i = 1; i < c.inputs.size(); ++i) c.inputs[i] = Layout::kPlain;
  c.args.set("weight_dims", weights.constant().dims());
  c.args.set("blocks", blocks_of_gates(r));
  c.packed.push_back(pack_channels_inner(1, weights));
  offer_depthwise_pieces(r, std::move(c), offer);
}

namespace {

// Whether a chain is one convolution with constant weights of an image that is scaled.
bool is_scaled(const Node& node) {
  const std::string text = node.attrs().get_string("prologue");
  return ops::chain_length(node.attrs()) == 1 && ops::chain_prologue_inputs(node.attrs()) == 1 &&
         (text == "mul x0 x1" || text == "mul x1 x0") && node.input(2)->is_constant() &&
         ops::chain_conv(node.attrs(), 0).get_int("group") == 1;
}

}  // namespace

void offer_gated_conv(const Request& r, std::string_view family, Offer& offer) {
  constexpr size_t kConfigs = 11, kApart = 3;
  const auto skip = [&](const Status& why) {
    offer.skipped.push_back({std::string(family), std::string(why.message())});
  };
  if (!is_scaled(r.node)) return skip(unsupported("it is more than a convolution of a scaled image"));
  const Value& weights = *r.node.input(2);
  const Gpu& gpu = r.stream.gpu();
  Candidate c = candidate_for(r, std::string(family));
  for (size_t i = 1; i <= 3 && i < c.inputs.size(); ++i) c.inputs[i] = Layout::kPlain;
  c.args = ops::chain_conv(r.node.attrs(), 0);
  c.args.set("weight_dims", weights.constant().dims());
  c.args.set("exact", int64_t{!r.tf32});
  c.packed.push_back(pack_channels_last(2, weights, weights.constant().dims()[1]));
  for (const int64_t apart : {0, 1}) {
    c.args.set("apart", apart);
    const auto problem = gated_gemm_problem(OptStep(r, c).view());
    if (!problem.ok()) return skip(problem.status());
    // Apart is a second kernel, and twice the traffic: where nothing else can be done, mostly.
    const size_t most = apart == 0 || offer.candidates.empty() ? kConfigs : kApart;
    const auto configs = conv_configs(*problem, gpu.multiprocessors, gpu.arch == "sm_90a");
    for (const ConvConfig& config : std::span(configs).first(std::min(configs.size(), most))) {
      c.kernel = str(apart != 0 ? "scaled_" : "gated_", name_of(config));
      c.args.set("config", to_ints(config));
      offer_if_possible(r, c, offer);
    }
  }
}

}  // namespace ingot::cuda
