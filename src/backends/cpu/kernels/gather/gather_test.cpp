// Gather and scatter against plain loops, and what they refuse.
#include "backends/cpu/kernels/gather/gather.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

TEST(Gather, SlicesOfEverySize) {
  ThreadPool pool(2);
  const std::vector<int64_t> indices = {3, -1, 0, 0, 2, -4};
  for (int64_t inner : {1, 2, 4, 8, 12, 20000}) {
    Guarded<unsigned char> x(3 * 4 * inner), y(3 * 6 * inner);
    for (int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<unsigned char>(i * 7 + i / 256);
    ASSERT_TRUE(gather(pool, {3, 4, inner, 6}, x.data(), indices.data(), y.data()).ok());
    for (int64_t i = 0; i < y.size(); ++i) {
      const int64_t wanted = (indices[static_cast<size_t>(i / inner % 6)] + 4) % 4;
      ASSERT_EQ(y[i], x[(i / inner / 6 * 4 + wanted) * inner + i % inner]);
    }
    EXPECT_TRUE(y.intact());
  }
}

TEST(Gather, RefusesIndicesOutOfRange) {
  ThreadPool pool(1);
  const float x[4] = {};
  float y[2] = {5, 5};
  for (int64_t bad : {int64_t{4}, int64_t{-5}, INT64_MIN, INT64_MAX}) {
    const int64_t indices[] = {1, bad};
    EXPECT_EQ(gather(pool, {1, 4, 4, 2}, x, indices, y).code(), StatusCode::kInvalidArgument);
    EXPECT_FALSE(gather_elements(pool, {4, 0, {4}, {2}}, x, indices, y).ok());
    EXPECT_FALSE(gather_nd(pool, {1, 2, 4, {4}}, x, indices, y).ok());
    EXPECT_FALSE(scatter_nd({1, 2, 4, {4}}, ScatterMode::kReplace, indices, x, y).ok());
    EXPECT_FALSE(scatter_elements({4, 0, {4}, {2}}, ScatterMode::kAdd, indices, x, y).ok());
  }
  EXPECT_EQ(y[0], 5);
}

TEST(GatherElements, AlongEachAxisAndBack) {
  ThreadPool pool(2);
  const std::vector<float> x = random_floats(4 * 5 * 6, 1);
  for (int64_t axis = 0; axis < 3; ++axis) {
    const std::vector<int64_t> x_dims = {4, 5, 6}, index_dims = {3, 4, 5};
    std::vector<int64_t> indices(60);
    for (size_t i = 0; i < 60; ++i) indices[i] = static_cast<int64_t>(i * 7 % 4) - (i % 3 == 0 ? 4 : 0);
    Guarded<float> y(60);
    const GatherElementsDesc d{4, axis, x_dims, index_dims};
    ASSERT_TRUE(gather_elements(pool, d, x.data(), indices.data(), y.data()).ok());
    Guarded<float> sums(std::vector<float>(120, 1.0f));
    ASSERT_TRUE(scatter_elements(d, ScatterMode::kAdd, indices.data(), y.data(), sums.data()).ok());
    std::vector<double> want(120, 1.0);
    for (int64_t i = 0; i < 60; ++i) {
      int64_t at[3] = {i / 20, i / 5 % 4, i % 5};
      at[axis] = (indices[static_cast<size_t>(i)] + x_dims[static_cast<size_t>(axis)]) %
                 x_dims[static_cast<size_t>(axis)];
      const auto offset = static_cast<size_t>((at[0] * 5 + at[1]) * 6 + at[2]);
      ASSERT_EQ(y[i], x[offset]);
      want[offset] += x[offset];
    }
    EXPECT_LT(worst_error(sums.data(), want), 1e-6);
    EXPECT_TRUE(y.intact() && sums.intact());
  }
}

TEST(GatherNd, TuplesAndBack) {
  ThreadPool pool(1);
  const std::vector<float> x = random_floats(2 * 3 * 4 * 5, 1);
  const std::vector<int64_t> indices = {0, 1, 2, -1, -3, 0, 1, 3};  // 2 batches, 2 tuples, depth 2
  const GatherNdDesc d{2, 2, 5 * 4, {3, 4}};
  Guarded<float> y(20);
  ASSERT_TRUE(gather_nd(pool, d, x.data(), indices.data(), y.data()).ok());
  Guarded<float> back(std::vector<float>(120, 0.0f));
  ASSERT_TRUE(scatter_nd(d, ScatterMode::kReplace, indices.data(), y.data(), back.data()).ok());
  const int64_t rows[] = {1, 11, 12 + 0, 12 + 7};
  for (int64_t i = 0; i < 20; ++i) ASSERT_EQ(y[i], x[static_cast<size_t>(rows[i / 5] * 5 + i % 5)]);
  for (int64_t i = 0; i < 120; ++i) {
    const bool written = std::count(std::begin(rows), std::end(rows), i / 5) > 0;
    ASSERT_EQ(back[i], written ? x[static_cast<size_t>(i)] : 0.0f);
  }
  ASSERT_TRUE(scatter_nd(d, ScatterMode::kMax, indices.data(), y.data(), back.data()).ok());
  ASSERT_TRUE(scatter_nd(d, ScatterMode::kMul, indices.data(), y.data(), back.data()).ok());
  EXPECT_FLOAT_EQ(back[5], x[5] * x[5]);
  EXPECT_TRUE(back.intact());
}

}  // namespace
}  // namespace ingot::cpu
