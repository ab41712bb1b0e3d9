// Context: inputs, outputs, shapes, profiles, and what it refuses.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "networks.h"

namespace ingot {
namespace {

using testing::linear;
using testing::quick;
using testing::rows;

Context context_of(const BuildOptions& options = quick()) {
  auto engine = build(linear(), options);
  EXPECT_TRUE(engine.ok()) << engine.status().to_string();
  auto context = engine->context();
  EXPECT_TRUE(context.ok()) << context.status().to_string();
  return std::move(*context);  // outlives the engine's handle
}

std::vector<float> values(const TensorRef& t) {
  const auto* data = static_cast<const float*>(t.data);
  return {data, data + t.size()};
}

TEST(Context, RunsAtAnyBatch) {
  Context context = context_of();
  std::vector<float> x = {1, 0, 0, 1, -1, 1};
  ASSERT_TRUE(context.set_input("x", rows(x)).ok());
  ASSERT_TRUE(context.run().ok());
  auto y = context.output("y");
  ASSERT_TRUE(y.ok());
  EXPECT_EQ(y->dims, (Dims{3, 2}));
  EXPECT_EQ(values(*y), (std::vector<float>{1, 0, 2, 3, 1, 4}));

  std::vector<float> one = {2, 2};
  ASSERT_TRUE(context.set_input("x", rows(one)).ok());
  ASSERT_TRUE(context.run().ok());
  EXPECT_EQ(values(*context.output("y")), (std::vector<float>{6, 4}));
}

TEST(Context, WritesIntoTheCallersMemory) {
  Context context = context_of();
  std::vector<float> x = {1, 0}, y(2);
  ASSERT_TRUE(context.set_input("x", rows(x)).ok());
  ASSERT_TRUE(context.set_output("y", y.data(), 8).ok());
  ASSERT_TRUE(context.run().ok());
  EXPECT_EQ(y, (std::vector<float>{1, 0}));
  EXPECT_EQ(context.output("y")->data, y.data());

  std::vector<float> two = {1, 0, 0, 1};
  ASSERT_TRUE(context.set_input("x", rows(two)).ok());
  const Status small = context.run();
  EXPECT_EQ(small.to_string(), "invalid argument: output 'y' takes 16 bytes, got memory for 8");
  ASSERT_TRUE(context.set_output("y", nullptr, 0).ok());
  ASSERT_TRUE(context.run().ok());
  EXPECT_NE(context.output("y")->data, y.data());
  EXPECT_EQ(values(*context.output("y")), (std::vector<float>{1, 0, 2, 3}));
}

TEST(Context, ReadsInputsInPlace) {
  Context context = context_of();
  std::vector<float> x = {0, 0};
  ASSERT_TRUE(context.set_input("x", rows(x)).ok());
  x = {1, 0};
  ASSERT_TRUE(context.run().ok());
  EXPECT_EQ(values(*context.output("y")), (std::vector<float>{1, 0}));
}

TEST(Context, SaysWhatIsWrong) {
  Context context = context_of();
  std::vector<float> x = {0, 0, 0};
  EXPECT_EQ(context.set_input("z", rows(x)).to_string(), "invalid argument: no input 'z', expected 'x'");
  EXPECT_EQ(context.set_input("x", {DataType::kF32, {1, 3}, x.data()}).to_string(),
            "invalid argument: input 'x': got shape [1, 3], expected [n, 2]");
  EXPECT_EQ(context.set_input("x", {DataType::kF32, {2}, x.data()}).to_string(),
            "invalid argument: input 'x': got shape [2], expected [n, 2]");
  EXPECT_EQ(context.set_input("x", {DataType::kF32, {-1, 2}, x.data()}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(context.set_input("x", {DataType::kI64, {1, 2}, x.data()}).to_string(),
            "invalid argument: input 'x': got type i64, expected f32");
  EXPECT_EQ(context.run().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(context.output("y").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(context.output("q").status().to_string(), "invalid argument: no output 'q', expected 'y'");
  ASSERT_TRUE(context.set_input_shape("x", {4, 2}).ok());
  EXPECT_EQ(context.run().code(), StatusCode::kFailedPrecondition) << "there is a shape, but no data";
}

TEST(Context, KnowsShapesAndMemoryBeforeARun) {
  Context context = context_of();
  ASSERT_TRUE(context.set_input_shape("x", {5, 2}).ok());
  EXPECT_EQ(*context.output_shape("y"), (Dims{5, 2}));
  const auto small = context.memory_bytes();
  ASSERT_TRUE(small.ok());
  ASSERT_TRUE(context.set_input_shape("x", {50000, 2}).ok());
  EXPECT_GE(*context.memory_bytes(), *small);
}

TEST(Context, SharesMemoryBetweenItsLayers) {
  BuildOptions options = quick();
  options.disable_passes = {"all"};  // so that something lies between layers
  Context a = context_of(options), b = context_of(options), alone = context_of(options);
  std::vector<float> x(200);
  std::iota(x.begin(), x.end(), 1.0F);
  for (Context* c : {&a, &b, &alone}) ASSERT_TRUE(c->set_input("x", rows(x)).ok());
  const size_t bytes = *a.memory_bytes();
  ASSERT_GT(bytes, 0U);
  alignas(256) std::array<std::byte, 8192> memory{};
  ASSERT_LE(bytes, memory.size());
  ASSERT_TRUE(alone.run().ok());
  for (Context* c : {&a, &b, &a}) {
    ASSERT_TRUE(c->set_memory(memory.data(), bytes).ok());
    std::fill(memory.begin(), memory.end(), std::byte{0xFF});
    ASSERT_TRUE(c->run().ok());
    EXPECT_TRUE(std::any_of(memory.begin(), memory.end(), [](std::byte m) { return m != std::byte{0xFF}; }));
    EXPECT_TRUE(std::all_of(memory.begin() + static_cast<ptrdiff_t>(bytes), memory.end(),
                            [](std::byte m) { return m == std::byte{0xFF}; }));
    EXPECT_EQ(std::memcmp(c->output("y")->data, alone.output("y")->data, alone.output("y")->bytes()), 0);
  }
  EXPECT_EQ(a.set_memory(memory.data() + 8, 64).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(a.set_memory(memory.data(), bytes - 1).ok());
  EXPECT_EQ(a.run().to_string(), "failed precondition: the memory given for tensors between the steps has " +
                                     std::to_string(bytes - 1) + " bytes, needed are " +
                                     std::to_string(bytes));
  ASSERT_TRUE(a.set_memory(nullptr, 0).ok());
  EXPECT_TRUE(a.run().ok());
}

TEST(Context, StaysWithinTheProfiles) {
  BuildOptions options = quick();
  options.profiles = {{{"x", {{1, 2}, {1, 2}, {2, 2}}}}, {{"x", {{8, 2}, {8, 2}, {9, 2}}}}};
  Context context = context_of(options);
  for (const int64_t batch : {1, 2, 8, 9}) {
    std::vector<float> x(static_cast<size_t>(batch) * 2, 1);
    ASSERT_TRUE(context.set_input("x", rows(x)).ok());
    ASSERT_TRUE(context.run().ok()) << batch;
    EXPECT_EQ(context.output("y")->dims, (Dims{batch, 2}));
  }
  std::vector<float> x(10, 1);
  ASSERT_TRUE(context.set_input("x", rows(x)).ok());
  EXPECT_EQ(
      context.run().to_string(),
      "invalid argument: input shapes x=[5, 2] are outside the engine's profiles (x from [1, 2] to [2, 2]; "
      "x from [8, 2] to [9, 2])");
}

TEST(Context, TakesMemoryFromTheProgram) {
  const auto engine = build(linear(), quick());
  ASSERT_TRUE(engine.ok());
  int held = 0;
  bool gives = false;
  ContextOptions options;
  options.allocate = [&](size_t bytes) -> void* {
    if (!gives) return nullptr;
    ++held;
    return std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  };
  options.free = [&](void* memory) {
    --held;
    std::free(memory);
  };
  {
    auto context = engine->context(options);
    ASSERT_TRUE(context.ok());
    std::vector<float> x = {1, 0};
    ASSERT_TRUE(context->set_input("x", rows(x)).ok());
    EXPECT_EQ(context->run().code(), StatusCode::kOutOfMemory);
    gives = true;
    ASSERT_TRUE(context->run().ok());
    EXPECT_EQ(values(*context->output("y")), (std::vector<float>{1, 0}));
    EXPECT_GT(held, 0);
  }
  EXPECT_EQ(held, 0);
}

TEST(Context, HandsOutResultsOfSizesThatOnlyARunTells) {
  Network net("indices");
  net.output(net.op("NonZero", {net.input("x", DataType::kF32, {"5"})}), "y");
  const auto engine = build(net, quick());
  ASSERT_TRUE(engine.ok());
  auto context = engine->context();
  std::vector<float> x = {0, 1, 0, 2, 3};
  ASSERT_TRUE(context->set_input("x", {DataType::kF32, {5}, x.data()}).ok());
  std::vector<int64_t> indices;
  const auto memory = [&](const Dims& dims, size_t bytes) -> void* {
    EXPECT_EQ(dims, (Dims{1, 3}));
    indices.resize(bytes / sizeof(int64_t));
    return indices.data();
  };
  EXPECT_EQ(context->copy_output("y", memory).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(context->set_stream(&indices).code(), StatusCode::kUnsupported);
  ASSERT_TRUE(context->enqueue().ok());  // on a CPU, all is done when it returns
  ASSERT_TRUE(context->copy_output("y", memory).ok());
  EXPECT_EQ(indices, (std::vector<int64_t>{1, 3, 4}));
  EXPECT_EQ(context->copy_output("y", [](const Dims&, size_t) -> void* { return nullptr; }).code(),
            StatusCode::kOutOfMemory);
}

TEST(Context, TimesLayers) {
  Context context = context_of();
  std::vector<float> x = {1, 2};
  ASSERT_TRUE(context.set_input("x", rows(x)).ok());
  context.set_profiling(true);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(context.run().ok());
  const auto times = context.layer_times();
  ASSERT_FALSE(times.empty());
  for (const LayerTime& t : times) {
    EXPECT_EQ(t.runs, 3) << t.name;
    EXPECT_FALSE(t.kernel.empty());
  }
}

TEST(Context, TimesRuns) {
  Context context = context_of();
  EXPECT_EQ(context.run_times().status().code(), StatusCode::kFailedPrecondition);
  std::vector<float> x = {1, 2};
  ASSERT_TRUE(context.set_input("x", rows(x)).ok());
  ASSERT_TRUE(context.run().ok());
  context.set_timing(true);
  EXPECT_EQ(context.run_times().status().code(), StatusCode::kFailedPrecondition);
  ASSERT_TRUE(context.run().ok());
  const auto times = context.run_times();
  ASSERT_TRUE(times.ok()) << times.status().to_string();
  EXPECT_GE(times->compute, 0);
  EXPECT_GE(times->upload, 0);
}

TEST(Context, ThreadCounts) {
  const auto engine = build(linear(), quick(2));
  ASSERT_TRUE(engine.ok());
  EXPECT_EQ(engine->context()->threads(), 2);
  EXPECT_EQ(engine->context(3)->threads(), 3);
  EXPECT_EQ(engine->context(-1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(engine->context(100000).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ingot
