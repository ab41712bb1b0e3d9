#include "backends/cuda/kernels/integer/integer.h"

#include <algorithm>

#include "backends/cuda/kernels/integer/integer_params.h"

namespace ingot::cuda {
namespace {

constexpr int64_t kTile = 64, kMaxParts = 256, kMax = int64_t{1} << 31;

Result<KernelSpec> quantizing(std::string_view entry, int64_t elements) {
  if (elements >= kMax) return unsupported("a tensor of ", elements, " elements is too large");
  const auto parts = static_cast<unsigned>(range_parts(elements));
  KernelSpec spec{
      .name = std::string(entry), .source = "integer/dynamic_quantize.cu", .entry = std::string(entry)};
  spec.block.x = 256;
  spec.grid.x = parts;
  spec.set_params(DynamicQuantizeParams{static_cast<unsigned>(elements), parts});
  return spec;
}

}  // namespace

Result<KernelSpec> integer_product_kernel(const IntegerProductProblem& p) {
  if (!is_byte(p.a_type) || !is_byte(p.b_type))
    return unsupported("an integer product of types ", data_type_name(p.a_type), " and ",
                       data_type_name(p.b_type));
  if (p.batch >= 1 << 16 || ceil_div(p.columns, kTile) >= 1 << 16 || p.rows >= kMax || p.depth >= kMax)
    return unsupported("an integer product of ", p.batch, " times ", p.rows, "x", p.columns, "x", p.depth);
  KernelSpec spec{.name = "integer_product", .source = "integer/product.cu", .entry = "integer_product"};
  INGOT_ASSIGN_OR_RETURN(const std::string a, checked_device_type(p.a_type));
  INGOT_ASSIGN_OR_RETURN(const std::string b, checked_device_type(p.b_type));
  spec.define("A", a);
  spec.define("B", b);
  spec.define("A_WORDS", p.depth % 4 == 0);
  spec.define("B_WORDS", p.b_transposed && p.depth % 4 == 0);
  spec.define("A_ZEROS", p.a_zeros);
  spec.define("B_ZEROS", p.b_zeros);
  spec.block.x = 256;
  spec.grid = {static_cast<unsigned>(ceil_div(p.rows, kTile)),
               static_cast<unsigned>(ceil_div(p.columns, kTile)), static_cast<unsigned>(p.batch)};
  const auto narrow = [](int64_t v) { return static_cast<int>(v); };
  spec.set_params(IntegerProductParams{
      narrow(p.rows), narrow(p.columns), narrow(p.depth), make_divisor(std::max<int64_t>(1, p.zero_rows)),
      p.b_transposed ? 1 : p.columns, p.b_transposed ? p.depth : 1, p.a_step, p.b_step});
  return spec;
}

int64_t range_parts(int64_t elements) { return std::clamp<int64_t>(ceil_div(elements, 2048), 1, kMaxParts); }
Result<KernelSpec> range_of_parts_kernel(int64_t elements) { return quantizing("range_of_parts", elements); }
Result<KernelSpec> dynamic_quantize_kernel(int64_t elements) {
  return quantizing("dynamic_quantize", elements);
}

}  // namespace ingot::cuda
