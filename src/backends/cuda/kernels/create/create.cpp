#include "backends/cuda/kernels/create/create.h"

#include <algorithm>

#include "backends/cuda/kernels/create/create_params.h"

namespace ingot::cuda {
namespace {

Result<KernelSpec> spec_of(std::string_view entry, DataType type, int64_t elements) {
  if (elements >= int64_t{1} << 31) return unsupported("a tensor of ", elements, " elements is too large");
  KernelSpec spec{.name = str(entry, '_', data_type_name(type)),
                  .source = str("create/", entry, ".cu"),
                  .entry = std::string(entry)};
  spec.block.x = 256;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(elements, 256)));
  return spec;
}

Status define_bits(KernelSpec& spec, DataType type) {
  INGOT_ASSIGN_OR_RETURN(const std::string bits, bits_type(type));
  spec.define("TYPE", bits);
  return {};
}

// The element's type, and what is computed in.
Status define_numbers(KernelSpec& spec, DataType type, std::string_view floats) {
  INGOT_ASSIGN_OR_RETURN(const std::string name, checked_device_type(type));
  if (type == DataType::kBool) return unsupported("sums of booleans");
  spec.define("TYPE", name);
  spec.define("COMPUTE", type == DataType::kF64 ? "double" : is_float(type) ? floats : "i64");
  return {};
}

Divisor divisor(int64_t n) { return make_divisor(std::max<int64_t>(1, n)); }

}  // namespace

Result<KernelSpec> fill_kernel(DataType type, int64_t elements, uint64_t value) {
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, spec_of("fill", type, elements));
  INGOT_RETURN_IF_ERROR(define_bits(spec, type));
  spec.grid.x = std::min(spec.grid.x, 4096u);
  spec.set_params(FillParams{static_cast<unsigned>(elements), value});
  return spec;
}

Result<KernelSpec> range_kernel(DataType type, int64_t elements) {
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, spec_of("range", type, elements));
  INGOT_RETURN_IF_ERROR(define_numbers(spec, type, "double"));
  spec.set_params(FillParams{static_cast<unsigned>(elements), 0});
  return spec;
}

Result<KernelSpec> one_hot_kernel(const OneHotProblem& p) {
  const int64_t elements = p.outer * p.depth * p.inner;
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, spec_of("one_hot", p.type, elements));
  INGOT_RETURN_IF_ERROR(define_bits(spec, p.type));
  if (!is_integer(p.index_type)) return unsupported("indices of type ", data_type_name(p.index_type));
  INGOT_ASSIGN_OR_RETURN(const std::string index, checked_device_type(p.index_type));
  spec.define("INDEX", index);
  spec.set_params(OneHotParams{static_cast<unsigned>(elements), divisor(p.inner), divisor(p.depth)});
  return spec;
}

Result<KernelSpec> triangle_kernel(const TriangleProblem& p) {
  const int64_t elements = p.outer * p.rows * p.columns;
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, spec_of("triangle", p.type, elements));
  INGOT_RETURN_IF_ERROR(define_bits(spec, p.type));
  spec.define("UPPER", p.upper);
  spec.set_params(
      TriangleParams{static_cast<unsigned>(elements), divisor(p.columns), divisor(p.rows), p.diagonal});
  return spec;
}

Result<KernelSpec> running_sum_kernel(const RunningSumProblem& p) {
  const int64_t lines = p.outer * p.inner;
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, spec_of("running_sum", p.type, lines * 32));
  INGOT_RETURN_IF_ERROR(define_numbers(spec, p.type, "float"));
  spec.define("EXCLUSIVE", p.exclusive);
  spec.define("REVERSE", p.reverse);
  spec.set_params(
      RunningSumParams{static_cast<unsigned>(lines), static_cast<unsigned>(p.size), divisor(p.inner)});
  return spec;
}

}  // namespace ingot::cuda
