// Pointwise programs over whole tensors. args: `program`; `channels`: per input 1 where it is a vector of one
// number per channel, padded to whole blocks.
#include "backends/cpu/kernels/pointwise/pointwise.h"
#include "backends/cpu/run/epilogue.h"
#include "backends/cpu/run/program.h"

namespace ingot::cpu {
namespace {

class PointwiseKernel final : public Kernel {
 public:
  PointwiseKernel(std::vector<VectorInstruction> program, Ints channels, Isa isa, int threads)
      : program_(std::move(program)), channels_(std::move(channels)), isa_(isa), threads_(threads) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    PointwiseDesc desc;
    desc.program = program_;
    desc.dims = walked_dims(out[0]->dims, out[0]->layout, out[0]->block);
    for (size_t i = 0; i < in.size(); ++i)
      desc.input_strides.push_back(
          walked_strides(*in[i], *out[0], i < channels_.size() && channels_[i] != 0));
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
