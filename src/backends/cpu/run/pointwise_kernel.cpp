// Pointwise programs over whole tensors. args: `program`; `channels`: per input 1 where it is a vector of one
// number per channel, padded to whole blocks.
#include "backends/cpu/kernels/pointwise/pointwise.h"
#include "backends/cpu/run/kernel.h"
#include "backends/cpu/run/program.h"

namespace ingot::cpu {
namespace {

// The dims in which a tensor is walked: blocked ones as [N, C / b, spatial..., b].
Dims walked(const Dims& dims, Layout layout, int block) {
  if (layout == Layout::kPlain) return dims;
  Dims out = dims;
  out[1] = (dims[1] + block - 1) / block;
  out.push_back(block);
  return out;
}

// Strides of `arg` along the walked dims of an output of shape `dst`.
Dims strides_of(const TensorArg& arg, const TensorArg& dst, bool per_channel) {
  const bool blocked = dst.layout == Layout::kBlocked;
  const size_t rank = dst.dims.size();
  Dims out(rank + (blocked ? 1 : 0), 0);
  if (per_channel) {
    out[1] = dst.block;
    out[rank] = 1;
    return out;
  }
  const bool lanes = arg.layout == Layout::kBlocked;
  int64_t step = lanes ? arg.block : 1;
  for (size_t i = 0; i < arg.dims.size(); ++i) {
    const size_t d = arg.dims.size() - 1 - i;
    const int64_t size = lanes && d == 1 ? (arg.dims[1] + arg.block - 1) / arg.block : arg.dims[d];
    if (arg.dims[d] != 1) out[rank - 1 - i] = step;
    step *= size;
  }
  if (lanes) out[rank] = 1;
  return out;
}

class PointwiseKernel final : public Kernel {
 public:
  PointwiseKernel(std::vector<VectorInstruction> program, Ints channels, Isa isa, int threads)
      : program_(std::move(program)), channels_(std::move(channels)), isa_(isa), threads_(threads) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    PointwiseDesc desc;
    desc.program = program_;
    desc.dims = walked(out[0]->dims, out[0]->layout, out[0]->block);
    for (size_t i = 0; i < in.size(); ++i)
      desc.input_strides.push_back(strides_of(*in[i], *out[0], i < channels_.size() && channels_[i] != 0));
    if (out[0]->layout == Layout::kBlocked) desc.channels = out[0]->dims[1];
    kernel_.prepare(desc, isa_, threads_);
    pointers_.resize(in.size());
    return {};
  }
  size_t scratch_bytes() const override { return kernel_.scratch_bytes(); }

  Status run(const Invocation& call) override {
    for (size_t i = 0; i < pointers_.size(); ++i) pointers_[i] = call.inputs[i]->as<const float>();
    kernel_.run(pool_of(call), pointers_.data(), call.outputs[0]->as<float>(), call.scratch);
    return {};
  }

 private:
  std::vector<VectorInstruction> program_;
  Ints channels_;
  Isa isa_;
  int threads_;
  Pointwise kernel_;
  std::vector<const float*> pointers_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_pointwise_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(auto program, vector_program(spec.args().get_string("program"),
                                                      static_cast<int>(spec.step.inputs.size())));
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<PointwiseKernel>(
      std::move(program), spec.args().get_ints("channels"), isa, spec.threads));
}

}  // namespace ingot::cpu
