#include "backends/cuda/kernels/pointwise/pointwise.h"
#include "kernel_case.h"
#include "ops/op_testing.h"

namespace ingot::cuda {
namespace {

using ops::PointwiseProgram;

PointwiseProgram parse(const std::string& text) {
  return text.empty() ? PointwiseProgram{} : *PointwiseProgram::parse(text);
}

// All inputs and the output dense, of one type unless an input is given.
KernelCase make_case(const std::string& text, DataType type, const Dims& dims,
                     const std::vector<Tensor>& inputs, std::string name = "") {
  PointwiseProblem p{parse(text), dims, {}, broadcast_operand(type, dims, dims)};
  for (const Tensor& x : inputs) p.inputs.push_back(broadcast_operand(x.dtype(), x.dims(), dims));
  // The reference computes in double, by the program's own definition, on inputs as they are stored.
  std::vector<TensorView> views;
  std::vector<Tensor> wide;
  for (const Tensor& x : inputs) wide.push_back(cast(x, DataType::kF64));
  for (const Tensor& x : wide) views.push_back(x.view());
  Tensor y = *Tensor::allocate(DataType::kF64, dims);
  if (text.empty()) p.program = parse("add x0 #0");
  const Status status = p.program.run(views, y.view());
  if (!status.ok()) return {text, status, {}, {}, 0};
  if (text.empty()) p.program = {};
  if (name.empty())
    name = str(text.empty() ? "cast" : text, " ", data_type_name(type), " ", dims_to_string(dims));
  return {name, pointwise_kernel(p), inputs, {cast(y, type)}, type_tolerance(type)};
}

}  // namespace

std::vector<KernelCase> pointwise_cases() {
  std::vector<KernelCase> cases;
  const DataType floats[] = {DataType::kF32, DataType::kF16, DataType::kBF16};
  for (const DataType type : floats) {
    const auto x = [&](const Dims& dims, unsigned seed = 1) {
      return random_tensor(type, dims, -3, 3, seed);
    };
    cases.push_back(make_case("add x0 x1; relu t0", type, {2, 5, 7}, {x({2, 5, 7}), x({2, 5, 7}, 2)}));
    cases.push_back(make_case("mul x0 x1; add t0 x2", type, {2, 3, 4, 16},
                              {x({2, 3, 4, 16}), x({2, 1, 1, 16}, 2), x({16}, 3)}));
    cases.push_back(make_case("mul x0 x1", type, {3, 5, 6}, {x({3, 5, 6}), x({5, 1}, 2)}));
    cases.push_back(make_case("sub x0 x1", type, {4, 8}, {x({1}), x({4, 8}, 2)}));
    cases.push_back(make_case("gelu x0", type, {100003}, {x({100003})}));
    cases.push_back(make_case("add x0 x1", type, {}, {x({}), x({}, 2)}));
  }
  // Each instruction, in f32, alone.
  for (const ops::PointwiseOpInfo& op : ops::pointwise_ops()) {
    std::string text(op.name);
    std::vector<Tensor> inputs;
    const bool positive = op.name == "log" || op.name == "sqrt" || op.name == "rsqrt" || op.name == "pow";
    for (int k = 0; k < op.operands; ++k) {
      text += str(" x", k);
      inputs.push_back(
          random_tensor(DataType::kF32, {257}, positive ? 0.1 : -4, 4, static_cast<unsigned>(k + 1)));
    }
    cases.push_back(make_case(text, DataType::kF32, {257}, inputs));
  }
  const auto ints = [](DataType type, const Dims& dims, unsigned seed) {
    return random_tensor(type, dims, -9, 9, seed);
  };
  for (const DataType type : {DataType::kI32, DataType::kI64, DataType::kI8}) {
    cases.push_back(
        make_case("add x0 x1; mul t0 #3", type, {5, 9}, {ints(type, {5, 9}, 1), ints(type, {9}, 2)}));
    cases.push_back(make_case("select x2 x0 x1", type, {41},
                              {ints(type, {41}, 1), ints(type, {41}, 2), ints(DataType::kBool, {41}, 3)}));
    cases.push_back(
        make_case("less x0 x1", DataType::kBool, {41}, {ints(type, {41}, 1), ints(type, {41}, 2)}));
  }
  // Conversions.
  const DataType stored[] = {DataType::kF32, DataType::kF16,  DataType::kBF16, DataType::kI32,
                             DataType::kI64, DataType::kBool, DataType::kF64};
  for (const DataType from : stored)
    for (const DataType to : stored)
      if (from != to)
        cases.push_back(make_case("", to, {7, 11}, {random_tensor(from, {7, 11}, -20, 20)},
                                  str("cast ", data_type_name(from), " to ", data_type_name(to))));
  for (const DataType to : {DataType::kF8E4M3, DataType::kF8E5M2}) {
    const Tensor x = random_tensor(DataType::kF32, {4096}, -600, 600),
                 small = random_tensor(DataType::kF32, {4096}, -0.05, 0.05);
    for (const Tensor& t : {x, small}) {
      KernelCase c = make_case("", to, {4096}, {t}, str("cast to ", data_type_name(to)));
      c.tolerance = 0;
      cases.push_back(c);
    }
    cases.push_back(
        make_case("", DataType::kF32, {4096}, {cast(x, to)}, str("cast from ", data_type_name(to))));
  }
  // A transposed input and an output with gaps: every second row of four, written.
  {
    PointwiseProblem p{parse("neg x0"),
                       {6, 10},
                       {{DataType::kF32, {1, 6}}},
                       broadcast_operand(DataType::kF32, {6, 10}, {6, 10})};
    const Tensor x = random_tensor(DataType::kF32, {10, 6});
    cases.push_back({"transposed input",
                     pointwise_kernel(p),
                     {x},
                     {reference("Neg", {}, {transposed(x, {1, 0})})[0]},
                     0});
  }
  return cases;
}

std::vector<KernelBench> pointwise_benches() {
  std::vector<KernelBench> benches;
  for (const int64_t n : {1, 8, 32, 128}) {
    const Dims dims = {n, 56, 56, 256};
    const size_t bytes = static_cast<size_t>(num_elements(dims)) * 2;
    const auto dense = broadcast_operand(DataType::kF16, dims, dims);
    PointwiseProblem add{parse("add x0 x1; relu t0"), dims, {dense, dense}, dense};
    benches.push_back({str("pointwise add_relu f16 ", dims_to_string(dims)),
                       pointwise_kernel(add),
                       DataType::kF16,
                       {bytes, bytes},
                       {bytes}});
    PointwiseProblem scale{
        parse("mul x0 x1"), dims, {dense, broadcast_operand(DataType::kF16, {n, 1, 1, 256}, dims)}, dense};
    benches.push_back({str("pointwise se_scale f16 ", dims_to_string(dims)),
                       pointwise_kernel(scale),
                       DataType::kF16,
                       {bytes, static_cast<size_t>(n) * 512},
                       {bytes}});
    PointwiseProblem gelu{parse("gelu x0"), dims, {dense}, dense};
    benches.push_back({str("pointwise gelu f16 ", dims_to_string(dims)),
                       pointwise_kernel(gelu),
                       DataType::kF16,
                       {bytes},
                       {bytes}});
  }
  return benches;
}

}  // namespace ingot::cuda
