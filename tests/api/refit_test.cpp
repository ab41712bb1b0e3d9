// Refit: an engine with other weights answers as one that was built with them, with the kernels it had.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "networks.h"

namespace ingot {
namespace {

using testing::quick;

struct Weights {
  explicit Weights(float seed) {
    std::map<std::string, std::vector<int64_t>> dims = {
        {"kernel", {24, 8, 3, 3}}, {"scale", {24}}, {"shift", {24}}, {"mean", {24}},
        {"variance", {24}},        {"w", {24, 40}}, {"b", {40}}};
    for (auto& [name, d] : dims) {
      size_t count = 1;
      for (int64_t n : d) count *= static_cast<size_t>(n);
      auto& v = values[name];
      for (size_t i = 0; i < count; ++i)
        v.push_back((name == "variance" ? 1.5f : 0.0f) + std::sin(seed + static_cast<float>(i) * 0.37f));
      refs[name] = {DataType::kF32, d, v.data()};
    }
  }
  std::map<std::string, std::vector<float>> values;
  std::map<std::string, TensorRef> refs;
};

// Convolution, batch normalization (which is folded into it), pooling, a product: x f32[n, 8, 6, 6].
Network network(const Weights& weights) {
  Network net("refit");
  const auto w = [&](const char* name) { return net.constant(weights.refs.at(name), name); };
  NetworkTensor x = net.input("x", DataType::kF32, {"n", "8", "6", "6"});
  x = net.op("Conv", {x, w("kernel")}, {}, "conv");
  x = net.op("BatchNormalization", {x, w("scale"), w("shift"), w("mean"), w("variance")}, {}, "bn");
  x = net.op("Relu", {x}, {}, "relu");
  x = net.op("Flatten", {net.op("GlobalAveragePool", {x}, {}, "pool")}, {}, "flat");
  x = net.op("Add", {net.op("MatMul", {x, w("w")}, {}, "product"), w("b")}, {}, "bias");
  net.output(x, "y");
  return net;
}

std::vector<float> run(const Engine& engine, int64_t n = 3) {
  std::vector<float> x(static_cast<size_t>(n) * 8 * 36);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::cos(static_cast<float>(i) * 0.21f);
  auto context = engine.context();
  EXPECT_TRUE(context.ok());
  EXPECT_TRUE(context->set_input("x", {DataType::kF32, {n, 8, 6, 6}, x.data()}).ok());
  const Status ran = context->run();
  EXPECT_TRUE(ran.ok()) << ran.to_string();
  const auto y = context->output("y");
  EXPECT_TRUE(y.ok());
  const auto* values = static_cast<const float*>(y->data);
  return {values, values + n * 40};
}

Engine built(const Weights& weights, bool refittable, int level = 0) {
  BuildOptions options = quick();
  options.level = level;
  options.refittable = refittable;
  options.profiles = {{{"x", {{1, 8, 6, 6}, {2, 8, 6, 6}, {4, 8, 6, 6}}}},
                      {{"x", {{5, 8, 6, 6}, {8, 8, 6, 6}, {16, 8, 6, 6}}}}};
  options.metadata = {{"label", "kept"}};
  auto engine = build(network(weights), options);
  EXPECT_TRUE(engine.ok()) << engine.status().to_string();
  return *engine;
}

// Names and kernels of all steps.
std::vector<std::string> steps(const Engine& engine) {
  std::vector<std::string> out;
  const auto report = nlohmann::json::parse(engine.report_json());
  for (const auto& plan : report["plans"])
    for (const auto& s : plan["steps"])
      out.push_back(s["name"].get<std::string>() + " " + s["kernel"].get<std::string>());
  return out;
}

TEST(Refit, AnswersAsAnEngineBuiltWithThoseWeights) {
  const Weights before(0.3f), after(2.1f);
  const Engine engine = built(before, true, 1), expected = built(after, false);
  const auto refitted = engine.refit(after.refs);
  ASSERT_TRUE(refitted.ok()) << refitted.status().to_string();
  EXPECT_EQ(steps(*refitted), steps(engine));
  EXPECT_EQ(refitted->metadata(), engine.metadata());
  for (int64_t n : {3, 9}) {
    const auto got = run(*refitted, n), want = run(expected, n);
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-4f) << i;
  }
  EXPECT_EQ(run(engine), run(built(before, true, 1))) << "the engine itself stays as it was";
}

TEST(Refit, OneWeightOfAnEngineThatWasSaved) {
  const Weights before(0.3f), after(2.1f);
  Weights mixed = before;
  for (auto& [name, ref] : mixed.refs) ref.data = mixed.values[name].data();
  mixed.refs["scale"] = after.refs.at("scale");
  const auto path = std::filesystem::temp_directory_path() / "ingot_refit_test.ingot";
  ASSERT_TRUE(built(before, true).save(path.string()).ok());
  const auto loaded = load(path.string());
  std::filesystem::remove(path);
  ASSERT_TRUE(loaded.ok());
  auto once = loaded->refit({{"scale", after.refs.at("scale")}});
  ASSERT_TRUE(once.ok()) << once.status().to_string();
  EXPECT_EQ(run(*once), run(built(mixed, false)));
  // again, after another trip through bytes
  const auto bytes = once->serialize();
  const auto again = load_bytes(bytes.data(), bytes.size());
  ASSERT_TRUE(again.ok());
  const auto back = again->refit({{"scale", before.refs.at("scale")}});
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(run(*back), run(built(before, false)));
}

TEST(Refit, ListsWeightsAndRefusesOthers) {
  const Weights weights(0.3f);
  const Engine engine = built(weights, true);
  const auto listed = engine.weights();
  ASSERT_TRUE(listed.ok());
  std::map<std::string, std::vector<std::string>> dims;
  for (const TensorInfo& w : *listed) dims[w.name] = w.dims;
  for (const auto& [name, ref] : weights.refs) EXPECT_EQ(dims[name].size(), ref.dims.size()) << name;
  EXPECT_EQ(dims["w"], (std::vector<std::string>{"24", "40"}));

  const auto refused = [&](const std::string& name, const TensorRef& ref, const char* word) {
    const Status status = engine.refit({{name, ref}}).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(word), std::string_view::npos) << status.message();
  };
  TensorRef wrong = weights.refs.at("b");
  refused("nothing", wrong, "'kernel'");
  wrong.dims = {20, 2};
  refused("b", wrong, "f32[40]");
  wrong = {DataType::kF32, {40}, nullptr};
  refused("b", wrong, "no data");
  const Engine plain = built(weights, false);
  EXPECT_EQ(plain.refit({}).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(plain.weights().status().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace ingot
