// Candidates for Conv: our own kernels, cuDNN's engines, and cuBLASLt where filters have one element.
#include <algorithm>

#include "backends/cuda/compile/family.h"
#include "backends/cuda/steps/conv_problem.h"
#include "backends/cuda/steps/matmul_problem.h"
#include "target/channels_last.h"

namespace ingot::cuda {

Status offer_algorithms(const Request& r, const Candidate& base, Offer& offer);
Status offer_configs(const Request& r, const Candidate& base, Offer& offer);

namespace {

constexpr size_t kEngines = 4;
constexpr int64_t kVector = 8;  // channels that the fast engines read at once

// Empty: it can be offered.
std::string why_not(const Node& node) {
  if (!node.input(1)->is_constant()) return "the filter is not constant";
  const DataType type = node.input(1)->dtype();
  if (type != DataType::kF32 && type != DataType::kF16 && type != DataType::kBF16)
    return str("the type is ", data_type_name(type));
  if (!node.input(0)->shape()[1].is_const()) return "the number of channels is not fixed";
  return "";
}

Candidate base_candidate(const Request& r, std::string op) {
  Candidate c = candidate_for(r, std::move(op));
  c.args.set("weight_dims", r.node.input(1)->constant().dims());
  c.args.set("tf32", int64_t{r.tf32});
  return c;
}

Status offer_engines(const Request& r, Candidate base, Offer& offer) {
  INGOT_ASSIGN_OR_RETURN(const CudnnHandle handle, r.stream.cudnn_handle());
  INGOT_ASSIGN_OR_RETURN(const ConvStep step, conv_step(OptStep(r, base).view(), r.tf32));
  INGOT_ASSIGN_OR_RETURN(const std::vector<CudnnEngine> engines,
                         cudnn_engines(**cudnn(), handle, step.problem, kEngines));
  for (const CudnnEngine& engine : engines) {
    Candidate c = base;
    c.kernel = str("conv_cudnn_", engine.index, step.pads_channels ? "_padded" : "");
    c.args.set("engine", engine.index);
    c.args.set("knobs", engine.knobs);
    c.args.set("values", engine.values);
    c.beside_others = kSerialized;
    offer.candidates.push_back(std::move(c));
  }
  return {};
}

bool is_product(const Request& r) {
  const Node& node = r.node;
  const Dims w = node.input(1)->constant().dims();
  const auto ones = [](const Ints& values) {
    return std::all_of(values.begin(), values.end(), [](int64_t v) { return v == 1; });
  };
  const Ints pads = node.attrs().get_ints("pads");
  return r.layout == Layout::kBlocked && node.attrs().get_int("group", 1) == 1 &&
         ones({w.begin() + 2, w.end()}) && ones(node.attrs().get_ints("strides")) &&
         std::all_of(pads.begin(), pads.end(), [](int64_t v) { return v == 0; });
}

void offer_tiled(const Request& r, Offer& offer) {
  if (std::string reason = why_not(r.node); !reason.empty()) return offer.skipped.push_back({"conv", reason});
  const auto note = [&](const char* kernel, const Status& status) {
    if (!status.ok()) offer.skipped.push_back({kernel, std::string(status.message())});
  };
  const Value& weights = *r.node.input(1);
  const int64_t channels = weights.constant().dims()[1];
  const int64_t groups = r.node.attrs().get_int("group", 1);
  if (channels == 1 && groups > 1 && groups == weights.constant().dims()[0]) {
    Candidate c = base_candidate(r, "depthwise");
    c.packed.push_back(pack_channels_inner(1, weights));
    offer_depthwise_pieces(r, std::move(c), offer);
  } else {
    if (groups == 1 && channels <= 4 && weights.type().rank() == 4 && r.stream.gpu().arch == "sm_90a") {
      Candidate image = base_candidate(r, "image_conv");
      image.kernel = "image_conv";
      image.inputs[0] = Layout::kPlain;
      image.packed.push_back(pack_image_filter(1, weights));
      offer_if_possible(r, std::move(image), offer);
    }
    Candidate c = base_candidate(r, "implicit_gemm");
    if (groups == 1 && channels < kVector) c.inputs[0] = Layout::kPlain;  // an image is read as it is given
    c.packed.push_back(pack_channels_last(1, weights, channels));
    note("implicit_gemm", offer_configs(r, c, offer));
  }
  // The libraries' operands are of one type.
  if (r.node.input(0)->dtype() != r.node.output()->dtype()) return;
  if (is_product(r)) {
    Candidate c = base_candidate(r, "matmul");
    c.packed.push_back(pack_channels_last(1, weights, channels));
    note("conv_cublaslt", offer_algorithms(r, c, offer));
  }
  // A first layer reads the image as it is given: the copy that fills its channels up also turns them around.
  const bool first =
      groups == 1 && channels < kVector && channels % 2 != 0 && r.node.input(1)->dtype() != DataType::kF32;
  if (first) {
    Candidate padded = base_candidate(r, "conv");
    padded.inputs[0] = Layout::kPlain;
    padded.args.set("padded_channels", kVector);
    padded.packed.push_back(pack_channels_last(1, weights, kVector));
    note("conv_cudnn_padded", offer_engines(r, padded, offer));
  }
  Candidate c = base_candidate(r, "conv");
  c.packed.push_back(pack_channels_last(1, weights, channels));
  note("conv_cudnn", offer_engines(r, c, offer));
}

}  // namespace

void offer_depthwise_pieces(const Request& r, Candidate c, Offer& offer) {
  struct Piece {
    int64_t height, width, channels,
        blocks = 0;  // of a multiprocessor, at most; 0: as many as the kernel likes
  };
  constexpr Piece kPieces[] = {{1, 4, 8}, {1, 2, 8}, {1, 1, 8},    {1, 8, 8},    {2, 2, 8},    {2, 4, 8},
                               {4, 1, 8}, {4, 2, 8}, {1, 4, 4},    {1, 8, 4},    {2, 4, 4},    {4, 4, 4},
                               {4, 4, 2}, {2, 8, 2}, {1, 4, 8, 4}, {2, 2, 8, 4}, {2, 4, 4, 4}, {2, 8, 2, 4}};
  for (const Piece& p : kPieces) {
    c.kernel = str("depthwise_", p.height, "x", p.width, "x", p.channels, p.blocks > 0 ? "_few_blocks" : "");
    c.args.set("piece_h", p.height);
    c.args.set("piece_w", p.width);
    c.args.set("piece_channels", p.channels);
    if (p.blocks > 0) c.args.set("blocks_each", p.blocks);
    offer_if_possible(r, c, offer);
  }
}

void offer_conv_max_pool(const Request& r, std::string_view family, Offer& offer) {
  if (std::string reason = why_not(r.node); !reason.empty())
    return offer.skipped.push_back({std::string(family), reason});
  Candidate c = base_candidate(r, std::string(family));
  c.inputs[0] = Layout::kPlain;
  c.packed.push_back(pack_image_filter(1, *r.node.input(1)));
  for (const int64_t apart : {0, 1}) {
    c.kernel = apart != 0 ? "image_conv_and_pool" : "image_conv_pool";
    c.args.set("apart", apart);
    offer_if_possible(r, c, offer);
  }
}

// The kernel that takes every convolution, a place of the result at a time.
void offer_conv_direct(const Request& r, std::string_view family, Offer& offer) {
  Candidate c = candidate_for(r, std::string(family));
  const Value& weights = *r.node.input(1);
  c.inputs[1] = Layout::kPlain;
  if (weights.is_constant()) {
    c.args.set("weight_dims", weights.constant().dims());
    c.packed.push_back(pack_channels_inner(1, weights));
  }
  offer_if_possible(r, std::move(c), offer);
}

void offer_conv(const Request& r, std::string_view, Offer& offer) {
  offer_tiled(r, offer);
  if (offer.candidates.empty()) offer_conv_direct(r, "conv_direct", offer);
}

}  // namespace ingot::cuda
