// Candidates for ConvTranspose: our own kernel.
#include <cstring>

#include "backends/cuda/compile/family.h"

namespace ingot::cuda {
namespace {

// [C, K / groups, spatial...] as [spatial..., C, K / groups].
PackedInput pack_taps_first(size_t input, const Value& weights) {
  const Tensor& data = weights.constant();
  return {input, "taps_first", [data]() -> Result<Tensor> {
            const Dims& d = data.dims();
            const int64_t planes = d[0] * d[1], taps = data.size() / std::max<int64_t>(1, planes);
            const size_t size = byte_size(data.dtype(), 1);
            INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(data.dtype(), d));
            const auto* from = static_cast<const std::byte*>(data.data());
            auto* to = static_cast<std::byte*>(out.mutable_data());
            for (int64_t t = 0; t < taps; ++t)
              for (int64_t plane = 0; plane < planes; ++plane, to += size)
                std::memcpy(to, from + static_cast<size_t>(plane * taps + t) * size, size);
            return out;
          }};
}

}  // namespace

void offer_conv_transpose(const Request& r, std::string_view family, Offer& offer) {
  const Value& weights = *r.node.input(1);
  Candidate c = candidate_for(r, std::string(family));
  c.inputs[1] = Layout::kPlain;
  if (weights.is_constant()) {
    c.args.set("weight_dims", weights.constant().dims());
    c.packed.push_back(pack_taps_first(1, weights));
  }
  offer_if_possible(r, std::move(c), offer);
}

}  // namespace ingot::cuda
