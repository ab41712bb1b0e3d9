// Candidates for matrix products, cuBLASLt's algorithms, and for attention, which is made of them.
#include "backends/cuda/compile/family.h"
#include "backends/cuda/steps/attention.h"
#include "backends/cuda/steps/matmul_problem.h"

namespace ingot::cuda {
namespace {
constexpr size_t kAlgorithms = 12;
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
    offer.candidates.push_back(std::move(c));
  }
  return {};
}

void offer_matmul(const Request& r, std::string_view family, Offer& offer) {
  Candidate c = candidate_for(r, std::string(family));
  c.inputs.assign(c.inputs.size(), Layout::kPlain);
  c.args.set("tf32", int64_t{r.tf32});
  if (const Status status = offer_algorithms(r, c, offer); !status.ok())
    offer.skipped.push_back({"cublaslt", std::string(status.message())});
}

void offer_attention(const Request& r, std::string_view family, Offer& offer) {
  Candidate c = candidate_for(r, std::string(family));
  c.inputs.assign(c.inputs.size(), Layout::kPlain);
  c.args.set("tf32", int64_t{r.tf32});
  const auto step = attention_step(OptStep(r, c).view(), r.tf32);
  if (!step.ok()) return offer.skipped.push_back({"attention", std::string(step.status().message())});
  if (const auto found = cublaslt(); !found.ok())
    return offer.skipped.push_back({"attention", std::string(found.status().message())});
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cuda
