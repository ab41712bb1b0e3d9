// Copies a tensor into another layout, or into the same one.
#include <algorithm>
#include <cstring>

#include "backends/cpu/kernels/layout/reorder.h"
#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {
namespace {

class ReorderKernel final : public Kernel {
 public:
  explicit ReorderKernel(Isa isa) : isa_(isa) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Dims& d = in[0]->dims;
    if (in[0]->layout == out[0]->layout) return {};
    if (d.size() < 3 || in[0]->dtype != DataType::kF32)
      return invalid_argument("only f32 images change their layout, got ", dims_to_string(d));
    desc_ = {d[0], d[1], num_elements(Dims(d.begin() + 2, d.end()))};
    return {};
  }

  Status run(const Invocation& call) override {
    const TensorArg &src = *call.inputs[0], &dst = *call.outputs[0];
    if (src.layout == dst.layout)
      copy(pool_of(call), src, dst);
    else if (dst.layout == Layout::kBlocked)
      reorder_to_blocked(pool_of(call), isa_, desc_, src.as<const float>(), dst.as<float>());
    else
      reorder_to_plain(pool_of(call), isa_, desc_, src.as<const float>(), dst.as<float>());
    return {};
  }

 private:
  static void copy(ThreadPool& pool, const TensorArg& src, const TensorArg& dst) {
    const auto bytes = static_cast<int64_t>(src.bytes());
    pool.run([&](int thread) {
      const Share part = share(bytes, thread, pool.size());
      if (part.end > part.begin)
        std::memcpy(dst.as<char>() + part.begin, src.as<char>() + part.begin,
                    static_cast<size_t>(part.end - part.begin));
    });
  }

  Isa isa_;
  ReorderDesc desc_{};
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_reorder_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<ReorderKernel>(isa));
}

}  // namespace ingot::cpu
