// MultiHeadAttention as two products with a softmax between them, the heads brought together before and
// spread after them.
#pragma once

#include "backends/cuda/kernels/attention/attention.h"
#include "backends/cuda/libs/matmul.h"
#include "backends/cuda/steps/step.h"

namespace ingot::cuda {

struct AttentionStep {
  Launches split;  // q, k and v to [batch, heads, rows, columns]
  MatMulProblem scores, values;
  Launches normalise;  // mask and softmax
  Launches join;       // the result to [batch, rows, heads * columns]
  // Where each lies in scratch memory, and how much of that there is.
  size_t q = 0, k = 0, v = 0, logits = 0, weights = 0, result = 0, bytes = 0;
};

/// The whole as one kernel's problem. Errors: kUnsupported.
Result<AttentionProblem> fused_attention_problem(const StepView& step);

/// Errors: kUnsupported.
Result<AttentionStep> attention_step(const StepView& step, bool tf32);

}  // namespace ingot::cuda
