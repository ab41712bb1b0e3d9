// Values of the ops that networks are made of. Those of ONNX's ops come from onnxruntime (1.32) on the ramps
// below; those of fused ops from the plain ops that they stand for.
#include <gtest/gtest.h>

#include <cmath>

#include "ops/op_testing.h"

namespace ingot::ops {
namespace {

// Multiples of `step` from -1 on, in an order that no symmetry hides an error in.
Tensor ramp(Dims dims, double step = 0.25, int64_t period = 9) {
  std::vector<double> values;
  for (int64_t i = 0; i < num_elements(dims); ++i)
    values.push_back(static_cast<double>(i * 5 % period) * step - 1);
  return f32(std::move(dims), values);
}

void expect_near(const Tensor& got, const Dims& dims, const std::vector<double>& expected,
                 double tolerance = 1e-5) {
  ASSERT_EQ(got.dims(), dims);
  const std::vector<double> values = values_of(got);
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], expected[i], tolerance) << "element " << i;
}

std::vector<Tensor> run(std::string_view op, const Attrs& attrs, const std::vector<Tensor>& inputs,
                        size_t outputs = 1) {
  auto result = run_op(op, attrs, inputs, outputs);
  EXPECT_TRUE(result.ok()) << op << ": " << result.status().to_string();
  return result.ok() ? std::move(result).value() : std::vector<Tensor>(outputs);
}

void expect_error(std::string_view op, const Attrs& attrs, const std::vector<Tensor>& inputs,
                  std::string_view message) {
  const auto result = run_op(op, attrs, inputs);
  ASSERT_FALSE(result.ok()) << op;
  EXPECT_NE(result.status().message().find(message), std::string_view::npos) << result.status().to_string();
}

TEST(Networks, Conv) {
  const Attrs attrs = {{"group", int64_t{2}}, {"pads", Ints{1, 0, 0, 1}}, {"strides", Ints{2, 1}}};
  expect_near(
      run("Conv", attrs, {ramp({1, 2, 4, 4}), ramp({2, 1, 3, 3}, 0.25, 7), ramp({2})})[0], {1, 2, 2, 3},
      {-0.6875, -1.4375, -1.0625, -0.3125, -1.75, -1.1875, 1.3125, 0.1875, -0.1875, -0.8125, 1.9375, 0.5625});
}

TEST(Networks, ConvTranspose) {
  const Attrs attrs = {{"strides", Ints{2, 1}}, {"output_padding", Ints{1, 0}}, {"pads", Ints{0, 1, 1, 0}}};
  expect_near(run("ConvTranspose", attrs, {ramp({1, 2, 2, 3}), ramp({2, 2, 2, 2}, 0.25, 7), ramp({2})})[0],
              {1, 2, 4, 3}, {-1.1875, -0.4375, -1.1875, -1.1875, -0.5,  -0.4375, -0.0625, -2.125,
                             -0.625,  -1.9375, -0.125,  -1.9375, 0.5,   -0.625,  0.25,    0.0625,
                             0.625,   1.0,     0.5,     0.5,     0.625, -0.5,    1.1875,  -0.6875});
}

TEST(Networks, AveragePoolCountsPadsButNotWhatCeilModeAdds) {
  const Attrs attrs = {{"kernel_shape", Ints{3, 3}},
                       {"strides", Ints{2, 2}},
                       {"pads", Ints{1, 1, 0, 0}},
                       {"ceil_mode", int64_t{1}},
                       {"count_include_pad", int64_t{1}}};
  expect_near(run("AveragePool", attrs, {ramp({1, 1, 4, 5})})[0], {1, 1, 2, 3},
              {-0.027778, 0.083333, -0.166667, 0.083333, 0, -0.25});
}

TEST(Networks, MaxPoolIndices) {
  const Attrs attrs = {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}};
  const auto y = run("MaxPool", attrs, {f32({1, 2, 2, 2}, {1, 4, 3, 2, 8, 5, 6, 7})}, 2);
  expect_near(y[0], {1, 2, 1, 1}, {4, 8});
  expect_near(y[1], {1, 2, 1, 1}, {1, 4});
}

TEST(Networks, LstmOfBothDirectionsAndLengths) {
  const Attrs attrs = {{"hidden_size", int64_t{2}}, {"direction", std::string("bidirectional")}};
  const auto y = run("LSTM", attrs,
                     {ramp({3, 2, 2}), ramp({2, 8, 2}, 0.125, 7), ramp({2, 8, 2}, 0.125, 11), Tensor(),
                      make_tensor(DataType::kI32, {2}, {3, 2})},
                     3);
  expect_near(y[0], {3, 2, 2, 2},
              {0.112786,  0.253196, 0,         0.130588, 0.297322, 0.096366,  0.132153,  -0.035511,
               -0.024934, 0.101396, -0.088815, 0.024347, 0.050443, -0.015805, -0.012517, -0.087792,
               0.202574,  0.283253, 0,         0,        0.181057, 0.268431,  0,         0});
  expect_near(y[1], {2, 2, 2},
              {0.202574, 0.283253, -0.088815, 0.024347, 0.297322, 0.096366, 0.132153, -0.035511});
  expect_near(y[2], {2, 2, 2},
              {0.347198, 0.418527, -0.242731, 0.085066, 0.529568, 0.179218, 0.257848, -0.070639});
}

