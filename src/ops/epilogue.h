// Epilogues: the attribute `epilogue` of Conv, ConvTranspose and FusedMatMul, a pointwise program that runs
// on the op's own result (x0) and on the node's extra inputs (x1, x2...), which broadcast to that result.
#pragma once

#include "ops/op.h"
#include "ops/pointwise_program.h"

namespace ingot::ops {

/// The attribute's specification: absent or empty means none.
inline AttrSpec epilogue_attr() { return optional<std::string>("epilogue", ""); }

/// Checks the program against output 0 (already set) and the extra inputs from index `first` on.
Status infer_epilogue(InferContext& c, size_t first);
/// Runs the program in place on `y`, output 0.
Status eval_epilogue(EvalContext& c, size_t first, const TensorView& y);
/// What it adds to the op's cost.
Cost epilogue_cost(const CostContext& c, size_t first);

}  // namespace ingot::ops
