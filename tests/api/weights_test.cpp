// What engines store of weights: once where a kernel's form of them is a permutation, in any plan.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "networks.h"

namespace ingot {
namespace {

using testing::quick;

std::vector<float> numbers(size_t count) {
  std::vector<float> out(count);
  for (size_t i = 0; i < count; ++i) out[i] = std::sin(static_cast<float>(i) * 0.37f);
  return out;
}

constexpr size_t kWeightBytes = (32 * 16 * 9 + 32 * 9 + 64 * 96 + 96 * 64) * sizeof(float);

// A direct convolution (stride 2), a depthwise one, two products.
Network mixed() {
  static std::vector<float> direct = numbers(32 * 16 * 9), depthwise = numbers(32 * 9), up = numbers(64 * 96),
                            down = numbers(96 * 64);
  Network net("mixed");
  const auto constant = [&](std::vector<float>& values, std::vector<int64_t> dims, const char* name) {
    return net.constant({DataType::kF32, std::move(dims), values.data()}, name);
  };
  NetworkTensor x = net.input("x", DataType::kF32, {"1", "16", "16", "16"});
  const std::vector<int64_t> pads = {1, 1, 1, 1};
  x = net.op("Conv", {x, constant(direct, {32, 16, 3, 3}, "direct")},
             {{"pads", pads}, {"strides", std::vector<int64_t>{2, 2}}}, "direct");
  x = net.op("Conv", {x, constant(depthwise, {32, 1, 3, 3}, "depthwise")},
             {{"pads", pads}, {"group", int64_t{32}}}, "depthwise");
  static int64_t rows[] = {32, 64};
  x = net.op("Reshape", {x, net.constant({DataType::kI64, {2}, rows}, "rows")}, {}, "flat");
  x = net.op("MatMul", {x, constant(up, {64, 96}, "up")}, {}, "up");
  net.output(net.op("MatMul", {x, constant(down, {96, 64}, "down")}, {}, "down"), "y");
  return net;
}

std::vector<float> run(const Engine& engine) {
  static std::vector<float> x = numbers(16 * 16 * 16);
  auto context = engine.context();
  EXPECT_TRUE(context.ok());
  EXPECT_TRUE(context->set_input("x", {DataType::kF32, {1, 16, 16, 16}, x.data()}).ok());
  EXPECT_TRUE(context->run().ok());
  const auto y = context->output("y");
  EXPECT_TRUE(y.ok());
  const auto* values = static_cast<const float*>(y->data);
  return {values, values + 32 * 64};
}

// INGOT_ISA as long as it lives; null: the machine's own.
class ForcedIsa {
 public:
  explicit ForcedIsa(const char* isa) {
    if (const char* before = std::getenv("INGOT_ISA")) before_ = before;
    set(isa);
  }
  ~ForcedIsa() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static void set(const char* isa) {
    isa != nullptr ? ::setenv("INGOT_ISA", isa, 1) : ::unsetenv("INGOT_ISA");
  }
  std::optional<std::string> before_;
};

TEST(Weights, AreStoredOnceAndPlannedAnew) {
  const ForcedIsa native(nullptr);
  const auto built = build(mixed(), quick());
  ASSERT_TRUE(built.ok()) << built.status().to_string();
  const std::vector<std::byte> bytes = built->serialize();
  constexpr size_t kPlans = 12000;  // header, graph, steps and page alignment
  EXPECT_LT(bytes.size(), kWeightBytes + kPlans);
  const std::vector<float> expected = run(*built);

  const ForcedIsa forced("baseline");
  const auto loaded = load_bytes(bytes.data(), bytes.size());
  ASSERT_TRUE(loaded.ok()) << loaded.status().to_string();
  ASSERT_EQ(loaded->warnings().size(), 1u) << "it was not planned anew";
  EXPECT_LT(loaded->serialize().size(), kWeightBytes + kPlans);
  const std::vector<float> got = run(*loaded);
  double largest = 0, difference = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    largest = std::max<double>(largest, std::abs(expected[i]));
    difference = std::max<double>(difference, std::abs(expected[i] - got[i]));
  }
  EXPECT_LT(difference, 1e-5 * largest);
}

TEST(Weights, DamageIsFoundOnRequest) {
  const auto built = build(mixed(), quick());
  ASSERT_TRUE(built.ok());
  const std::string path = ::testing::TempDir() + "weights_test.ingot";
  ASSERT_TRUE(built->save(path).ok());
  EXPECT_TRUE(load(path)->check_weights().ok());
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-4000, std::ios::end);
    file.put('!');
  }
  const auto damaged = load(path);
  ASSERT_TRUE(damaged.ok()) << damaged.status().to_string();
  EXPECT_EQ(damaged->check_weights().code(), StatusCode::kCorrupt);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace ingot
