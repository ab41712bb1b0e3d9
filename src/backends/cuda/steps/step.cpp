#include "backends/cuda/steps/step.h"

namespace ingot::cuda {

#define INGOT_CUDA_FAMILY(family) Result<Launches> family##_launches(const StepView& step);
#include "backends/cuda/steps/families.inc"
#undef INGOT_CUDA_FAMILY

LaunchFunction find_launches(std::string_view family) {
  struct Entry {
    std::string_view name;
    LaunchFunction function;
  };
  static constexpr Entry kFamilies[] = {
#define INGOT_CUDA_FAMILY(family) {#family, family##_launches},
#include "backends/cuda/steps/families.inc"
#undef INGOT_CUDA_FAMILY
  };
  for (const Entry& e : kFamilies)
    if (e.name == family) return e.function;
  return nullptr;
}

Dims strides_of(const TensorArg& operand) {
  Dims strides = dense_strides(operand.dims);
  const size_t rank = operand.dims.size();
  if (operand.layout != Layout::kBlocked || rank < 3) return strides;
  const int64_t channels = operand.dims[1];
  for (size_t d = 2; d < rank; ++d) strides[d] *= channels;
  strides[1] = 1;
  return strides;
}

}  // namespace ingot::cuda
