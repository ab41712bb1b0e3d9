// TopK, NonZero and suppression of boxes against plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "backends/cpu/kernels/select/nonzero.h"
#include "backends/cpu/kernels/select/suppress.h"
#include "backends/cpu/kernels/select/top_k.h"
#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

template <class T>
void check_top_k(DataType type, int64_t outer, int64_t axis, int64_t inner, int64_t k, bool largest,
                 T modulus) {
  ThreadPool pool(2);
  std::vector<T> x(static_cast<size_t>(outer * axis * inner));
  std::mt19937 engine(7);
  for (T& v : x) v = static_cast<T>(static_cast<int64_t>(engine() % 1000)) - static_cast<T>(modulus / 2);
  for (T& v : x)
    if constexpr (std::is_floating_point_v<T>)
      v = std::fmod(v, modulus);
    else
      v = static_cast<T>(v % modulus);
  if (std::is_floating_point_v<T> && x.size() > 5) {
    x[1] = static_cast<T>(NAN);
    x[3] = static_cast<T>(-0.0);
    x[4] = 0;
    x[5] = static_cast<T>(-INFINITY);
  }
  const TopKDesc d{type, outer, axis, inner, largest};
  Guarded<T> y(outer * k * inner);
  Guarded<int64_t> indices(outer * k * inner);
  Guarded<unsigned char> scratch(static_cast<int64_t>(top_k_scratch_bytes(d, pool.size())));
  top_k(pool, d, k, x.data(), y.data(), indices.data(), scratch.data());
  EXPECT_TRUE(y.intact() && indices.intact() && scratch.intact());
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      auto at = [&](int64_t j) { return x[static_cast<size_t>((o * axis + j) * inner + i)]; };
      std::vector<int64_t> order(static_cast<size_t>(axis));
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        const T p = at(a), q = at(b);
        if (p != p || q != q) return largest ? p != p && q == q : p == p && q != q;
        return largest ? p > q : p < q;
      });
      for (int64_t j = 0; j < k; ++j) {
        const int64_t to = (o * k + j) * inner + i, from = order[static_cast<size_t>(j)];
        ASSERT_EQ(indices[to], from) << "of " << axis << ", k " << k << ", result " << j;
        ASSERT_EQ(std::memcmp(&y[to], &x[static_cast<size_t>((o * axis + from) * inner + i)], sizeof(T)), 0);
      }
    }
}

TEST(TopK, EveryTypeWithTies) {
  for (bool largest : {true, false})
    for (int64_t k : {0, 1, 7, 61}) {
      check_top_k<float>(DataType::kF32, 3, 61, 2, k, largest, 10);
      check_top_k<double>(DataType::kF64, 1, 61, 1, k, largest, 100);
      check_top_k<int32_t>(DataType::kI32, 2, 61, 3, k, largest, 20);
      check_top_k<int64_t>(DataType::kI64, 1, 61, 5, k, largest, 1000);
      check_top_k<int8_t>(DataType::kI8, 2, 61, 1, k, largest, 50);
      check_top_k<uint8_t>(DataType::kU8, 2, 61, 1, k, largest, 50);
    }
  check_top_k<float>(DataType::kF32, 9, 1000, 1, 300, true, 700);  // shared by the threads
  EXPECT_FALSE(top_k_supported(DataType::kF16));
}

TEST(NonZero, EverySizeOfElement) {
  const std::vector<int64_t> dims = {3, 5, 7};
  auto check = [&](DataType type, auto zero) {
    using T = decltype(zero);
    std::vector<T> x(105);
    for (size_t i = 0; i < x.size(); ++i) x[i] = i % 3 == 0 || i % 7 == 2 ? static_cast<T>(i % 120 + 1) : T{};
    if (std::is_floating_point_v<T>) x[1] = static_cast<T>(-0.0), x[2] = static_cast<T>(NAN);
    const int64_t hits = count_nonzero(type, 105, x.data());
    Guarded<int64_t> y(3 * hits);
    nonzero(type, dims, x.data(), hits, y.data());
    int64_t n = 0;
    for (int64_t i = 0; i < 105; ++i) {
      if (x[static_cast<size_t>(i)] == T{}) continue;
      ASSERT_LT(n, hits);
      ASSERT_EQ(y[n], i / 35);
      ASSERT_EQ(y[hits + n], i / 7 % 5);
      ASSERT_EQ(y[2 * hits + n], i % 7);
      ++n;
    }
    EXPECT_EQ(n, hits);
    EXPECT_TRUE(y.intact());
  };
  check(DataType::kF32, float{});
  check(DataType::kF64, double{});
  check(DataType::kI64, int64_t{});
  check(DataType::kI32, int32_t{});
  check(DataType::kI16, int16_t{});
  check(DataType::kU8, uint8_t{});
  check(DataType::kBool, bool{} ? uint8_t{} : uint8_t{});
  EXPECT_EQ(count_nonzero(DataType::kF32, 0, nullptr), 0);
}

