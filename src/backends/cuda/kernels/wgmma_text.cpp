#include "backends/cuda/kernels/wgmma_text.h"

#include "base/status.h"

namespace ingot::cuda {

std::string wgmma_text(const WgmmaForm& f) {
  struct Form {
    std::string_view sum, x, weights, depth, flags;  // flags: signs; 16 bits have transposes, too
  };
  const std::string transposes =
      str(", p, 1, 1", f.a_in_registers ? "" : ", 0", f.b_by_depth ? ", 1" : ", 0");
  const DataType type = f.type;
  const bool unsigned_x = f.x_type == DataType::kU8, integers = type == DataType::kI8;
  const Form form = type == DataType::kF16      ? Form{"f32", "f16", "f16", "k16", transposes}
                    : type == DataType::kBF16   ? Form{"f32", "bf16", "bf16", "k16", transposes}
                    : type == DataType::kF8E4M3 ? Form{"f32", "e4m3", "e4m3", "k32", ", p, 1, 1"}
                    : type == DataType::kI8     ? Form{"s32", unsigned_x ? "u8" : "s8", "s8", "k32", ", p"}
                                                : Form{"f32", "tf32", "tf32", "k8", ", p, 1, 1"};
  const int count = f.columns / 2;
  int next = 0;  // operand of the text
  const auto operands = [&](int n) {
    std::string list;
    for (int i = 0; i < n; ++i) list += str(i > 0 ? ", " : "", "%", next++);
    return list;
  };
  const std::string sums = operands(count), a = f.a_in_registers ? "{" + operands(4) + "}" : operands(1);
  const std::string b = operands(1), accumulate = operands(1);
  std::string outputs;
  for (int i = 0; i < count; ++i)
    outputs += str(i > 0 ? ", " : "", integers ? "\"+r\"(d[" : "\"+f\"(d[", i, "])");
  return str("__device__ inline void ", f.a_in_registers ? "wgmma_registers" : "wgmma",
             f.b_by_depth ? "_by_depth(" : "(", integers ? "int" : "float", " (&d)[", count, "], ",
             f.a_in_registers ? "const unsigned (&a)[4]" : "u64 a", ", u64 b, int accumulate) {\n",
             "  asm volatile(\"{ .reg .pred p; setp.ne.b32 p, ", accumulate,
             ", 0; wgmma.mma_async.sync.aligned.m64n", f.columns, form.depth, ".", form.sum, ".", form.x, ".",
             form.weights, " {", sums, "}, ", a, ", ", b, form.flags, "; }\" : ", outputs, " : ",
             f.a_in_registers ? "\"r\"(a[0]), \"r\"(a[1]), \"r\"(a[2]), \"r\"(a[3])" : "\"l\"(a)",
             ", \"l\"(b), \"r\"(accumulate));\n}\n");
}

}  // namespace ingot::cuda
