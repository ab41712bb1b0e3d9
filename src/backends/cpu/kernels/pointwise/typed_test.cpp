// Typed pointwise kernels: every type and op at its edges, broadcasts, casts.
#include "backends/cpu/kernels/pointwise/typed.h"

#include <gtest/gtest.h>

#include <limits>

#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

template <class T, class R>
std::vector<R> run(TypedOp op, DataType type, const std::vector<T>& a, const std::vector<T>& b) {
  ThreadPool pool(1);
  const auto n = static_cast<int64_t>(a.size());
  Guarded<R> y(n);
  EXPECT_TRUE(typed_binary_supported(op, type));
  typed_binary(pool, {op, type, {n}, {1}, {1}}, a.data(), b.data(), y.data());
  EXPECT_TRUE(y.intact());
  return {y.data(), y.data() + n};
}

TEST(TypedBinary, IntegersWrapAndDivideSafely) {
  const int32_t low = std::numeric_limits<int32_t>::min(), high = std::numeric_limits<int32_t>::max();
  const std::vector<int32_t> a = {7, -7, high, low, 5, low}, b = {2, 2, 1, -1, 0, low};
  using V = std::vector<int32_t>;
  EXPECT_EQ((run<int32_t, int32_t>(TypedOp::kAdd, DataType::kI32, a, b)), (V{9, -5, low, high, 5, 0}));
  EXPECT_EQ((run<int32_t, int32_t>(TypedOp::kSub, DataType::kI32, a, b)),
            (V{5, -9, high - 1, low + 1, 5, 0}));
  EXPECT_EQ((run<int32_t, int32_t>(TypedOp::kMul, DataType::kI32, a, b)), (V{14, -14, high, low, 0, 0}));
  EXPECT_EQ((run<int32_t, int32_t>(TypedOp::kDiv, DataType::kI32, a, b)), (V{3, -3, high, low, 0, 1}));
  EXPECT_EQ((run<int32_t, int32_t>(TypedOp::kMax, DataType::kI32, a, b)), (V{7, 2, high, -1, 5, low}));
  EXPECT_EQ((run<int32_t, int32_t>(TypedOp::kXor, DataType::kI32, a, b)), (V{5, -5, high - 1, high, 5, 0}));
}

TEST(TypedBinary, ComparisonsAndLogic) {
  using B = std::vector<uint8_t>;  // vector<bool> has no data
  const std::vector<float> a = {1, 2, NAN, -0.0f}, b = {2, 2, 1, 0};
  EXPECT_EQ((run<float, uint8_t>(TypedOp::kLess, DataType::kF32, a, b)), (B{1, 0, 0, 0}));
  EXPECT_EQ((run<float, uint8_t>(TypedOp::kEqual, DataType::kF32, a, b)), (B{0, 1, 0, 1}));
  EXPECT_EQ((run<float, uint8_t>(TypedOp::kGreaterEqual, DataType::kF32, a, b)), (B{0, 1, 0, 1}));
  const std::vector<uint8_t> p = {0, 0, 1, 1}, q = {0, 1, 0, 1};
  EXPECT_EQ((run<uint8_t, uint8_t>(TypedOp::kAnd, DataType::kBool, p, q)), (B{0, 0, 0, 1}));
  EXPECT_EQ((run<uint8_t, uint8_t>(TypedOp::kOr, DataType::kBool, p, q)), (B{0, 1, 1, 1}));
  EXPECT_EQ((run<uint8_t, uint8_t>(TypedOp::kXor, DataType::kBool, p, q)), (B{0, 1, 1, 0}));
  EXPECT_FALSE(typed_binary_supported(TypedOp::kAdd, DataType::kBool));
  EXPECT_FALSE(typed_binary_supported(TypedOp::kAnd, DataType::kF32));
  EXPECT_FALSE(typed_binary_supported(TypedOp::kAdd, DataType::kF16));
}

TEST(TypedBinary, Broadcasts) {
  ThreadPool pool(3);
  std::vector<int64_t> a(30 * 40), b(40 * 20), y(30 * 40 * 20);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<int64_t>(i * 31);
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<int64_t>(i * 7);
  typed_binary(pool, {TypedOp::kSub, DataType::kI64, {30, 40, 20}, {40, 1, 0}, {0, 20, 1}}, a.data(),
               b.data(), y.data());
  for (size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], a[i / 20] - b[i % 800]);
}

TEST(Where, BroadcastsAnySize) {
  ThreadPool pool(2);
  const std::vector<uint8_t> condition = {1, 0, 1};
  const std::vector<float> a = random_floats(12, 1), b = {5};
  std::vector<float> y(12);
  where(pool, {4, {3, 4}, {1, 0}, {4, 1}, {0, 0}}, condition.data(), a.data(), b.data(), y.data());
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ(y[i], condition[i / 4] ? a[i] : 5);
  const std::vector<uint8_t> bytes = {1, 2, 3}, others = {7, 8, 9};
  std::vector<uint8_t> out(3);
  where(pool, {1, {3}, {1}, {1}, {1}}, condition.data(), bytes.data(), others.data(), out.data());
  EXPECT_EQ(out, (std::vector<uint8_t>{1, 8, 3}));
}

TEST(Cast, FloatsToIntegersAndBack) {
  ThreadPool pool(1);
  const std::vector<float> x = {1.9f, -1.9f, NAN, INFINITY, -INFINITY, 300, 0};
  std::vector<int64_t> wide(7);
  cast(pool, Isa::baseline, DataType::kF32, DataType::kI64, 7, x.data(), wide.data());
  EXPECT_EQ(wide, (std::vector<int64_t>{1, -1, 0, INT64_MAX, INT64_MIN, 300, 0}));
  std::vector<uint8_t> bytes(7), flags(7);
  cast(pool, Isa::baseline, DataType::kF32, DataType::kU8, 7, x.data(), bytes.data());
  EXPECT_EQ(bytes[5], 300 - 256);
  cast(pool, Isa::baseline, DataType::kF32, DataType::kBool, 7, x.data(), flags.data());
  EXPECT_EQ(flags, (std::vector<uint8_t>{1, 1, 1, 1, 1, 1, 0}));
  std::vector<double> back(7);
  cast(pool, Isa::baseline, DataType::kI64, DataType::kF64, 7, wide.data(), back.data());
  EXPECT_EQ(back[5], 300);
  EXPECT_TRUE(cast_supported(DataType::kF32, DataType::kF16));
  EXPECT_FALSE(cast_supported(DataType::kI32, DataType::kF16));
  EXPECT_TRUE(cast_supported(DataType::kBool, DataType::kF32));
}

}  // namespace
}  // namespace ingot::cpu
