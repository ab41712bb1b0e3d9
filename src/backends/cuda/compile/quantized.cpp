// Candidates for quantized layers, which our own kernels compute, and for quantizers on their own.
#include <algorithm>

#include "backends/cuda/compile/family.h"
#include "ops/quantization.h"
#include "target/channels_last.h"

namespace ingot::cuda {

Status offer_configs(const Request& r, const Candidate& base, Offer& offer);
void offer_conv_direct(const Request& r, std::string_view family, Offer& offer);

namespace {

void offer_own(const Request& r, const Candidate& c, Offer& offer) {
  if (const Status status = offer_configs(r, c, offer); !status.ok())
    offer.skipped.push_back({"implicit_gemm", std::string(status.message())});
}

// Scale, zero point and bias lie as they are, whatever the layout of the rest.
void read_plainly(Candidate& c, size_t begin, size_t end) {
  for (size_t i = begin; i < std::min(end, c.inputs.size()); ++i) c.inputs[i] = Layout::kPlain;
}

}  // namespace

void offer_quantized_conv(const Request& r, std::string_view family, Offer& offer) {
  const Value& weights = *r.node.input(1);
  if (weights.is_constant()) {
    Candidate c = candidate_for(r, std::string(family));
    read_plainly(c, 1, 4);
    c.args.set("weight_dims", weights.constant().dims());
    const int64_t channels = weights.constant().dims()[1], filled = (channels + 3) / 4 * 4;
    const bool groups = r.node.attrs().get_int("group", 1) != 1;
    if (!groups &&
        filled != channels) {  // a first layer: elements one by one are slow, four of them are a word
      c.inputs[0] = Layout::kPlain;
      c.args.set("padded_channels", filled);
    }
    c.packed.push_back(pack_channels_last(1, weights, groups ? channels : filled));
    offer_own(r, c, offer);
  } else {
    offer.skipped.push_back({std::string(family), "the filter is not constant"});
  }
  if (offer.candidates.empty()) offer_conv_direct(r, "conv_direct", offer);
}

void offer_quantized_matmul(const Request& r, std::string_view family, Offer& offer) {
  Candidate c = candidate_for(r, std::string(family));
  c.inputs.assign(c.inputs.size(), Layout::kPlain);
  const Value& b = *r.node.input(1);
  if (r.node.attrs().get_int("trans_b") == 0) {
    if (!b.is_constant() || b.type().rank() != 2)
      return offer.skipped.push_back({"implicit_gemm", "B is neither constant nor transposed"});
    c.packed.push_back(pack_transposed(1, b));
  }
  offer_own(r, c, offer);
}

void offer_integer_product(const Request& r, std::string_view family, Offer& offer) {
  Candidate c = candidate_for(r, std::string(family));
  c.inputs.assign(c.inputs.size(), Layout::kPlain);
  const Value& b = *r.node.input(1);
  if (b.is_constant() && b.type().rank() == 2) {
    c.args.set("trans_b", int64_t{1});
    c.packed.push_back(pack_transposed(1, b));
  }
  offer_if_possible(r, std::move(c), offer);
}

// Elements in whatever order; scale and zero point are single numbers.
void offer_dynamic_quantize(const Request& r, std::string_view family, Offer& offer) {
  Candidate c = candidate_for(r, std::string(family));
  std::fill(c.outputs.begin() + 1, c.outputs.end(), Layout::kPlain);
  offer_if_possible(r, std::move(c), offer);
}

// Quantizers as pointwise programs: division first, as the definition has it, then rounding and saturation
// where the result is stored. Scales along an axis are operands that repeat.
void offer_quantize(const Request& r, std::string_view family, Offer& offer) {
  const Node& node = r.node;
  const auto skip = [&](const char* why) { offer.skipped.push_back({"pointwise", why}); };
  const bool quantizes = node.is("QuantizeLinear");
  const DataType narrow = quantizes ? node.output()->dtype() : node.input(0)->dtype();
  const DataType wide = quantizes ? node.input(0)->dtype() : node.output()->dtype();
  const bool byte = narrow == DataType::kI8 || narrow == DataType::kU8 || narrow == DataType::kF8E4M3;
  if (!byte || !is_float(wide) || wide == DataType::kF64) return skip("its types have no kernel");
  if (node.attrs().get_int("block_size") != 0) return skip("it has a scale for each block");
  if (quantizes && node.attrs().get_int("saturate", 1) == 0) return skip("it does not saturate");
  const Value* scale = node.input(1);
  if (!is_static(scale->shape())) return skip("the number of scales is not known");
  const bool has_zero = node.input(2) != nullptr && !is_float(narrow);
  const int64_t scales = num_elements(eval(scale->shape(), {}).value());
  const int rank = node.output()->type().rank();
  int64_t axis = node.attrs().get_int("axis", 1);
  if (axis < 0) axis += rank;
  Candidate c = candidate_for(r, std::string(family));
  read_plainly(c, 1, 3);
  // The rounding is that of storing; what is added before it is an integer.
  c.args = {{"program", std::string(quantizes  ? has_zero ? "div x0 x1; round t0; add t1 x2" : "div x0 x1"
                                    : has_zero ? "sub x0 x2; mul t0 x1"
                                               : "mul x0 x1")},
            {"output_dtype", int64_t{1}}};
  if (scales > 1) c.args.set("axis", axis);
  offer_if_possible(r, std::move(c), offer);
}

}  // namespace ingot::cuda
