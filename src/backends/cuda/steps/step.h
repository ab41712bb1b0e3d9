// How a plan step that our own kernels compute becomes launches of them: one pure function per family, asked
// by the Target (can it be done at these sizes?) and by the Device (with the sizes of the run).
#pragma once

#include <span>

#include "backends/cuda/kernels/kernel_spec.h"
#include "engine/plan.h"
#include "runtime/device.h"

namespace ingot::cuda {

/// A step with its operands' concrete shapes. Pointers are not set.
struct StepView {
  std::string_view kernel;  // PlanStep::kernel, the op's name where the family has several
  const Attrs& args;
  std::span<const TensorArg*const> inputs, outputs;

  const TensorArg& in(size_t i) const { return *inputs[i]; }
  const TensorArg& out(size_t i) const { return *outputs[i]; }
  bool has(size_t i) const { return i < inputs.size() && inputs[i]->given(); }
};

/// An argument of a launch: an operand of the step, from some byte on.
struct Pointer {
  enum Of : uint8_t { kInput, kOutput, kScratch, kTable, kNone } of = kInput;
  size_t index = 0;
  size_t offset = 0;
  size_t bytes = 0;  // of kScratch: how many there have to be
  Tensor values;     // of kTable: what lies there, made for these sizes
};
inline Pointer input(size_t i, size_t offset = 0) { return {Pointer::kInput, i, offset}; }
inline Pointer scratch(size_t offset, size_t bytes) { return {Pointer::kScratch, 0, offset, bytes}; }
inline Pointer table(Tensor values) { return {Pointer::kTable, 0, 0, 0, std::move(values)}; }
inline Pointer nothing() { return {Pointer::kNone}; }
inline Pointer output(size_t i, size_t offset = 0) { return {Pointer::kOutput, i, offset}; }

/// Where pieces of scratch memory may begin.
inline constexpr size_t kAlignment = 256;
inline size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }
/// The largest power of two, up to 16 bytes, that divides an offset.
inline int alignment_of(size_t offset) {
  int alignment = 16;
  while (offset % static_cast<size_t>(alignment) != 0) alignment /= 2;
  return alignment;
}

struct Launch {
  KernelSpec spec;
  std::vector<Pointer> pointers;
};
using Launches = std::vector<Launch>;
using LaunchFunction = Result<Launches> (*)(const StepView& step);

/// The family of that name (PlanStep::op), or null. Errors of its function are kUnsupported, and say what it
/// has no kernel for.
LaunchFunction find_launches(std::string_view family);

/// Strides of an operand in elements, by logical dims: channels last or row-major.
Dims strides_of(const TensorArg& operand);
/// What an epilogue's text does to output 0, in place, with the inputs from `first` on. Nothing for an empty
/// text.
Result<Launches> epilogue_launches(const StepView& step, std::string_view epilogue, size_t first);
/// Input 0 times input 1, which may repeat, to memory as large as input 0.
Result<Launches> scale_launches(const StepView& step, const Pointer& to);

}  // namespace ingot::cuda