TEST(Networks, GruWithLinearBeforeReset) {
  const Attrs attrs = {{"hidden_size", int64_t{2}}, {"linear_before_reset", int64_t{1}}};
  const auto y =
      run("GRU", attrs,
          {ramp({2, 1, 2}), ramp({1, 6, 2}, 0.125, 7), ramp({1, 6, 2}, 0.125, 11), ramp({1, 12}, 0.125)}, 2);
  expect_near(y[0], {2, 1, 1, 2}, {-0.368082, 0.189855, -0.593582, 0.196256});
  expect_near(y[1], {1, 1, 2}, {-0.593582, 0.196256});
}

TEST(Networks, ResizeCubic) {
  const Attrs attrs = {{"mode", std::string("cubic")}};
  expect_near(run("Resize", attrs, {ramp({1, 1, 2, 3}), Tensor(), Tensor(), i64({4}, {1, 1, 3, 5})})[0],
              {1, 1, 3, 5},
              {-1.268959, -0.483364, 0.315104, -0.312365, -0.994959, -0.262, -0.2105, -0.125, -0.0395, 0.012,
               0.744959, 0.062364, -0.565104, 0.233365, 1.018959});
}

TEST(Networks, ResizeOfSymbolicSizes) {
  const Dim h = Dim::symbol("h"), w = Dim::symbol("w");
  Attrs attrs = {{"axes", Ints{2, 3}}};
  const TensorType x{DataType::kF32, {1, 3, h, w}};
  const auto type = infer_op("Resize", attrs, {x, {}, {DataType::kF32, {2}}});
  ASSERT_TRUE(type.ok()) << type.status().to_string();
  EXPECT_EQ((*type)[0].shape[1], Dim(3));
  EXPECT_FALSE((*type)[0].shape[2].is_const());
}

TEST(Networks, QuantizationRoundsToEvenAndSaturates) {
  const Tensor scale = f32({}, {0.5}), zero = make_tensor(DataType::kI8, {}, {10});
  const Tensor q = run("QuantizeLinear", {}, {f32({5}, {0.25, 0.75, -0.25, 1000, -1000}), scale, zero})[0];
  expect_near(q, {5}, {10, 12, 10, 127, -128});
  expect_near(run("DequantizeLinear", {}, {q, scale, zero})[0], {5}, {0, 1, 0, 58.5, -69});
}

TEST(Networks, BlockedInt4) {
  const Attrs attrs = {{"axis", int64_t{0}}, {"block_size", int64_t{2}}};
  const Tensor x = make_tensor(DataType::kI4, {3, 1}, {-8, 7, 3});
  expect_near(run("DequantizeLinear", attrs, {x, f32({2, 1}, {0.5, 10})})[0], {3, 1}, {-4, 3.5, 30});
}

TEST(Networks, NonMaxSuppression) {
  const Tensor boxes = f32({1, 4, 4}, {0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11, 1, 11.1, 0, 10.1});
  const Tensor scores = f32({1, 1, 4}, {0.9, 0.75, 0.6, 0.95});
  const Tensor y =
      run("NonMaxSuppression", {}, {boxes, scores, i64({}, {3}), f32({}, {0.5}), f32({}, {0})})[0];
  expect_near(y, {2, 3}, {0, 0, 3, 0, 0, 0});
  EXPECT_EQ(run("NonMaxSuppression", {}, {boxes, scores})[0].dims(), (Dims{0, 3}));
}

