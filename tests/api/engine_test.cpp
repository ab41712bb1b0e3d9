// Engine: build, describe, save, load, and the messages of what goes wrong.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "networks.h"

namespace ingot {
namespace {

using testing::linear;
using testing::quick;

TEST(Engine, DescribesItself) {
  const auto engine = build(linear(), quick());
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  ASSERT_EQ(engine->inputs().size(), 1u);
  EXPECT_EQ(engine->inputs()[0].name, "x");
  EXPECT_EQ(engine->inputs()[0].dtype, DataType::kF32);
  EXPECT_EQ(engine->inputs()[0].dims, (std::vector<std::string>{"n", "2"}));
  EXPECT_EQ(engine->outputs()[0].name, "y");
  EXPECT_NE(engine->graph_text().find("graph linear(x: f32[n, 2])"), std::string::npos)
      << engine->graph_text();
  EXPECT_NE(engine->report_json().find("\"layers_imported\": 2"), std::string::npos) << engine->report_json();
  EXPECT_TRUE(engine->warnings().empty());
}

TEST(Engine, SurvivesFileAndBytes) {
  const auto engine = build(linear(), quick());
  ASSERT_TRUE(engine.ok());
  const std::string path = ::testing::TempDir() + "engine_test.ingot";
  ASSERT_TRUE(engine->save(path).ok());
  const std::vector<std::byte> bytes = engine->serialize();
  EXPECT_EQ(std::filesystem::file_size(path), bytes.size());
  for (const auto& loaded : {load(path), load_bytes(bytes.data(), bytes.size())}) {
    ASSERT_TRUE(loaded.ok()) << loaded.status().to_string();
    EXPECT_EQ(loaded->serialize(), bytes);
    EXPECT_EQ(loaded->graph_text(), engine->graph_text());
  }
}

TEST(Engine, SameInputsGiveTheSameBytes) {
  const auto a = build(linear(), quick()), b = build(linear(), quick());
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->serialize(), b->serialize());
}

// Timed once, the choices are those of the cache; the report tells the two builds apart, the engine does not.
TEST(Engine, SameTimingsGiveTheSameBytes) {
  BuildOptions options = quick();
  options.level = 1;
  options.timing_cache = ::testing::TempDir() + "engine_test_timings.txt";
  std::filesystem::remove(options.timing_cache);
  static std::vector<float> weight(64 * 48, 0.5f);
  Network net("timed");
  const NetworkTensor x = net.input("x", DataType::kF32, {"32", "64"});
  const NetworkTensor w = net.constant({DataType::kF32, {64, 48}, weight.data()}, "w");
  net.output(net.op("MatMul", {x, w}, {}, "product"), "y");
  const auto measured = build(net, options), cached = build(net, options);
  ASSERT_TRUE(measured.ok() && cached.ok()) << measured.status().to_string() << cached.status().to_string();
  EXPECT_EQ(measured->serialize(), cached->serialize());
  EXPECT_NE(measured->report_json().find("\"timings_from_cache\": 0"), std::string::npos);
  EXPECT_NE(cached->report_json().find("\"timings_measured\": 0"), std::string::npos);
  const auto why = measured->why("product");
  ASSERT_TRUE(why.ok());
  EXPECT_NE(why->find(" ms  gemm_f32"), std::string::npos) << *why;
  std::filesystem::remove(options.timing_cache);
}

TEST(Engine, FailedSaveKeepsTheOldFile) {
  const auto engine = build(linear(), quick());
  ASSERT_TRUE(engine.ok());
  const Status status = engine->save(::testing::TempDir() + "no/such/folder/e.ingot");
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("no/such/folder"), std::string_view::npos) << status.message();
}

TEST(Engine, LoadsNothingElse) {
  EXPECT_EQ(load("/no/such/file").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(load(::testing::TempDir()).status().code(), StatusCode::kIoError);
  EXPECT_EQ(load_bytes("", 0).status().code(), StatusCode::kCorrupt);
  const std::string path = ::testing::TempDir() + "junk.ingot";
  std::ofstream(path) << std::string(10000, 'j');
  EXPECT_EQ(load(path).status().code(), StatusCode::kCorrupt);
}

TEST(Engine, WhyNamesKernels) {
  const auto engine = build(linear(), quick());
  ASSERT_TRUE(engine.ok());
  EXPECT_EQ(engine->why("nobody").status().code(), StatusCode::kNotFound);
  BuildOptions plain = quick();
  plain.disable_passes = {"all"};
  const auto why = build(linear(), plain)->why("product");
  ASSERT_TRUE(why.ok()) << why.status().to_string();
  EXPECT_NE(why->find("node 'product' (MatMul)"), std::string::npos) << *why;
  EXPECT_NE(why->find("picked"), std::string::npos) << *why;
}

TEST(Build, ChecksOptions) {
  const auto message = [](BuildOptions options) { return build(linear(), options).status().to_string(); };
  BuildOptions o = quick();
  o.level = 6;
  EXPECT_EQ(message(o), "invalid argument: level 6 is out of range, expected 0 to 5");
  o = quick();
  o.threads = 5000;
  EXPECT_NE(message(o).find("thread count 5000"), std::string::npos);
  o = quick();
  o.shapes["q"] = {1};
  EXPECT_NE(message(o).find("'q', expected one of 'x'"), std::string::npos) << message(o);
  o = quick();
  o.profiles = {{{"x", {{2, 2}, {1, 2}, {4, 2}}}}};
  EXPECT_NE(message(o).find("min 2, opt 1, max 4"), std::string::npos) << message(o);
  o = quick();
  o.device = "abacus";
  EXPECT_NE(message(o).find("'abacus' is not available"), std::string::npos);
}

TEST(Network, KeepsItsFirstError) {
  Network net;
  const NetworkTensor x = net.input("x", DataType::kF32, {"n"});
  net.op("NoSuchOp", {x}, {}, "bad");
  net.op("AnotherOne", {x}, {}, "worse");
  EXPECT_EQ(net.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(net.status().message().find("bad"), std::string_view::npos);
  EXPECT_EQ(build(net, quick()).status().code(), StatusCode::kUnsupported);
  EXPECT_FALSE(build(Network(), quick()).ok());
}

}  // namespace
}  // namespace ingot
