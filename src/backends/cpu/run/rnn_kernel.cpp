// LSTM, GRU and RNN with packed weights. args: cell, hidden, directions, reverse, batch_first.
#include "backends/cpu/kernels/rnn/rnn.h"
#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {
namespace {

class RnnKernel final : public Kernel {
 public:
  RnnKernel(const KernelSpec& spec, Isa isa) : isa_(isa), threads_(spec.threads) {
    const Attrs& args = spec.args();
    desc_.cell = static_cast<RnnCell>(args.get_int("cell"));
    desc_.hidden = args.get_int("hidden");
    desc_.directions = args.get_int("directions");
    desc_.inputs = args.get_int("inputs");
    desc_.reverse = args.get_int("reverse") != 0;
    desc_.batch_first = args.get_int("batch_first") != 0;
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Dims& x = in[0]->dims;
    if (x.size() != 3 || x[2] != desc_.inputs)
      return invalid_argument("got a sequence of ", dims_to_string(x), ", expected ", desc_.inputs,
                              " features");
    desc_.steps = x[desc_.batch_first ? 1 : 0];
    desc_.batch = x[desc_.batch_first ? 0 : 1];
    desc_.lengths = in.size() > 4 && in[4]->given();
    if (num_elements(in[1]->dims) != rnn_packed_floats(desc_, isa_))
      return corrupt("the packed weights have ", num_elements(in[1]->dims), " numbers");
    rnn_.prepare(desc_, isa_, threads_);
    return {};
  }
  size_t scratch_bytes() const override { return rnn_.scratch_bytes(); }

  Status run(const Invocation& call) override {
    auto in = [&](size_t i) -> const float* {
      return i < call.inputs.size() && call.inputs[i]->given() ? call.inputs[i]->as<const float>() : nullptr;
    };
    auto out = [&](size_t i) -> float* {
      return i < call.outputs.size() && call.outputs[i]->given() ? call.outputs[i]->as<float>() : nullptr;
    };
    RnnOperands o;
    o.x = in(0);
    o.packed = in(1);
    o.h0 = in(5);
    o.c0 = in(6);
    o.y = out(0);
    o.h = out(1);
    o.c = out(2);
    if (desc_.lengths) {
      o.lengths = call.inputs[4]->as<const int32_t>();
      for (int64_t b = 0; b < desc_.batch; ++b)
        if (o.lengths[b] < 0 || o.lengths[b] > desc_.steps)
          return invalid_argument("sequence_lens[", b, "] is ", o.lengths[b], ", expected 0 to ",
                                  desc_.steps);
    }
    rnn_.run(pool_of(call), o, call.scratch);
    return {};
  }

 private:
  Isa isa_;
  int threads_;
  RnnDesc desc_;
  Rnn rnn_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_rnn_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  const int64_t cell = spec.args().get_int("cell");
  if (cell < 0 || cell >= kRnnCells || spec.args().get_int("hidden") < 1 ||
      spec.args().get_int("directions") < 1 || spec.args().get_int("directions") > 2 ||
      spec.step.inputs.size() < 3)
    return corrupt("a recurrent layer with cell ", cell);
  return std::unique_ptr<Kernel>(std::make_unique<RnnKernel>(spec, isa));
}

}  // namespace ingot::cpu