TEST(Networks, TreesAndTheirBaseValue) {
  const Attrs attrs = {{"nodes_treeids", Ints{0, 0, 0, 1, 1, 1}},
                       {"nodes_nodeids", Ints{0, 1, 2, 0, 1, 2}},
                       {"nodes_featureids", Ints{0, 0, 0, 1, 0, 0}},
                       {"nodes_modes", Strings{"BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_GT", "LEAF", "LEAF"}},
                       {"nodes_values", Floats{0.25f, 0, 0, -0.5f, 0, 0}},
                       {"nodes_truenodeids", Ints{1, 0, 0, 1, 0, 0}},
                       {"nodes_falsenodeids", Ints{2, 0, 0, 2, 0, 0}},
                       {"target_treeids", Ints{0, 0, 1, 1}},
                       {"target_nodeids", Ints{1, 2, 1, 2}},
                       {"target_ids", Ints{0, 0, 0, 0}},
                       {"target_weights", Floats{1, 2, 3, 4}},
                       {"base_values", Floats{0.5f}}};
  const Tensor x = f32({3, 2}, {0, 0, 1, -1, 0.25, -0.5});
  expect_near(run("ml.TreeEnsembleRegressor", attrs, {x})[0], {3, 1}, {4.5, 6.5, 5.5});
  Attrs cycle = attrs, dangling = attrs;
  cycle.set("nodes_modes", Strings{"BRANCH_LEQ", "BRANCH_LEQ", "LEAF", "BRANCH_GT", "LEAF", "LEAF"});
  cycle.set("nodes_truenodeids", Ints{1, 1, 0, 1, 0, 0});
  expect_error("ml.TreeEnsembleRegressor", cycle, {x}, "cycle");
  dangling.set("nodes_truenodeids", Ints{9, 0, 0, 1, 0, 0});
  expect_error("ml.TreeEnsembleRegressor", dangling, {x}, "child that does not exist");
  expect_error("ml.TreeEnsembleRegressor", attrs, {f32({3, 1}, {1, 2, 3})}, "at least 2 columns");
}

TEST(Networks, LinearModelsUseTheFirstCoefficients) {
  Attrs attrs = {
      {"coefficients", Floats{1, 2, 3, 4, 99, 99}}, {"intercepts", Floats{0.5f, 0}}, {"targets", int64_t{2}}};
  expect_near(run("ml.LinearRegressor", attrs, {f32({1, 2}, {1, 10})})[0], {1, 2}, {21.5, 43});
  expect_near(run("ml.LinearRegressor", attrs, {f32({2, 0}, {})})[0], {2, 2}, {0.5, 0, 0.5, 0});
  expect_error("ml.LinearRegressor", attrs, {f32({1, 4}, {1, 2, 3, 4})}, "at most 3 columns");
}

TEST(Fused, MatMulIsThePlainProductThenTheProgram) {
  const Tensor a = f32({2, 3}, {1, 2, 3, 4, 5, 6}), b = f32({3, 2}, {1, 0, -1, 2, 0.5, -3}),
               bias = f32({2}, {10, -10});
  expect_near(run("FusedMatMul", {}, {a, b})[0], {2, 2}, {0.5, -5, 2, -8});
  const Attrs epilogue = {{"alpha", 2.0f}, {"epilogue", std::string("relu x0; add t0 x1")}};
  expect_near(run("FusedMatMul", epilogue, {a, b, bias, f32({2, 1}, {100, 200})})[0], {2, 2},
              {111, 100, 214, 200});
  const Attrs transposed = {{"trans_a", int64_t{1}}, {"trans_b", int64_t{1}}};
  expect_near(run("FusedMatMul", transposed,
                  {f32({3, 2}, {1, 4, 2, 5, 3, 6}), f32({2, 3}, {1, -1, 0.5, 0, 2, -3})})[0],
              {2, 2}, {0.5, -5, 2, -8});
}

TEST(Fused, ConvEpilogueReadsTheExtraInputs) {
  const Attrs attrs = {{"epilogue", std::string("add x0 x1; relu t0")}};
  const Tensor x = f32({1, 1, 1, 3}, {1, 2, 3}), w = f32({1, 1, 1, 1}, {2}),
               residual = f32({1, 1, 1, 3}, {-9, 0, 9});
  expect_near(run("Conv", attrs, {x, w, f32({1}, {1}), residual})[0], {1, 1, 1, 3}, {0, 5, 16});
  expect_error("Conv", {}, {x, w, Tensor(), residual}, "no epilogue that reads them");
  expect_error("Conv", attrs, {x, w}, "reads x1");
  expect_error("Conv", attrs, {x, w, Tensor(), ramp({2, 2, 1, 3})}, "does not broadcast");
}

TEST(Fused, SkipLayerNormalizationIsTheSumThenLayerNormalization) {
  const Tensor x = ramp({2, 4}), skip = ramp({2, 4}, 0.5, 7), scale = ramp({4}, 0.5), shift = ramp({4});
  const Tensor sum = run("Pointwise", {{"program", std::string("add x0 x1")}}, {x, skip})[0];
  const auto fused = run("SkipLayerNormalization", {}, {x, skip, scale, shift}, 2);
  expect_near(fused[1], {2, 4}, values_of(sum));
  expect_near(fused[0], {2, 4}, values_of(run("LayerNormalization", {}, {sum, scale, shift})[0]));
}

