// Candidates for matrix products, cuBLASLt's algorithms, and for attention, which is made of them.
#include "backends/cuda/compile/family.h"
#include "backends/cuda/steps/attention.h"
#include "backends/cuda/steps/implicit_gemm.h"
#include "backends/cuda/steps/matmul_problem.h"
#include "target/channels_last.h"

namespace ingot::cuda {
namespace {
constexpr size_t kAlgorithms = 8;
constexpr size_t kConfigs = 11;
}  // namespace

/// Our own kernel's configurations for a step of family "implicit_gemm", as above.
Status offer_configs(const Request& r, const Candidate& base, Offer& offer) {
  const Gpu& gpu = r.stream.gpu();
  Candidate c = base;
  c.args.set("exact", int64_t{!r.tf32});
  INGOT_ASSIGN_OR_RETURN(const ConvProblem problem, implicit_gemm_problem(OptStep(r, c).view()));
  const auto configs = conv_configs(problem, gpu.multiprocessors, gpu.arch == "sm_90a");
  if (configs.empty()) return unsupported("no configuration fits");
  for (const ConvConfig& config : std::span(configs).first(std::min(configs.size(), kConfigs))) {
    c.kernel = name_of(config);
    c.args.set("config", to_ints(config));
    offer_if_possible(r, c, offer);
  }
  return {};
}

/// The algorithms for a step of family "matmul", each as `base` with its own name and arguments.
Status offer_algorithms(const Request& r, const Candidate& base, Offer& offer) {
  INGOT_ASSIGN_OR_RETURN(const CublasLtHandle handle, r.stream.cublaslt_handle());
  INGOT_ASSIGN_OR_RETURN(const MatMulStep step, matmul_step(OptStep(r, base).view(), r.tf32));
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<MatMulPlan> plan,
                         MatMulPlan::create(**cublaslt(), handle, step.problem));
  INGOT_ASSIGN_OR_RETURN(const std::vector<CublasLtAlgo> algorithms, plan->algorithms(kAlgorithms));
  for (const CublasLtAlgo& algorithm : algorithms) {
    Candidate c = base;
    Ints words;
    for (uint64_t word : algorithm.data) words.push_back(static_cast<int64_t>(word));
    c.args.set("algorithm", words);
    c.beside_others = kSerialized;
    offer.candidates.push_back(std::move(c));
  }
  return {};
}

void offer_matmul(const Request& r, std::string_view family, Offer& offer) {
  Candidate c = candidate_for(r, std::string(family));
  c.inputs.assign(c.inputs.size(), Layout::kPlain);
  c.args.set("tf32", int64_t{r.tf32});
  const Value& b = *r.node.input(1);
  const bool transposed = r.node.attrs().get_int("trans_b") != 0;
  if (transposed || (b.is_constant() && b.type().rank() == 2)) {
    Candidate own = c;
    own.op = "implicit_gemm";
    if (!transposed) own.packed.push_back(pack_transposed(1, b));
    if (const Status status = offer_configs(r, own, offer); !status.ok())
      offer.skipped.push_back({"implicit_gemm", std::string(status.message())});
  }
  if (const Status status = offer_algorithms(r, c, offer); !status.ok())
    offer.skipped.push_back({"cublaslt", std::string(status.message())});
}

void offer_attention(const Request& r, std::string_view family, Offer& offer) {
  Candidate c = candidate_for(r, std::string(family));
  c.inputs.assign(c.inputs.size(), Layout::kPlain);
  Candidate fused = c;
  fused.op = "fused_attention";
  if (const auto problem = fused_attention_problem(OptStep(r, fused).view()); problem.ok()) {
    const Gpu& gpu = r.stream.gpu();
    for (const AttentionConfig& c : attention_configs(*problem, gpu.multiprocessors, gpu.arch == "sm_90a")) {
      fused.kernel = c.warpgroups > 0 ? str("attention_", c.warpgroups, "_warpgroups_", c.keys)
                                      : str("attention_", 16 * c.query_warps, "x", c.key_warps);
      fused.args.set("config", Ints{c.query_warps, c.key_warps, c.warpgroups, c.keys});
      offer_if_possible(r, fused, offer);
    }
  } else {
    offer.skipped.push_back({"fused_attention", std::string(problem.status().message())});
  }
  c.args.set("tf32", int64_t{r.tf32});
  const auto step = attention_step(OptStep(r, c).view(), r.tf32);
  if (!step.ok()) return offer.skipped.push_back({"attention", std::string(step.status().message())});
  if (const auto found = cublaslt(); !found.ok())
    return offer.skipped.push_back({"attention", std::string(found.status().message())});
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cuda
