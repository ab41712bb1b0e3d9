// The loops of the vector instructions (vector_ops.inc), compiled per ISA.
#include "backends/cpu/kernels/pointwise/vector_program.h"
#include "backends/cpu/kernels/simd/math.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

#define INGOT_VECTOR_OP(name, operands, expression)                                 \
  struct Op_##name {                                                                \
    static constexpr int kOperands = operands;                                      \
    static INGOT_INLINE VecF apply(VecF a, VecF b, VecF c) { return (expression); } \
  };
#include "backends/cpu/kernels/pointwise/vector_ops.inc"
#undef INGOT_VECTOR_OP

// `fixed` as the second index of VectorFunctions::op.
template <class Op, int fixed>
void loop(float* dst, const float* a, const float* b, const float* c, int64_t n) {
  constexpr bool kA = !(fixed & 1), kB = Op::kOperands > 1 && !(fixed & 2),
                 kC = Op::kOperands > 2 && !(fixed & 4);
  const VecF fixed_a = kA ? VecF{} : load(a);
  const VecF fixed_b = kB || Op::kOperands < 2 ? VecF{} : load(b);
  const VecF fixed_c = kC || Op::kOperands < 3 ? VecF{} : load(c);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    store(dst + i,
          Op::apply(kA ? load(a + i) : fixed_a, kB ? load(b + i) : fixed_b, kC ? load(c + i) : fixed_c));
  if (const int rest = static_cast<int>(n - i); rest > 0)
    store_tail(dst + i,
               Op::apply(kA ? load_tail(a + i, rest) : fixed_a, kB ? load_tail(b + i, rest) : fixed_b,
                         kC ? load_tail(c + i, rest) : fixed_c),
               rest);
}

// With the first operand fixed only for two operands: there programs have it.
template <class Op>
void add_forms(VectorFunction* forms) {
  forms[0] = loop<Op, 0>;
  if constexpr (Op::kOperands == 2) {
    forms[1] = loop<Op, 1>;
    forms[2] = loop<Op, 2>;
  }
  if constexpr (Op::kOperands == 3) {
    forms[2] = loop<Op, 2>;
    forms[4] = loop<Op, 4>;
    forms[6] = loop<Op, 6>;
  }
}

}  // namespace

const VectorFunctions& vector_functions() {
  static const VectorFunctions table = [] {
    VectorFunctions t{};
#define INGOT_VECTOR_OP(name, operands, expression) \
  add_forms<Op_##name>(t.op[static_cast<int>(VectorOp::k_##name)]);
#include "backends/cpu/kernels/pointwise/vector_ops.inc"
#undef INGOT_VECTOR_OP
    return t;
  }();
  return table;
}

}  // namespace ingot::cpu::INGOT_ISA