TEST(Fused, ChannelLayerNormIsLayerNormalizationOfEachPixel) {
  const Tensor scale = ramp({3}, 0.5), shift = ramp({3});
  const Tensor rows = ramp({4, 3});  // four pixels of three channels
  std::vector<double> columns(12);
  for (size_t p = 0; p < 4; ++p)
    for (size_t c = 0; c < 3; ++c) columns[c * 4 + p] = values_of(rows)[p * 3 + c];
  const auto expected = values_of(run("LayerNormalization", {}, {rows, scale, shift})[0]);
  const auto got = values_of(run("ChannelLayerNorm", {}, {f32({1, 3, 2, 2}, columns), scale, shift})[0]);
  for (size_t p = 0; p < 4; ++p)
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(got[c * 4 + p], expected[p * 3 + c], 1e-6);
}

TEST(Fused, MultiHeadAttentionIsAttention) {
  const Tensor q = ramp({2, 3, 8}), k = ramp({2, 5, 8}, 0.25, 7), v = ramp({2, 5, 8}, 0.25, 11);
  const Tensor mask = ramp({1, 1, 3, 5}, 0.5, 7);
  const Attrs attention = {{"q_num_heads", int64_t{2}}, {"kv_num_heads", int64_t{2}}};
  const Attrs fused = {{"heads", int64_t{2}}, {"head_dim", int64_t{4}}};
  const Tensor expected = run("Attention", attention, {q, k, v, mask})[0];
  expect_near(run("MultiHeadAttention", fused, {q, k, v, mask})[0], {2, 3, 8}, values_of(expected), 1e-6);
}

TEST(Fused, MultiHeadAttentionReadsColumnsOfOneMatrix) {
  const Tensor all = ramp({1, 3, 12}, 0.25, 11);
  auto columns = [&](size_t first) {
    std::vector<double> part;
    for (size_t row = 0; row < 3; ++row)
      for (size_t i = 0; i < 4; ++i) part.push_back(values_of(all)[row * 12 + first + i]);
    return f32({1, 3, 4}, part);
  };
  Attrs attrs = {{"heads", int64_t{2}}, {"head_dim", int64_t{2}}, {"causal", int64_t{1}}};
  const Tensor expected = run("MultiHeadAttention", attrs, {columns(8), columns(0), columns(4)})[0];
  attrs.set("q_offset", int64_t{8});
  attrs.set("v_offset", int64_t{4});
  expect_near(run("MultiHeadAttention", attrs, {all, all, all})[0], {1, 3, 4}, values_of(expected), 1e-6);
  attrs.set("v_offset", int64_t{9});
  expect_error("MultiHeadAttention", attrs, {all, all, all}, "at least 13 columns");
}

TEST(Refused, SizesAndAttributesThatMakeNoSense) {
  const Tensor x = ramp({1, 2, 4, 4}), w = ramp({2, 2, 3, 3});
  expect_error("Conv", {{"group", int64_t{0}}}, {x, w}, "group is 0");
  expect_error("Conv", {{"strides", Ints{0, 1}}}, {x, w}, "strides contains 0");
  expect_error("Conv", {{"pads", Ints{-1, 0, 0, 0}}}, {x, w}, "pads contains -1");
  expect_error("Conv", {{"dilations", Ints{int64_t{1} << 29, 1}}}, {x, w}, "does not fit");
  expect_error("Conv", {{"dilations", Ints{int64_t{1} << 60, 1}}}, {x, w}, "dilations contains");
  expect_error("Conv", {}, {x, ramp({2, 3, 3, 3})}, "do not fit for 1 groups");
  expect_error("MaxPool", {{"kernel_shape", Ints{5, 5}}}, {x}, "does not fit into 4 elements");
  expect_error("MaxPool", {{"kernel_shape", Ints{2}}}, {x}, "the kernel has 1 dimensions, expected 2");
  expect_error("QuantizeLinear", {}, {x, ramp({3})}, "the scale has shape [3], expected [] or [2]");
  expect_error("GroupNormalization", {{"num_groups", int64_t{3}}}, {x, ramp({2}), ramp({2})},
               "num_groups is 3");
  expect_error("Resize", {}, {x, Tensor(), f32({4}, {1, 1, NAN, 1})}, "scales contains nan");
  expect_error("Resize", {}, {x, Tensor(), f32({4}, {1, 1, 1e9, 1})}, "scales contains");
  expect_error("RoiAlign", {}, {x, f32({1, 4}, {0, 0, 1e9, 1}), i64({1}, {0})}, "too large");
  expect_error("RoiAlign", {}, {x, f32({1, 4}, {0, 0, 1, 1}), i64({1}, {7})}, "batch_indices contains 7");
  expect_error("MaxUnpool", {{"kernel_shape", Ints{1, 1}}},
               {x, i64({1, 2, 4, 4}, std::vector<double>(32, 99))}, "index 99 is out of range");
}

}  // namespace
}  // namespace ingot::ops