struct Boxes {
  std::vector<float> boxes, scores;
};

// `places` groups of boxes side by side; scores with ties.
Boxes random_boxes(int64_t n, int places, bool centers) {
  Boxes b;
  std::mt19937 engine(3);
  std::uniform_real_distribution<float> u(0, 10);
  for (int64_t i = 0; i < n; ++i) {
    const float shift = static_cast<float>(i % places) * 25;
    const float x = u(engine) + shift, y = u(engine), w = u(engine), h = u(engine);
    if (centers)
      b.boxes.insert(b.boxes.end(), {x, y, w, h});
    else if (i % 2)
      b.boxes.insert(b.boxes.end(), {y + h, x + w, y, x});  // corners in any order
    else
      b.boxes.insert(b.boxes.end(), {y, x, y + h, x + w});
    b.scores.push_back(static_cast<float>(engine() % 500) / 500);
  }
  return b;
}

std::vector<int64_t> plain_suppression(const Boxes& b, bool centers, std::optional<float> lowest, float iou,
                                       int64_t limit) {
  struct Box {
    double x1, y1, x2, y2;
  };
  std::vector<Box> boxes;
  std::vector<int64_t> order, kept;
  for (size_t i = 0; i < b.scores.size(); ++i) {
    const double p = b.boxes[4 * i], q = b.boxes[4 * i + 1], r = b.boxes[4 * i + 2], s = b.boxes[4 * i + 3];
    if (centers)
      boxes.push_back({p - r / 2, q - s / 2, p + r / 2, q + s / 2});
    else
      boxes.push_back({std::min(q, s), std::min(p, r), std::max(q, s), std::max(p, r)});
    if (!lowest || b.scores[i] > *lowest) order.push_back(static_cast<int64_t>(i));
  }
  std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) {
    return b.scores[static_cast<size_t>(i)] > b.scores[static_cast<size_t>(j)];
  });
  auto area = [](const Box& v) { return (v.x2 - v.x1) * (v.y2 - v.y1); };
  for (int64_t i : order) {
    if (static_cast<int64_t>(kept.size()) == limit) break;
    const Box& v = boxes[static_cast<size_t>(i)];
    const bool free = std::none_of(kept.begin(), kept.end(), [&](int64_t j) {
      const Box& w = boxes[static_cast<size_t>(j)];
      const double width = std::min(v.x2, w.x2) - std::max(v.x1, w.x1);
      const double height = std::min(v.y2, w.y2) - std::max(v.y1, w.y1);
      if (width <= 0 || height <= 0) return false;
      return width * height > iou * (area(v) + area(w) - width * height);
    });
    if (free) kept.push_back(i);
  }
  return kept;
}

TEST(Suppress, GroupsLimitsAndThresholds) {
  for_each_isa([](Isa isa) {
    ThreadPool pool(3);
    Suppress suppress;
    for (bool centers : {false, true})
      for (int places : {1, 4, 40})
        for (int64_t n : {0, 1, 31, 500, 3000}) {
          const Boxes b = random_boxes(n, places, centers);
          suppress.prepare({n, centers}, isa);
          for (int64_t limit : {int64_t{0}, int64_t{5}, INT64_MAX})
            for (std::optional<float> lowest : {std::optional<float>(), std::optional(0.5f)}) {
              const auto& kept = suppress.run(pool, b.boxes.data(), b.scores.data(), lowest, 0.3f, limit);
              ASSERT_EQ(kept, plain_suppression(b, centers, lowest, 0.3f, limit))
                  << places << " places, " << n;
            }
        }
  });
}

TEST(Suppress, NumbersThatAreNone) {
  ThreadPool pool(1);
  Suppress suppress;
  suppress.prepare({4, false}, machine_isa());
  const float boxes[] = {0, 0, 1, 1, 0, 0, 1, 1, NAN, 0, 1, 1, 0, 0, INFINITY, INFINITY};
  const float scores[] = {NAN, 1, 2, 3};
  // The NaN score is none; neither a NaN nor an infinite box shares a part of a union that could be told.
  EXPECT_EQ(suppress.run(pool, boxes, scores, {}, 0.5f, 10), (std::vector<int64_t>{3, 2, 1}));
}

}  // namespace
}  // namespace ingot::cpu
