// Candidates for LSTM, GRU and RNN: constant weights are packed together; default activations only.
#include "backends/cpu/kernels/rnn/rnn.h"

#include "backends/cpu/compile/family.h"

namespace ingot::cpu {
namespace {

// The default activations, in any number of directions.
bool default_activations(const Node& node, bool& relu) {
  const Strings given = node.attrs().get<Strings>("activations");
  relu = false;
  if (given.empty()) return true;
  const Strings expected = node.is("LSTM")  ? Strings{"Sigmoid", "Tanh", "Tanh"}
                           : node.is("GRU") ? Strings{"Sigmoid", "Tanh"}
                                            : Strings{given[0]};
  for (size_t i = 0; i < given.size(); ++i)
    if (given[i] != expected[i % expected.size()]) return false;
  relu = node.is("RNN") && given[0] == "Relu";
  return !node.is("RNN") || relu || given[0] == "Tanh";
}

const char* why_not(const Node& node, bool& relu) {
  if (!is_f32(node.input(0))) return "the input is not a ranked f32 tensor";
  for (size_t i : {1, 2, 3, 7})
    if (const Value* v = node.input(i); v != nullptr && !v->is_constant()) return "weights are not constant";
  for (size_t i : {5, 6})
    if (const Value* v = node.input(i); v != nullptr && !is_f32(v)) return "a state is not f32";
  if (const Value* v = node.input(4); v != nullptr && v->dtype() != DataType::kI32)
    return "sequence_lens is not i32";
  if (!default_activations(node, relu)) return "the activations are not the default ones";
  if (node.attrs().has("clip") && node.attrs().get_float("clip") != 0) return "cells are clipped";
  if (node.attrs().get_int("input_forget") != 0) return "input and forget gates are coupled";
  return nullptr;
}

}  // namespace

LayoutRule rnn_rule(const Request&) { return LayoutRule::kPlain; }

void rnn_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str(node.op().name, "_f32__", isa_name(r.isa));
  bool relu = false;
  if (const char* reason = why_not(node, relu)) return offer.skipped.push_back({kernel, reason});
  const Dims& w = node.input(1)->constant().dims();
  const Dims& recurrent = node.input(2)->constant().dims();
  RnnDesc d;
  d.cell = node.is("LSTM") ? RnnCell::kLstm
           : node.is("GRU")
               ? (node.attrs().get_int("linear_before_reset") != 0 ? RnnCell::kGru : RnnCell::kGruReset)
           : relu ? RnnCell::kRelu
                  : RnnCell::kTanh;
  d.directions = w[0];
  d.inputs = w[2];
  d.hidden = recurrent[2];
  Candidate c = candidate_for(node, "rnn", kernel, Layout::kPlain);
  c.args.set("cell", static_cast<int64_t>(d.cell));
  c.args.set("hidden", d.hidden);
  c.args.set("inputs", d.inputs);
  c.args.set("directions", d.directions);
  c.args.set("reverse", int64_t{node.attrs().get_string("direction") == "reverse"});
  c.args.set("batch_first", node.attrs().get_int("layout"));
  auto tensor = [&](size_t i) { return node.input(i) != nullptr ? node.input(i)->constant() : Tensor(); };
  const Tensor tw = tensor(1), tr = tensor(2), tb = tensor(3), tp = tensor(7);
  c.packed.push_back(
      {1, str("rnn/", isa_name(r.isa), "/", static_cast<int>(d.cell)), [=, isa = r.isa]() -> Result<Tensor> {
         INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(DataType::kF32, {rnn_packed_floats(d, isa)}));
         auto data = [](const Tensor& t) { return t.valid() ? t.span<float>().data() : nullptr; };
         pack_rnn(d, isa, {data(tw), data(tr), data(tb), data(tp)}, static_cast<float*>(out.mutable_data()));
         return out;
       }});
  // Everything is in the packed weights; one number stands where the others were.
  for (size_t i : {2, 3, 7})
    if (node.input(i) != nullptr)
      c.packed.push_back({i, "rnn/packed", [] { return Result<Tensor>(Tensor::scalar_f32(0)); }});
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
