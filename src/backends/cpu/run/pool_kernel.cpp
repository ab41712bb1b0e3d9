// Pools over windows and over whole images. args: the op's attributes; `kind`: "max" or "average"; `global`:
// 1 for a pool over all pixels.
#include "backends/cpu/kernels/pool/pool.h"
#include "backends/cpu/run/kernel.h"
#include "backends/cpu/run/window2d.h"

namespace ingot::cpu {
namespace {

class PoolKernel final : public Kernel {
 public:
  PoolKernel(const KernelSpec& spec, PoolKind kind, Isa isa)
      : args_(spec.args()), kind_(kind), isa_(isa), threads_(spec.threads) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    INGOT_ASSIGN_OR_RETURN(const Window2d w,
                           Window2d::make(args_, args_.get_ints("kernel_shape"), *in[0], *out[0]));
    PoolDesc d;
    d.kind = kind_;
    d.blocked = in[0]->layout == Layout::kBlocked;
    d.count_padding = args_.get_int("count_include_pad") != 0;
    d.batch = w.batch, d.channels = w.channels;
    d.in_h = w.in_h, d.in_w = w.in_w, d.out_h = w.out_h, d.out_w = w.out_w;
    d.kernel_h = w.kernel_h, d.kernel_w = w.kernel_w, d.stride_h = w.stride_h, d.stride_w = w.stride_w;
    d.dilation_h = w.dilation_h, d.dilation_w = w.dilation_w;
    d.pad_top = w.pad_top, d.pad_left = w.pad_left, d.pad_bottom = w.pad_bottom, d.pad_right = w.pad_right;
    pool_.prepare(d, isa_, threads_);
    return {};
  }
  size_t scratch_bytes() const override { return pool_.scratch_bytes(); }

  Status run(const Invocation& call) override {
    const auto* x = call.inputs[0]->as<const float>();
    if (call.outputs.size() > 1 && call.outputs[1]->given())
      pool_.run_with_indices(pool_of(call), x, call.outputs[0]->as<float>(), call.outputs[1]->as<int64_t>(),
                             args_.get_int("storage_order") != 0);
    else
      pool_.run(pool_of(call), x, call.outputs[0]->as<float>(), call.scratch);
    return {};
  }

 private:
  Attrs args_;
  PoolKind kind_;
  Isa isa_;
  int threads_;
  Pool pool_;
};

class GlobalPoolKernel final : public Kernel {
 public:
  GlobalPoolKernel(PoolKind kind, Isa isa) : isa_(isa) { desc_.kind = kind; }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Dims& d = in[0]->dims;
    if (d.size() < 3) return invalid_argument("a pool over all pixels got ", dims_to_string(d));
    desc_.blocked = in[0]->layout == Layout::kBlocked;
    desc_.batch = d[0];
    desc_.channels = d[1];
    desc_.pixels = num_elements(Dims(d.begin() + 2, d.end()));
    return {};
  }
  Status run(const Invocation& call) override {
    global_pool(pool_of(call), isa_, desc_, call.inputs[0]->as<const float>(), call.outputs[0]->as<float>());
    return {};
  }

 private:
  Isa isa_;
  GlobalPoolDesc desc_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_pool_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  const PoolKind kind = spec.args().get_string("kind") == "max" ? PoolKind::kMax : PoolKind::kAverage;
  if (spec.args().get_int("global") != 0)
    return std::unique_ptr<Kernel>(std::make_unique<GlobalPoolKernel>(kind, isa));
  return std::unique_ptr<Kernel>(std::make_unique<PoolKernel>(spec, kind, isa));
}

}  // namespace ingot::cpu
