// INT8 by calibration: scales from samples, or from the cache that the first build leaves.
#include <gtest/gtest.h>

#include <cmath>

#include "networks.h"

namespace ingot {
namespace {

// A residual block whose values stay around 1, and whose outputs are no small differences.
Network block() {
  static std::vector<float> filter(8 * 8 * 3 * 3), table(8 * 4);
  for (size_t i = 0; i < filter.size(); ++i) filter[i] = std::sin(static_cast<float>(i)) / 6;
  for (size_t i = 0; i < table.size(); ++i) table[i] = (1.5f + std::cos(static_cast<float>(i))) / 8;
  Network net("block");
  const NetworkTensor x = net.input("x", DataType::kF32, {"n", "8", "6", "6"});
  const NetworkTensor w = net.constant({DataType::kF32, {8, 8, 3, 3}, filter.data()}, "w");
  const std::map<std::string, NetworkAttr> pads = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}};
  const NetworkTensor first = net.op("Relu", {net.op("Conv", {x, w}, pads, "conv1")}, {}, "relu1");
  const NetworkTensor second = net.op("Conv", {first, w}, pads, "conv2");
  const NetworkTensor sum = net.op("Relu", {net.op("Add", {second, first}, {}, "sum")}, {}, "relu2");
  const NetworkTensor flat = net.op("Flatten", {net.op("GlobalAveragePool", {sum}, {}, "pool")}, {}, "flat");
  const NetworkTensor m = net.constant({DataType::kF32, {8, 4}, table.data()}, "m");
  net.output(net.op("MatMul", {flat, m}, {}, "product"), "y");
  return net;
}

std::vector<float> image(int seed) {
  std::vector<float> out(2 * 8 * 6 * 6);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = std::sin(static_cast<float>(i * i + static_cast<size_t>(seed)));
  return out;
}

TensorRef as_input(std::vector<float>& values) { return {DataType::kF32, {2, 8, 6, 6}, values.data()}; }

std::vector<float> run(const Engine& engine) {
  auto context = engine.context();
  std::vector<float> x = image(100);
  EXPECT_TRUE(context->set_input("x", as_input(x)).ok());
  EXPECT_TRUE(context->run().ok());
  const auto y = context->output("y");
  return {static_cast<const float*>(y->data), static_cast<const float*>(y->data) + y->size()};
}

struct Samples {
  int asked = 0;
  std::string cache;
  std::vector<float> values;

  BuildOptions options(Calibration::Method method) {
    auto calibration = std::make_shared<Calibration>();
    calibration->next = [this](std::map<std::string, TensorRef>& inputs) {
      values = image(asked);
      inputs["x"] = as_input(values);
      return ++asked <= 4;
    };
    calibration->method = method;
    calibration->read_cache = [this] { return cache; };
    calibration->write_cache = [this](const std::string& text) { cache = text; };
    BuildOptions out = testing::quick();
    out.int8 = true;
    out.calibration = calibration;
    return out;
  }
};

TEST(Calibration, QuantizesAModelWithoutQuantizers) {
  const auto exact = build(block(), testing::quick());
  ASSERT_TRUE(exact.ok());
  const std::vector<float> expected = run(*exact);
  for (const auto method : {Calibration::kMinMax, Calibration::kEntropy}) {
    Samples samples;
    const auto engine = build(block(), samples.options(method));
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    EXPECT_EQ(samples.asked, 5);
    EXPECT_TRUE(engine->warnings().empty());
    EXPECT_NE(engine->graph_text().find("QuantizedConv"), std::string::npos);
    EXPECT_NE(engine->graph_text().find("QuantizedMatMul"), std::string::npos);
    const std::vector<float> y = run(*engine);
    ASSERT_EQ(y.size(), expected.size());
    float largest = 0;
    for (float v : expected) largest = std::max(largest, std::fabs(v));
    for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 0.05f * largest) << i;

    // The same again from the cache, without samples.
    samples.asked = 100;
    const auto again = build(block(), samples.options(method));
    ASSERT_TRUE(again.ok()) << again.status().to_string();
    EXPECT_EQ(samples.asked, 100);
    EXPECT_EQ(run(*again), y);
  }
}

TEST(Calibration, SaysWhatIsWrong) {
  Samples samples;
  BuildOptions options = samples.options(Calibration::kMinMax);
  options.int8 = false;
  EXPECT_EQ(build(block(), options).status().code(), StatusCode::kInvalidArgument);
  samples.asked = 100;
  EXPECT_EQ(build(block(), samples.options(Calibration::kMinMax)).status().code(),
            StatusCode::kFailedPrecondition);
  samples.cache = "TRT-8601";
  EXPECT_EQ(build(block(), samples.options(Calibration::kMinMax)).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace ingot
