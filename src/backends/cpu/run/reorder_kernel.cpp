// Copies a tensor into another layout (or the same one).
#include <algorithm>
#include <cstring>

#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {
namespace {

class ReorderKernel final : public Kernel {
 public:
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Dims& d = in[0]->dims;
    batch_ = d.size() > 0 ? d[0] : 1;
    channels_ = d.size() > 1 ? d[1] : 1;
    spatial_ = 1;
    for (size_t i = 2; i < d.size(); ++i) spatial_ *= d[i];
    return {};
  }

  Status run(const Invocation& call) override {
    const TensorArg &src = *call.inputs[0], &dst = *call.outputs[0];
    if (src.layout == dst.layout) {
      if (src.bytes() > 0) std::memcpy(dst.data, src.data, src.bytes());
      return {};
    }
    const bool to_blocked = dst.layout == Layout::kBlocked;
    const int64_t block = to_blocked ? dst.block : src.block;
    const int64_t blocks = (channels_ + block - 1) / block;
    ThreadPool& pool = pool_of(call);
    pool.run([&](int thread) {
      const Share part = share(batch_ * blocks, thread, pool.size());
      for (int64_t i = part.begin; i < part.end; ++i) {
        const int64_t n = i / blocks, c0 = i % blocks * block;
        const int64_t real = std::min(block, channels_ - c0);
        const int64_t plain = (n * channels_ + c0) * spatial_;
        if (to_blocked)
          pack(src.as<float>() + plain, dst.as<float>() + i * spatial_ * block, real, block);
        else
          unpack(src.as<float>() + i * spatial_ * block, dst.as<float>() + plain, real, block);
      }
    });
    return {};
  }

 private:
  void pack(const float* src, float* dst, int64_t real, int64_t block) const {
    for (int64_t s = 0; s < spatial_; ++s)
      for (int64_t c = 0; c < block; ++c) dst[s * block + c] = c < real ? src[c * spatial_ + s] : 0.0f;
  }
  void unpack(const float* src, float* dst, int64_t real, int64_t block) const {
    for (int64_t c = 0; c < real; ++c)
      for (int64_t s = 0; s < spatial_; ++s) dst[c * spatial_ + s] = src[s * block + c];
  }

  int64_t batch_ = 1, channels_ = 1, spatial_ = 1;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_reorder_kernel(const KernelSpec&) {
  return std::unique_ptr<Kernel>(std::make_unique<ReorderKernel>());
}

}  // namespace ingot::cpu
