// The text form of pointwise programs, what each instruction computes, and what is refused.
#include "ops/pointwise_program.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ingot::ops {
namespace {

double run(std::string_view text, std::vector<double> inputs) {
  auto program = PointwiseProgram::parse(text);
  EXPECT_TRUE(program.ok()) << program.status().to_string();
  return program.ok() ? program->evaluate(inputs) : NAN;
}

TEST(PointwiseProgram, TextRoundTrips) {
  const char* text = "add x0 x1; relu t0; mul t1 #0.5; clip t2 #-inf #6.5e+10; select x2 t3 #0.1";
  auto program = PointwiseProgram::parse(text);
  ASSERT_TRUE(program.ok()) << program.status().to_string();
  EXPECT_EQ(program->to_string(), text);
  EXPECT_EQ(program->num_inputs(), 3);
  EXPECT_EQ(program->flops(), 1 + 1 + 1 + 2 + 1);
  EXPECT_EQ(PointwiseProgram::parse("  add   x0 #0.100000001 ;relu t0;")->to_string(),
            "add x0 #0.1; relu t0");
}

TEST(PointwiseProgram, EveryInstructionIsParsedAndPrinted) {
  for (const PointwiseOpInfo& op : pointwise_ops()) {
    std::string text(op.name);
    for (int k = 0; k < op.operands; ++k) text += str(" x", k);
    auto program = PointwiseProgram::parse(text);
    ASSERT_TRUE(program.ok()) << program.status().to_string();
    EXPECT_EQ(program->to_string(), text);
    const double inputs[] = {0.3, 0.2, 0.9};
    EXPECT_TRUE(std::isfinite(program->evaluate(inputs))) << op.name;
  }
}

TEST(PointwiseProgram, Values) {
  EXPECT_EQ(run("add x0 x1; relu t0; mul t1 #0.5", {3, 4}), 3.5);
  EXPECT_EQ(run("add x0 x1; relu t0; mul t1 #0.5", {3, -4}), 0);
  EXPECT_DOUBLE_EQ(run("gelu x0", {1}), 0.8413447460685429);
  EXPECT_DOUBLE_EQ(run("gelu_tanh x0", {1}), 0.8411919906082768);
  EXPECT_DOUBLE_EQ(run("silu x0", {2}), 1.7615941559557649);
  EXPECT_DOUBLE_EQ(run("mish x0", {1}), 0.8650983882673103);
  EXPECT_DOUBLE_EQ(run("softplus x0", {1000}), 1000);
  EXPECT_DOUBLE_EQ(run("hardswish x0", {1}), 2.0 / 3);
  EXPECT_DOUBLE_EQ(run("hardsigmoid x0 #0.25 #0.5", {1}), 0.75);
  EXPECT_DOUBLE_EQ(run("elu x0 #2", {-1}), 2 * std::expm1(-1.0));
  EXPECT_EQ(run("leakyrelu x0 #0.5", {-3}), -1.5);
  EXPECT_EQ(run("round x0", {2.5}), 2);
  EXPECT_EQ(run("mod x0 x1", {-7, 3}), -1);
  EXPECT_EQ(run("clip x0 #-1 #1", {-7}), -1);
  EXPECT_EQ(run("less x0 x1; select t0 #10 #20", {1, 2}), 10);
  EXPECT_EQ(run("and x0 x1; not t0", {1, 0}), 1);
  for (const char* keeps_nan : {"relu x0", "max x0 #1", "max x1 x0", "min x0 #1", "clip x0 #0 #1", "sign x0"})
    EXPECT_TRUE(std::isnan(run(keeps_nan, {NAN, 1}))) << keeps_nan;
}

TEST(PointwiseProgram, RefusesWhatIsWrong) {
  const std::pair<const char*, const char*> kBad[] = {{"", "no instructions"},
                                                      {"frobnicate x0", "unknown instruction 'frobnicate'"},
                                                      {"add x0", "has 1 operands, expected 2"},
                                                      {"relu x0 x1", "has 2 operands, expected 1"},
                                                      {"relu t0", "reads t0, but only 0 results"},
                                                      {"relu x0; add t0 t1", "reads t1, but only 1 results"},
                                                      {"relu y0", "'y0' is no operand"},
                                                      {"relu x-1", "reads x-1"},
                                                      {"relu x99999999999", "is no operand"},
                                                      {"relu x64", "reads x64"},
                                                      {"add x0 #1.5z", "is no operand"}};
  for (const auto& [text, message] : kBad) {
    auto program = PointwiseProgram::parse(text);
    ASSERT_FALSE(program.ok()) << text;
    EXPECT_NE(program.status().message().find(message), std::string_view::npos) << program.status().message();
  }
  std::string endless;
  for (int i = 0; i < 1000; ++i) endless += "relu x0;";
  EXPECT_FALSE(PointwiseProgram::parse(endless).ok());
}

TEST(PointwiseProgram, RunsOverBroadcastInputsAndInPlace) {
  Tensor x = Tensor::vector_f32(std::vector<float>{1, -2, 3, -4, 5, -6}).reshaped({2, 3});
  const Tensor scale = Tensor::vector_f32(std::vector<float>{10, 100}).reshaped({2, 1});
  const auto program = PointwiseProgram::parse("relu x0; mul t0 x1");
  const TensorView inputs[] = {x.view(), scale.view()};
  ASSERT_TRUE(program->run(inputs, x.view()).ok());
  const std::vector<float> expected = {10, 0, 30, 0, 500, 0};
  EXPECT_EQ(std::vector<float>(x.span<float>().begin(), x.span<float>().end()), expected);
  const Tensor wide = Tensor::vector_f32(std::vector<float>{1, 2, 3, 4});
  const TensorView bad[] = {x.view(), wide.view()};
  EXPECT_FALSE(program->run(bad, x.view()).ok());
}

}  // namespace
}  // namespace ingot::ops
