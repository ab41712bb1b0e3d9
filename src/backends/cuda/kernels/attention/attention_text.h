// What the kernels of attention have in common.
#pragma once

#include "backends/cuda/kernels/attention/attention.h"

namespace ingot::cuda {

/// Types, head sizes and masks as options, and the parameters. Errors: kUnsupported.
Status define_attention(KernelSpec& spec, const AttentionProblem& problem);
/// attention_kernel for configurations with warpgroups.
Result<KernelSpec> attention_by_warpgroups(const AttentionProblem& problem, AttentionConfig config);

}  // namespace ingot::cuda
