// Engine files: what is written comes back; what is damaged, cut off or forged gives an error and nothing
// worse.
#include "engine/engine_file.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ingot {
namespace {

EngineImage sample() {
  EngineImage engine;
  engine.meta.set("name", std::string("sample"));
  engine.meta.set("layers", int64_t{2});
  engine.metadata = {{"by", "a test"}, {"", ""}};
  engine.graph = "graph sample(x: f32[batch, 4]) { return x }";
  engine.source = "graph source(x: f32[batch, 4]) { return x }";
  engine.weights.push_back({Tensor::vector_f32(std::vector<float>{1, 2, 3, 4}), ""});
  engine.weights.push_back({Tensor::vector_f32(std::vector<float>(100, 0.5f)), "gemm_b/avx2"});
  engine.weights.push_back({Tensor::vector_f32(std::vector<float>{1, 2, 3, 4}), ""});  // equal to the first
  engine.weights.push_back(Weight::packed_away(Tensor::vector_f32(std::vector<float>(90)), 1));
  Plan plan;
  plan.device = "cpu";
  plan.arch = "avx2";
  plan.block = 8;
  plan.profile = {{"x", {1, 4}, {2, 4}, {8, 4}}};
  const Dim batch = Dim::symbol("batch");
  auto tensor = [&](const char* name, int32_t weight, TensorId alias) {
    PlanTensor t;
    t.name = name;
    t.type = {DataType::kF32, {batch, 4}, true};
    t.weight = weight;
    t.alias_of = alias;
    plan.tensors.push_back(t);
  };
  tensor("x", -1, kNoTensor);
  tensor("w", 0, kNoTensor);
  tensor("y", -1, kNoTensor);
  tensor("view", -1, 2);
  plan.tensors[3].alias_offset = batch * 2;
  tensor("sizes", -1, kNoTensor);
  plan.tensors[4].type = {DataType::kI64, {2}, true};
  plan.tensors[4].contents = {batch + Dim(1), 7};
  PlanStep step;
  step.op = "pointwise";
  step.kernel = "pointwise_f32__avx2";
  step.name = "add";
  step.args = {{"program", std::string("add x0 x1")},
               {"ints", Ints{1, -2}},
               {"floats", Floats{0.5f}},
               {"strings", Strings{"a", ""}},
               {"tensor", Tensor::scalar_i64(7)}};
  step.inputs = {0, 1, kNoTensor};
  step.outputs = {2};
  step.flops = 8;
  step.timed = {{"pointwise_f32__avx2", 1e-6, true}, {"other", 2e-6, false}};
  plan.steps.push_back(step);
  plan.inputs = {0};
  plan.outputs = {2};
  engine.plans.push_back(plan);
  return engine;
}

Result<std::shared_ptr<const EngineImage>> parse(std::span<const std::byte> bytes) {
  // Weights are aligned within a file that is mapped at a page.
  auto owner =
      std::shared_ptr<void>(std::aligned_alloc(4096, (bytes.size() + 8191) / 4096 * 4096), std::free);
  if (!bytes.empty()) std::memcpy(owner.get(), bytes.data(), bytes.size());
  return parse_engine({static_cast<const std::byte*>(owner.get()), bytes.size()}, owner);
}

TEST(EngineFile, RoundTrips) {
  const EngineImage engine = sample();
  const auto bytes = serialize_engine(engine);
  auto loaded = parse(bytes);
  ASSERT_TRUE(loaded.ok()) << loaded.status().to_string();
  const EngineImage& got = **loaded;
  EXPECT_EQ(got.meta, engine.meta);
  EXPECT_EQ(got.metadata, engine.metadata);
  EXPECT_EQ(got.graph, engine.graph);
  EXPECT_EQ(got.source, engine.source);
  ASSERT_EQ(got.weights.size(), 4u);
  EXPECT_EQ(got.weights[1].packing, "gemm_b/avx2");
  EXPECT_EQ(got.weights[0].data.span<float>()[3], 4.0f);
  EXPECT_EQ(got.weights[0].data.data(), got.weights[2].data.data()) << "equal weights are stored once";
  EXPECT_EQ(got.weights[3].packed_in, 1);
  EXPECT_EQ(got.weights[3].data.dims(), (Dims{90}));
  EXPECT_TRUE(check_weights(got).ok());
  ASSERT_EQ(got.plans.size(), 1u);
  EXPECT_EQ(got.plans[0].steps[0].args, engine.plans[0].steps[0].args);
  EXPECT_EQ(got.plans[0].steps[0].timed, engine.plans[0].steps[0].timed);
  EXPECT_EQ(got.plans[0].tensors[3].alias_offset, Dim::symbol("batch") * 2);
  EXPECT_EQ(got.plans[0].tensors[4].contents, (Shape{Dim::symbol("batch") + Dim(1), 7}));
  EXPECT_EQ(got.plans[0].profile[0].max, (Dims{8, 4}));
  EXPECT_EQ(serialize_engine(got), bytes) << "the same engine gives the same bytes";
}

TEST(EngineFile, WeightsThatNoPlanReadsComeLast) {
  EngineImage engine = sample();
  std::swap(engine.weights[0], engine.weights[1]);
  engine.weights[3] = {Tensor::vector_f32(std::vector<float>{5, 6}), ""};
  engine.plans[0].tensors[1].weight = 3;
  const std::vector<std::byte> bytes = serialize_engine(engine);
  const auto back = parse(bytes);
  ASSERT_TRUE(back.ok());
  const auto* read = static_cast<const float*>((*back)->weights[3].data.data());
  EXPECT_EQ(read[0], 5);
  for (size_t i = 0; i < 3; ++i) EXPECT_LT(read, static_cast<const float*>((*back)->weights[i].data.data()));
  EXPECT_TRUE(check_weights(**back).ok());
}

TEST(EngineFile, TenThousandMutationsAreRefused) {
  const auto original = serialize_engine(sample());
  std::mt19937 random(1);
  for (int i = 0; i < 10000; ++i) {
    auto bytes = original;
    switch (random() % 3) {
      case 0:
        bytes.resize(random() % bytes.size());
        break;
      case 1:
        bytes[random() % bytes.size()] ^= std::byte(1u << (random() % 8));
        break;
      default:
        std::swap(bytes[random() % bytes.size()], bytes[random() % bytes.size()]);
    }
    if (bytes == original) continue;
    // Bytes between sections belong to none: a change there is no damage.
    auto loaded = parse(bytes);
    if (loaded.ok()) {
      if (const Status weights = check_weights(**loaded); !weights.ok()) loaded = weights;
    }
    if (loaded.ok())
      EXPECT_EQ(serialize_engine(**loaded), original) << "mutation " << i << " changed the engine unseen";
    else
      EXPECT_FALSE(loaded.status().message().empty());
  }
}

// Damage that comes with right checksums, as from someone who means it: whatever parses has to be valid.
TEST(EngineFile, ForgedSectionsParseToValidPlansOrErrors) {
  const auto original = serialize_engine(sample());
  constexpr size_t kTable = 16, kEntry = 24, kSections = 6;
  std::mt19937 random(2);
  int accepted = 0;
  for (int i = 0; i < 10000; ++i) {
    auto bytes = original;
    const size_t section = random() % 5;
    uint64_t entry[3];
    std::memcpy(entry, bytes.data() + kTable + section * kEntry, sizeof entry);
    if (entry[1] == 0) continue;
    for (uint32_t n = 1 + random() % 4; n > 0; --n)
      bytes[entry[0] + random() % entry[1]] = std::byte(random() % (random() % 2 ? 256 : 4));
    entry[2] = XXH3_64bits(bytes.data() + entry[0], entry[1]);
    std::memcpy(bytes.data() + kTable + section * kEntry, entry, sizeof entry);
    const uint64_t header = XXH3_64bits(bytes.data(), kTable + kSections * kEntry);
    std::memcpy(bytes.data() + kTable + kSections * kEntry, &header, sizeof header);
    auto loaded = parse(bytes);
    if (!loaded.ok()) continue;
    ++accepted;
    for (const Plan& plan : (*loaded)->plans) EXPECT_TRUE(validate(plan, (*loaded)->weights.size()).ok());
  }
  EXPECT_GT(accepted, 100) << "the forgeries have to get past the checksums to test anything";
}

TEST(EngineFile, DamagedWeightsAreFoundOnRequest) {
  auto bytes = serialize_engine(sample());
  bytes[bytes.size() - 1] ^= std::byte{1};
  const auto loaded = parse(bytes);
  ASSERT_TRUE(loaded.ok());
  const Status status = check_weights(**loaded);
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_NE(status.message().find("weight 1 of the engine, f32[100]"), std::string_view::npos)
      << status.message();
}

// A weight without bytes of its own has to lie in one that is large enough, and plans cannot read it.
TEST(EngineFile, RefusesReferencesThatLeadNowhere) {
  const auto refused = [](auto&& change) {
    EngineImage engine = sample();
    change(engine);
    const Status status = parse(serialize_engine(engine)).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    return std::string(status.message());
  };
  const Tensor large = Tensor::vector_f32(std::vector<float>(101));
  const std::string damaged = "weight table is damaged";
  EXPECT_NE(refused([](EngineImage& e) { e.weights[3].packed_in = 4; }).find(damaged), std::string::npos);
  EXPECT_NE(refused([](EngineImage& e) { e.weights[3].packed_in = 3; }).find(damaged), std::string::npos);
  EXPECT_NE(refused([](EngineImage& e) { e.weights[3].packed_in = 0; }).find(damaged), std::string::npos);
  EXPECT_NE(refused([&](EngineImage& e) { e.weights[3] = Weight::packed_away(large, 1); }).find(damaged),
            std::string::npos);
  EXPECT_NE(refused([](EngineImage& e) { e.plans[0].tensors[1].weight = 3; }).find("in packed form only"),
            std::string::npos);
}

TEST(EngineFile, SaysWhatIsWrong) {
  auto bytes = serialize_engine(sample());
  EXPECT_NE(parse({}).status().message().find("0 bytes"), std::string_view::npos);
  auto other = bytes;
  other[0] = std::byte('X');
  EXPECT_NE(parse(other).status().message().find("not an engine file"), std::string_view::npos);
  const uint32_t version = 99;
  std::memcpy(bytes.data() + 8, &version, sizeof version);
  const Status status = parse(bytes).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find(str("version 99, expected ", kEngineVersion)), std::string_view::npos);
  EXPECT_EQ(load_engine("/nonexistent/engine").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(load_engine("/").status().code(), StatusCode::kIoError);
}

TEST(EngineFile, AFailedSaveLeavesTheOldFile) {
  const std::string path = ::testing::TempDir() + "/engine_test.ingot";
  ASSERT_TRUE(save_engine(sample(), path).ok());
  const auto size = std::filesystem::file_size(path);
  if (std::filesystem::exists("/dev/full")) {
    EXPECT_FALSE(save_engine(sample(), "/nonexistent_folder/x.ingot").ok());
  }
  EXPECT_EQ(std::filesystem::file_size(path), size);
  EXPECT_TRUE(load_engine(path).ok());
  std::remove(path.c_str());
}

}  // namespace
}  // namespace ingot
