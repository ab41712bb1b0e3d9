// Created tensors and running sums at sizes that are shared by threads, and at their edges.
#include "backends/cpu/kernels/create/create.h"

#include <gtest/gtest.h>

#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

TEST(Create, FillsEverySizeOfElement) {
  ThreadPool pool(3);
  const uint64_t value = 0x0807060504030201;
  for (int64_t size : {1, 2, 4, 8})
    for (int64_t count : {0, 1, 33, 70000}) {
      Guarded<unsigned char> y(size * count);
      fill(pool, size, count, &value, y.data());
      for (int64_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], 1 + i % size);
      EXPECT_TRUE(y.intact());
    }
}

TEST(Create, RangesUpDownAndRefused) {
  const float start = 1, limit = 2, delta = 0.3f, none = 0;
  EXPECT_EQ(range_size(DataType::kF32, &start, &limit, &delta), 4);
  EXPECT_EQ(range_size(DataType::kF32, &start, &limit, &none), -1);
  EXPECT_EQ(range_size(DataType::kF32, &limit, &start, &delta), 0);
  const int64_t from = 5, to = INT64_MIN, down = -3, one = 1;
  EXPECT_EQ(range_size(DataType::kI64, &to, &from, &one), -1) << "too long for memory";
  Guarded<int64_t> y(4);
  range(DataType::kI64, 4, &from, &down, y.data());
  EXPECT_EQ(std::vector<int64_t>(y.data(), y.data() + 4), (std::vector<int64_t>{5, 2, -1, -4}));
  EXPECT_TRUE(y.intact());
}

TEST(Create, OneHotTakesOnlyIndicesWithinTheDepth) {
  ThreadPool pool(1);
  const std::vector<int64_t> indices = {0, 2, -1, 3, -4, INT64_MIN};
  const float values[] = {0.5f, 2};
  Guarded<float> y(6 * 3);
  one_hot(pool, {4, 6, 3, 1}, indices.data(), values, y.data());
  const int64_t places[] = {0, 2, 2, -1, -1, -1};
  for (int64_t i = 0; i < 18; ++i) ASSERT_EQ(y[i], i % 3 == places[i / 3] ? 2.0f : 0.5f) << i;
  EXPECT_TRUE(y.intact());
}

TEST(Create, RunningSumsWrapAndTurn) {
  ThreadPool pool(2);
  for (bool exclusive : {false, true})
    for (bool reverse : {false, true}) {
      const int64_t outer = 7, axis = 61, inner = 55;  // enough for both threads
      std::vector<int32_t> x(static_cast<size_t>(outer * axis * inner));
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int32_t>(i * 2654435761u);
      Guarded<int32_t> y(outer * axis * inner);
      running_sum(pool, {DataType::kI32, outer, axis, inner, exclusive, reverse}, x.data(), y.data());
      for (int64_t o = 0; o < outer; ++o)
        for (int64_t i = 0; i < inner; ++i) {
          uint32_t sum = 0;
          for (int64_t k = 0; k < axis; ++k) {
            const int64_t at = (o * axis + (reverse ? axis - 1 - k : k)) * inner + i;
            const uint32_t next = sum + static_cast<uint32_t>(x[static_cast<size_t>(at)]);
            ASSERT_EQ(static_cast<uint32_t>(y[at]), exclusive ? sum : next);
            sum = next;
          }
        }
      EXPECT_TRUE(y.intact());
    }
}

TEST(Create, TrianglesOfEverySize) {
  ThreadPool pool(2);
  for (bool upper : {false, true})
    for (int64_t k : {INT64_MIN, int64_t{-2}, int64_t{0}, int64_t{3}, INT64_MAX}) {
      const int64_t rows = 130, columns = 151;
      std::vector<float> x = random_floats(2 * rows * columns, 1, 1, 2);
      Guarded<float> y(2 * rows * columns);
      triangle(pool, {4, 2, rows, columns, k, upper}, x.data(), y.data());
      for (int64_t i = 0; i < y.size(); ++i) {
        const int64_t row = i / columns % rows, column = i % columns;
        const bool right = k == INT64_MIN || (k != INT64_MAX && column - row >= k);
        const bool left = k == INT64_MAX || (k != INT64_MIN && column - row <= k);
        ASSERT_EQ(y[i], (upper ? right : left) ? x[static_cast<size_t>(i)] : 0.0f);
      }
      EXPECT_TRUE(y.intact());
    }
}

}  // namespace
}  // namespace ingot::cpu
