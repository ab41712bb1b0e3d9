#include "backends/cpu/kernels/pointwise/vector_program.h"

#include <algorithm>
#include <cmath>

namespace ingot::cpu {

namespace baseline {
const VectorFunctions& vector_functions();
}
namespace avx2 {
const VectorFunctions& vector_functions();
}
namespace avx512 {
const VectorFunctions& vector_functions();
}
const VectorFunctions& vector_functions(Isa isa) { return INGOT_SELECT_ISA(isa, vector_functions()); }

namespace {

struct OpInfo {
  std::string_view name;
  int operands;
};
constexpr OpInfo kOps[] = {
#define INGOT_VECTOR_OP(name, operands, expression) {#name, operands},
#include "backends/cpu/kernels/pointwise/vector_ops.inc"
#undef INGOT_VECTOR_OP
};

bool reads(const VectorInstruction& in, size_t temp) {
  return std::any_of(in.operands, in.operands + operands_of(in.op), [&](const VectorOperand& o) {
    return o.kind == VectorOperand::kTemp && static_cast<size_t>(o.index) == temp;
  });
}

// Powers that have a shorter way.
void simplify_pow(VectorInstruction& in) {
  if (in.op != VectorOp::k_pow || in.operands[1].kind != VectorOperand::kNumber) return;
  const float exponent = in.operands[1].number;
  if (exponent == 2.0f) {
    in.op = VectorOp::k_mul;
    in.operands[1] = in.operands[0];
  } else if (exponent == 0.5f) {
    in.op = VectorOp::k_sqrt;
  } else if (exponent == -1.0f) {
    in.op = VectorOp::k_reciprocal;
  } else if (exponent == -0.5f) {
    in.op = VectorOp::k_rsqrt;
  }
}

// add(mul(a, b), c) becomes fma(a, b, c) where the product has no other reader. The product's instruction
// stays in its place, unread, and is dropped later.
void contract(std::vector<VectorInstruction>& program) {
  for (size_t i = 1; i < program.size(); ++i) {
    VectorInstruction& sum = program[i];
    if (sum.op != VectorOp::k_add) continue;
    for (int k = 0; k < 2; ++k) {
      const VectorOperand product = sum.operands[k], other = sum.operands[1 - k];
      if (product.kind != VectorOperand::kTemp) continue;
      const auto p = static_cast<size_t>(product.index);
      const bool itself = other.kind == VectorOperand::kTemp && other.index == product.index;
      const auto readers =
          std::count_if(program.begin(), program.end(), [&](const auto& in) { return reads(in, p); });
      if (program[p].op != VectorOp::k_mul || readers != 1 || itself) continue;
      sum = {VectorOp::k_fma, {program[p].operands[0], program[p].operands[1], other}};
      break;
    }
  }
}

bool leaves_numbers(VectorOp op) {
  switch (op) {
    case VectorOp::k_div:
    case VectorOp::k_pow:
    case VectorOp::k_mod:
    case VectorOp::k_sqrt:
    case VectorOp::k_rsqrt:
    case VectorOp::k_reciprocal:
    case VectorOp::k_exp:
    case VectorOp::k_log:
      return true;
    default:
      return false;
  }
}

}  // namespace

VectorOp find_vector_op(std::string_view name) {
  const auto it =
      std::find_if(std::begin(kOps), std::end(kOps), [&](const OpInfo& o) { return o.name == name; });
  return static_cast<VectorOp>(it - std::begin(kOps));
}
int operands_of(VectorOp op) { return kOps[static_cast<int>(op)].operands; }

VectorProgram::VectorProgram(std::span<const VectorInstruction> instructions, Isa isa)
    : functions_(&vector_functions(isa)), lanes_(block_of(isa)) {
  std::vector<VectorInstruction> program(instructions.begin(), instructions.end());
  for (VectorInstruction& in : program) simplify_pow(in);
  contract(program);

  std::vector<size_t> last_use(program.size(),
                               0);  // 0: never read, as no instruction reads a result before index 1
  for (size_t i = program.size(); i-- > 0;) {
    if (i + 1 < program.size() && last_use[i] == 0) continue;  // dropped: what it reads does not live for it
    for (int k = 0; k < operands_of(program[i].op); ++k)
      if (const VectorOperand& o = program[i].operands[k]; o.kind == VectorOperand::kTemp)
        last_use[static_cast<size_t>(o.index)] = std::max(last_use[static_cast<size_t>(o.index)], i);
  }
  std::vector<int> slot_of(program.size(), -1), free_slots;
  for (size_t i = 0; i < program.size(); ++i) {
    const bool last = i + 1 == program.size();
    if (!last && last_use[i] == 0) continue;
    Step step{program[i].op, {}, -1};
    for (int k = 0; k < operands_of(step.op); ++k) {
      const VectorOperand& o = program[i].operands[k];
      step.operands[k] = {o.kind, o.index};
      if (o.kind == VectorOperand::kNumber) {
        step.operands[k].index = static_cast<int>(numbers_.size());
        numbers_.insert(numbers_.end(), static_cast<size_t>(lanes_), o.number);
      } else if (o.kind == VectorOperand::kInput) {
        num_inputs_ = std::max(num_inputs_, o.index + 1);
      } else {
        step.operands[k].index = slot_of[static_cast<size_t>(o.index)];
      }
    }
    // a result may take the place of an operand that dies here
    for (size_t t = 0; t < i; ++t)
      if (last_use[t] == i && slot_of[t] >= 0) free_slots.push_back(slot_of[t]);
    if (!last) {
      if (free_slots.empty()) free_slots.push_back(slots_++);
      step.slot = slot_of[i] = free_slots.back();
      free_slots.pop_back();
    }
    may_leave_numbers_ |= leaves_numbers(step.op);
    steps_.push_back(step);
  }
}

void VectorProgram::execute(const VectorInput* inputs, float* dst, int64_t n, float* scratch) const {
  alignas(64) float filled[3][16];  // numbers among the inputs, as lanes
  for (const Step& step : steps_) {
    const float* in[3] = {};
    int form = 0;
    const int count = operands_of(step.op);
    for (int k = 0; k < count; ++k) {
      const Ref& ref = step.operands[k];
      if (ref.kind == VectorOperand::kTemp) {
        in[k] = scratch + ref.index * kBlock;
        continue;
      }
      in[k] = ref.kind == VectorOperand::kInput ? inputs[ref.index].data
                                                : &numbers_[static_cast<size_t>(ref.index)];
      if (ref.kind == VectorOperand::kInput && inputs[ref.index].kind == VectorInput::kArray) continue;
      form |= 1 << k;
      if (ref.kind == VectorOperand::kInput && inputs[ref.index].kind == VectorInput::kNumber) {
        std::fill_n(filled[k], lanes_, *in[k]);
        in[k] = filled[k];
      }
    }
    float* out = step.slot < 0 ? dst : scratch + step.slot * kBlock;
    const VectorFunction* forms = functions_->op[static_cast<int>(step.op)];
    if (forms[form] == nullptr) {  // all forms that are missing have a fixed first operand
      float* spread = scratch + slots_ * kBlock;
      for (int64_t i = 0; i < n; ++i) spread[i] = in[0][i % lanes_];
      in[0] = spread;
      form &= ~1;
    }
    forms[form](out, in[0], in[1], in[2], n);
  }
}

}  // namespace ingot::cpu
