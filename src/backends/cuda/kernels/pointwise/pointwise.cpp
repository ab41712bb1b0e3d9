#include "backends/cuda/kernels/pointwise/pointwise.h"

#include <algorithm>

#include "backends/cuda/kernels/pointwise/pointwise_params.h"
#include "backends/cuda/kernels/pointwise/program_text.h"

namespace ingot::cuda {
namespace {

// Dims and the strides of all operands (the output first), with dims merged that all operands cross alike.
struct Walk {
  Dims dims;
  std::vector<Dims> strides;
};

Walk merge_dims(const PointwiseProblem& problem) {
  std::vector<const StridedOperand*> operands = {&problem.output};
  for (const StridedOperand& input : problem.inputs) operands.push_back(&input);
  Walk walk{{}, std::vector<Dims>(operands.size())};
  for (size_t d = 0; d < problem.dims.size(); ++d) {
    bool joins = !walk.dims.empty();
    for (size_t i = 0; i < operands.size() && joins; ++i)
      joins = walk.strides[i].back() == operands[i]->strides[d] * problem.dims[d];
    if (joins)
      walk.dims.back() *= problem.dims[d];
    else
      walk.dims.push_back(problem.dims[d]);
    for (size_t i = 0; i < operands.size(); ++i) {
      if (joins) walk.strides[i].pop_back();
      walk.strides[i].push_back(operands[i]->strides[d]);
    }
  }
  if (walk.dims.empty()) {  // a scalar is a row of one
    walk.dims = {1};
    for (Dims& s : walk.strides) s = {1};
  }
  return walk;
}

std::string_view access_of(int64_t inner_stride) {
  return inner_stride == 1 ? "kDense" : inner_stride == 0 ? "kRepeated" : "kStrided";
}

std::string_view computing_type(const PointwiseProblem& problem) {
  bool integers = true, wide = problem.output.type == DataType::kF64;
  for (const StridedOperand& input : problem.inputs) {
    integers = integers && (is_integer(input.type) || input.type == DataType::kBool);
    wide = wide || input.type == DataType::kF64;
  }
  return wide ? "double" : integers && !problem.rounds && !is_float(problem.output.type) ? "i64" : "float";
}

// The widest vectors, of at most 16 bytes, that all rows of all dense operands divide into.
int choose_vector(const PointwiseProblem& problem, const Walk& walk) {
  const auto type = [&](size_t i) { return i == 0 ? problem.output.type : problem.inputs[i - 1].type; };
  const bool flat = walk.dims.size() == 1;
  int width = 16;
  for (size_t i = 0; i < walk.strides.size(); ++i) {
    if (i > 0 && walk.strides[i].back() != 1) continue;
    width = std::min(width, vector_width(type(i), {flat ? 16 : walk.dims.back()}, problem.alignment));
    for (size_t d = 0; d + 1 < walk.dims.size(); ++d)
      width = std::min(width, vector_width(type(i), {walk.strides[i][d]}, problem.alignment));
  }
  return width;
}

}  // namespace

StridedOperand broadcast_operand(DataType type, const Dims& dims, const Dims& out) {
  INGOT_CHECK(dims.size() <= out.size());
  const Dims dense = dense_strides(dims);
  StridedOperand operand{type, Dims(out.size(), 0)};
  const size_t lead = out.size() - dims.size();
  for (size_t d = 0; d < dims.size(); ++d)
    if (dims[d] == out[lead + d]) operand.strides[lead + d] = dense[d];
  return operand;
}

Result<KernelSpec> pointwise_kernel(const PointwiseProblem& problem) {
  const Walk walk = merge_dims(problem);
  const size_t operands = walk.strides.size(), inner = walk.dims.size() - 1;
  if (operands > PointwiseParams::kMaxOperands || inner > PointwiseParams::kMaxRank)
    return unsupported("pointwise kernels take ", PointwiseParams::kMaxOperands - 1, " inputs of ",
                       PointwiseParams::kMaxRank + 1, " dims that do not merge; got ", operands - 1, " of ",
                       inner + 1);
  KernelSpec spec{.source = "pointwise/pointwise.cu", .entry = "pointwise"};
  INGOT_ASSIGN_OR_RETURN(const std::string out, checked_device_type(problem.output.type));
  const std::string_view compute = computing_type(problem);
  ops::PointwiseProgram program = problem.program;
  if (program.instructions.empty()) {
    spec.prelude = str("using Compute = ", compute, ";\nconstexpr int kProgramInputs = 1;\n",
                       "__device__ inline Compute run_program(const Compute (&x)[1]) { return x[0]; }\n");
  } else {
    INGOT_RETURN_IF_ERROR(program.validate(static_cast<int>(problem.inputs.size())));
    INGOT_ASSIGN_OR_RETURN(spec.prelude,
                           program_text(program, compute, static_cast<int>(problem.inputs.size())));
  }
  spec.prelude += "#define PROGRAM_INPUTS(F)";
  int wide_inputs = 0;
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(problem.inputs[i].type));
    spec.prelude += str(" F(", i, ", ", type, ", ", access_of(walk.strides[i + 1].back()), ")");
    wide_inputs += walk.strides[i + 1].back() != 0;
  }
  spec.prelude += "\n";

  const int width = choose_vector(problem, walk);
  const int vectors_each = wide_inputs > 2 ? 1 : 2;  // loads in flight for each thread
  PointwiseParams p{};
  const int64_t elements = num_elements(walk.dims), vectors = ceil_div(elements, width);
  if (vectors >= int64_t{1} << 31) return unsupported("a tensor of ", elements, " elements is too large");
  p.vectors = static_cast<unsigned>(vectors);
  p.elements = static_cast<unsigned>(elements);
  p.rank = static_cast<int>(inner);
  p.inner_vectors = make_divisor(std::max<int64_t>(1, walk.dims[inner] / width));
  for (size_t i = 0; i < operands; ++i) p.inner_strides[i] = walk.strides[i][inner];
  for (size_t d = 0; d < inner; ++d) {
    p.sizes[inner - 1 - d] = make_divisor(std::max<int64_t>(1, walk.dims[d]));
    for (size_t i = 0; i < operands; ++i) p.strides[inner - 1 - d][i] = walk.strides[i][d];
  }
  spec.name = str("pointwise_", data_type_name(problem.output.type), "_", program.instructions.size());
  spec.define("OUT", out);
  if (problem.rounds) spec.define("ROUND", 1);
  spec.define("OUT_DENSE", walk.strides[0][inner] == 1);
  spec.define("VEC", width);
  spec.define("VECTORS", vectors_each);
  spec.block.x = 256;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(vectors, 256 * vectors_each)));
  spec.set_params(p);
  return spec;
}

}  // namespace ingot::cuda
