// Pointwise problems to specs: what is baked in, what is refused. Results are tested on a GPU (tests/cuda).
#include "backends/cuda/kernels/pointwise/pointwise.h"

#include <gtest/gtest.h>

#include "backends/cuda/kernels/pointwise/pointwise_params.h"
#include "backends/cuda/kernels/pointwise/program_text.h"

namespace ingot::cuda {
namespace {

PointwiseProblem problem(const char* program, const Dims& dims, const std::vector<Dims>& inputs,
                         DataType type = DataType::kF16) {
  PointwiseProblem p{*ops::PointwiseProgram::parse(program), dims, {}, broadcast_operand(type, dims, dims)};
  for (const Dims& input : inputs) p.inputs.push_back(broadcast_operand(type, input, dims));
  return p;
}

PointwiseParams params_of(const KernelSpec& spec) {
  PointwiseParams p;
  EXPECT_EQ(spec.params.size(), sizeof p);
  std::memcpy(&p, spec.params.data(), sizeof p);
  return p;
}

bool has(const KernelSpec& spec, const std::string& option) {
  return std::find(spec.options.begin(), spec.options.end(), option) != spec.options.end();
}

TEST(Pointwise, DenseOperandsAreOneRow) {
  const auto spec = pointwise_kernel(problem("add x0 x1; relu t0", {2, 5, 7}, {{2, 5, 7}, {2, 5, 7}}));
  ASSERT_TRUE(spec.ok()) << spec.status().to_string();
  EXPECT_TRUE(has(*spec, "-DVEC=8"));
  EXPECT_EQ(params_of(*spec).rank, 0);
  EXPECT_EQ(params_of(*spec).vectors, 9u);  // 70 elements
  EXPECT_NE(spec->prelude.find("program::add(x[0], x[1])"), std::string::npos);
}

TEST(Pointwise, BatchIsNotBakedIn) {
  for (const int64_t channels : {64, 6}) {
    const auto one =
        pointwise_kernel(problem("mul x0 x1", {1, 9, channels}, {{1, 9, channels}, {1, 1, channels}}));
    const auto many =
        pointwise_kernel(problem("mul x0 x1", {5, 9, channels}, {{5, 9, channels}, {1, 1, channels}}));
    ASSERT_TRUE(one.ok() && many.ok());
    EXPECT_EQ(one->key(), many->key());
    EXPECT_LT(params_of(*one).vectors, params_of(*many).vectors);
    EXPECT_TRUE(has(*one, channels == 64 ? "-DVEC=8" : "-DVEC=2"));
  }
}

TEST(Pointwise, MisalignedPointersNarrowTheVectors) {
  PointwiseProblem p = problem("neg x0", {64}, {{64}});
  p.alignment = 4;
  EXPECT_TRUE(has(*pointwise_kernel(p), "-DVEC=2"));
}

TEST(Pointwise, IntegersComputeInIntegers) {
  const auto sum = pointwise_kernel(problem("add x0 x1", {3}, {{3}, {}}, DataType::kI64));
  ASSERT_TRUE(sum.ok());
  EXPECT_NE(sum->prelude.find("using Compute = i64"), std::string::npos);
  const auto root = pointwise_kernel(problem("sqrt x0", {3}, {{3}}, DataType::kI64));
  ASSERT_FALSE(root.ok());
  EXPECT_EQ(root.status().code(), StatusCode::kUnsupported);
}

TEST(Pointwise, RefusesWhatItHasNoCodeFor) {
  EXPECT_FALSE(pointwise_kernel(problem("neg x0", {4}, {{4}}, DataType::kI4)).ok());
  EXPECT_FALSE(pointwise_kernel(problem("add x0 x1", {4}, {{4}})).ok());  // x1 is missing
}

TEST(ProgramText, WritesNumbersAndKeywords) {
  const auto program = ops::PointwiseProgram::parse("and x0 #inf; not t0; add t1 #0.5");
  ASSERT_TRUE(program.ok());
  const auto text = program_text(*program, "float", 1);
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("program::logical_and(x[0], Compute(__int_as_float(0x7f800000)))"), std::string::npos);
  EXPECT_NE(text->find("program::add(t1, Compute(0.5))"), std::string::npos);
  EXPECT_TRUE(epilogue_text("", 3).ok());
}

}  // namespace
}  // namespace ingot::cuda
