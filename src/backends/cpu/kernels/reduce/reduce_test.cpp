// Reductions over every set of axes against plain loops in double precision.
#include "backends/cpu/kernels/reduce/reduce.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

double reduce_all(ReduceOp op, const std::vector<double>& v) {
  double sum = 0, product = 1, peak = -INFINITY, low = INFINITY, squares = 0, magnitudes = 0, exps = 0;
  for (double x : v) {
    sum += x, product *= x, squares += x * x, magnitudes += std::fabs(x), exps += std::exp(x);
    peak = std::max(peak, x), low = std::min(low, x);
  }
  switch (op) {
    case ReduceOp::kSum:
      return sum;
    case ReduceOp::kMean:
      return sum / static_cast<double>(v.size());
    case ReduceOp::kMax:
      return peak;
    case ReduceOp::kMin:
      return low;
    case ReduceOp::kProduct:
      return product;
    case ReduceOp::kSumSquares:
      return squares;
    case ReduceOp::kL1:
      return magnitudes;
    case ReduceOp::kL2:
      return std::sqrt(squares);
    case ReduceOp::kLogSum:
      return std::log(sum);
    case ReduceOp::kLogSumExp:
      return std::log(exps);
  }
  return NAN;
}
constexpr ReduceOp kOps[] = {ReduceOp::kSum,     ReduceOp::kMean,       ReduceOp::kMax, ReduceOp::kMin,
                             ReduceOp::kProduct, ReduceOp::kSumSquares, ReduceOp::kL1,  ReduceOp::kL2,
                             ReduceOp::kLogSum,  ReduceOp::kLogSumExp};

void check(const std::vector<int64_t>& dims, unsigned axes, int threads) {
  ReduceDesc d{ReduceOp::kSum, dims, {}};
  int64_t size = 1, results = 1;
  for (size_t k = 0; k < dims.size(); ++k) {
    d.reduced.push_back(axes >> k & 1);
    size *= dims[k];
    if (!d.reduced[k]) results *= dims[k];
  }
  const Guarded<float> x(random_floats(size, 1, 0.5f, 1.5f));  // positive: LogSum has a value
  std::vector<std::vector<double>> groups(static_cast<size_t>(results));
  for (int64_t i = 0; i < size; ++i) {
    int64_t rest = i, at = 0, step = 1;
    for (size_t k = dims.size(); k-- > 0; rest /= dims[k])
      if (!d.reduced[k]) at += rest % dims[k] * step, step *= dims[k];
    groups[static_cast<size_t>(at)].push_back(x.data()[i]);
  }
  ThreadPool pool(threads);
  for (ReduceOp op : kOps) {
    d.op = op;
    std::vector<double> want;
    for (const auto& g : groups) want.push_back(reduce_all(op, g));
    for_each_isa([&](Isa isa) {
      Reduce reduce;
      reduce.prepare(d, isa);
      Guarded<float> y(results), scratch(static_cast<int64_t>(reduce.scratch_bytes() / 4));
      reduce.run(pool, x.data(), y.data(), scratch.data());
      EXPECT_LT(worst_error(y.data(), want), 3e-5)
          << isa_name(isa) << " op " << static_cast<int>(op) << " axes " << axes;
      EXPECT_TRUE(y.intact() && scratch.intact());
    });
  }
}

TEST(Reduce, EverySetOfAxes) {
  for (int threads : {1, 3})
    for (unsigned axes = 0; axes < 16; ++axes) check({3, 5, 7, 2}, axes, threads);
  check({2, 20, 33, 31}, 0b1100, 2);
  check({2, 20, 33, 31}, 0b0010, 2);
  check({4, 1, 300}, 0b010, 2);
  check({9000}, 1, 2);
  check({37, 131}, 0b01, 3);
}

TEST(Reduce, NanInfinitiesAndNothing) {
  ThreadPool pool(1);
  for_each_isa([&](Isa isa) {
    for (ReduceOp op : kOps) {
      for (int64_t at : {0, 7, 40}) {
        std::vector<float> x(41, 1.0f);
        x[static_cast<size_t>(at)] = NAN;
        Reduce reduce;
        reduce.prepare({op, {41}, {true}}, isa);
        float y = 0;
        reduce.run(pool, x.data(), &y, nullptr);
        EXPECT_TRUE(std::isnan(y)) << static_cast<int>(op) << " at " << at << " " << isa_name(isa);
      }
      Reduce empty;
      empty.prepare({op, {2, 0}, {false, true}}, isa);
      float y[2] = {5, 5};
      empty.run(pool, nullptr, y, nullptr);
      const double want = reduce_all(op, {});
      EXPECT_TRUE(std::isnan(want) ? std::isnan(y[1]) : y[1] == want) << static_cast<int>(op);
    }
  });
}

TEST(ArgExtreme, FirstAndLast) {
  ThreadPool pool(2);
  std::vector<float> x = random_floats(6 * 50 * 40, 1);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::round(x[i] * 4);  // many equals
  for (bool smallest : {false, true})
    for (bool last : {false, true}) {
      std::vector<int64_t> y(6 * 40);
      arg_extreme(pool, {6, 50, 40, smallest, last}, x.data(), y.data());
      for (int64_t i = 0; i < 240; ++i) {
        int64_t best = 0;
        auto at = [&](int64_t k) {
          return x[static_cast<size_t>((i / 40 * 50 + k) * 40 + i % 40)] * (smallest ? -1 : 1);
        };
        for (int64_t k = 1; k < 50; ++k)
          if (at(k) > at(best) || (last && at(k) == at(best))) best = k;
        ASSERT_EQ(y[static_cast<size_t>(i)], best);
      }
    }
  const float with_nan[] = {1, 5, NAN, 7};
  int64_t index = 0;
  arg_extreme(pool, {1, 4, 1}, with_nan, &index);
  EXPECT_EQ(index, 2);
}

}  // namespace
}  // namespace ingot::cpu
