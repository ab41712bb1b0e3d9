// How ops of a graph become candidates for the GPU: one function per kind, one line per op in
// compile/ops.inc.
#pragma once

#include "backends/cuda/run/stream.h"
#include "backends/cuda/steps/step.h"
#include "target/target.h"

namespace ingot::cuda {

/// What an offer is made for.
struct Request {
  const Node& node;
  const OptShapes& shapes;
  Layout layout;  // wanted for the first output
  CudaStream& stream;
  bool tf32;
};

/// The candidate's step at the opt shapes, to ask what can compute it.
class OptStep {
 public:
  OptStep(const Request& request, const Candidate& candidate);
  StepView view() const { return {candidate_.kernel, candidate_.args, inputs_, outputs_}; }

 private:
  const Candidate& candidate_;
  std::vector<TensorArg> args_;
  std::vector<const TensorArg*> inputs_, outputs_;
};

/// Kernels of libraries wait until the one before them has ended, and those after them until they have: what
/// that costs beside our own, which overlap.
inline constexpr double kSerialized = 1e-6;

/// Which layout the node's first output has.
using RuleFunction = LayoutRule (*)(const Node& node);
/// Appends candidates, best first, and what is left out with the reason.
using OfferFunction = void (*)(const Request& request, std::string_view family, Offer& offer);

/// A candidate with all operands of the output's rank in `layout` (constants and others plain).
Candidate candidate_for(const Request& request, std::string op);
/// Appends the candidate for a Slice of several axes, or with steps.
void offer_strided_slice(const Request& request, Offer& offer);
/// Appends a depthwise convolution in pieces of the result of several sizes, of what a thread computes.
void offer_depthwise_pieces(const Request& request, Candidate candidate, Offer& offer);
/// Keeps `candidate` if its family has kernels for it at the opt shapes.
void offer_if_possible(const Request& request, Candidate candidate, Offer& offer);

}  // namespace ingot::cuda
