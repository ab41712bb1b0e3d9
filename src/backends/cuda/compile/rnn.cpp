// Candidates for LSTM, GRU and RNN with default activations.
#include "backends/cuda/kernels/rnn/rnn.h"

#include "backends/cuda/compile/family.h"
#include "backends/cuda/steps/implicit_gemm.h"

namespace ingot::cuda {
namespace {

// The cell whose activations are the default ones, in all directions.
std::optional<Cell> cell_of(const Node& node) {
  const Strings given = node.attrs().get<Strings>("activations");
  const bool rnn = node.is("RNN");
  const Strings expected = node.is("LSTM")  ? Strings{"Sigmoid", "Tanh", "Tanh"}
                           : node.is("GRU") ? Strings{"Sigmoid", "Tanh"}
                                            : Strings{given.empty() ? "Tanh" : given[0]};
  for (size_t i = 0; i < given.size(); ++i)
    if (given[i] != expected[i % expected.size()]) return std::nullopt;
  if (rnn && expected[0] != "Tanh" && expected[0] != "Relu") return std::nullopt;
  return node.is("LSTM")         ? Cell::kLstm
         : node.is("GRU")        ? Cell::kGru
         : expected[0] == "Relu" ? Cell::kRelu
                                 : Cell::kTanh;
}

}  // namespace

void offer_rnn(const Request& r, std::string_view family, Offer& offer) {
  const auto cell = cell_of(r.node);
  if (!cell) return offer.skipped.push_back({"rnn", "its activations are not the default ones"});
  Candidate c = candidate_for(r, std::string(family));
  c.args.set("cell", static_cast<int64_t>(*cell));
  c.args.set("exact", int64_t{!r.tf32});
  const auto product = rnn_product(OptStep(r, c).view());
  if (!product.ok()) return offer.skipped.push_back({"rnn", std::string(product.status().message())});
  const auto configs = conv_configs(*product, r.stream.gpu().multiprocessors, false);
  if (configs.empty()) return offer.skipped.push_back({"rnn", "no product of its inputs"});
  c.args.set("config", to_ints(configs.front()));
  offer_if_possible(r, std::move(c), offer);
}

}  // namespace ingot::cuda
