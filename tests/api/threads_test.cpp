// One engine under several threads: eight contexts side by side, and one context that is refused to a second
// thread.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "networks.h"

namespace ingot {
namespace {

using testing::linear;
using testing::quick;
using testing::rows;

TEST(Threads, EightContextsInEightThreads) {
  const auto engine = build(linear(), quick(2));
  ASSERT_TRUE(engine.ok());
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      auto context = engine->context();
      if (!context.ok()) return;
      for (int run = 0; run < 50; ++run) {
        std::vector<float> x = {static_cast<float>(t), static_cast<float>(run)};
        if (!context->set_input("x", rows(x)).ok() || !context->run().ok()) return;
        const auto* y = static_cast<const float*>(context->output("y")->data);
        right += y[0] == x[0] + 2 * x[1] && y[1] == std::max(0.0f, 3 * x[1] - x[0]);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 8 * 50);
}

// A chain of products that takes a while.
Network slow_network() {
  Network net;
  NetworkTensor x = net.input("x", DataType::kF32, {"128", "128"});
  for (int i = 0; i < 8; ++i) x = net.op("MatMul", {x, x});
  net.output(x, "y");
  return net;
}

TEST(Threads, ABusyContextIsRefused) {
  const auto engine = build(slow_network(), quick());
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  auto context = engine->context();
  ASSERT_TRUE(context.ok());
  std::vector<float> x(128 * 128);
  ASSERT_TRUE(context->set_input("x", {DataType::kF32, {128, 128}, x.data()}).ok());
  ASSERT_TRUE(context->run().ok());

  std::atomic<bool> done{false};
  std::atomic<int> refused{0}, ran{0};
  // Each call either runs, or says that the other thread does.
  const auto work = [&] {
    while (!done) {
      const Status status = context->run();
      if (status.ok()) {
        ++ran;
        continue;
      }
      EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
      EXPECT_NE(status.message().find("in use by another thread"), std::string_view::npos);
      if (++refused >= 3) done = true;
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_GE(refused, 3);
  EXPECT_TRUE(context->run().ok()) << "and is free again";
}

constexpr int64_t kRows[] = {2, 32, 144};

// One of each kind of kernel: convolutions, pooling, products, normalisation, softmax, reduction,
// transposition.
Network many_kernels() {
  static const std::vector<float> values = [] {
    std::vector<float> v(32 * 32 * 9);
    for (size_t i = 0; i < v.size(); ++i)
      v[i] = 0.1f * static_cast<float>(static_cast<int>(i * 37 % 41) - 20);
    return v;
  }();
  Network net;
  const auto constant = [&](std::vector<int64_t> dims) {
    return net.constant({DataType::kF32, std::move(dims), const_cast<float*>(values.data())});
  };
  const std::vector<int64_t> around{1, 1, 1, 1}, two{2, 2};
  NetworkTensor x = net.input("x", DataType::kF32, {"2", "16", "24", "24"});
  x = net.op("Relu", {net.op("Conv", {x, constant({32, 16, 3, 3})}, {{"pads", around}})});
  x = net.op("Sigmoid",
             {net.op("Conv", {x, constant({32, 1, 3, 3})}, {{"pads", around}, {"group", int64_t{32}}})});
  x = net.op("MaxPool", {x}, {{"kernel_shape", two}, {"strides", two}});
  x = net.op("Conv", {x, constant({32, 32, 1, 1})});
  x = net.op("Reshape", {x, net.constant({DataType::kI64, {3}, const_cast<int64_t*>(kRows)})});
  x = net.op("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
  x = net.op("LayerNormalization", {x, constant({32}), constant({32})});
  const NetworkTensor scores =
      net.op("MatMul", {x, net.op("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 2, 1}}})});
  x = net.op("MatMul", {net.op("Softmax", {scores}, {{"axis", int64_t{-1}}}), x});
  net.output(net.op("MatMul", {x, constant({32, 32})}), "y");
  return net;
}

TEST(Threads, KernelsShareTheirWork) {
  const auto engine = build(many_kernels(), quick(4));
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  std::vector<float> x(2 * 16 * 24 * 24);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) - 6;
  const auto run = [&](int threads) -> std::vector<float> {
    auto context = engine->context(threads);
    if (!context.ok() || !context->set_input("x", {DataType::kF32, {2, 16, 24, 24}, x.data()}).ok())
      return {};
    for (int again = 0; again < 5; ++again)
      if (!context->run().ok()) return {};
    const auto y = context->output("y");
    const auto* from = static_cast<const float*>(y->data);
    return {from, from + y->size()};
  };
  const std::vector<float> alone = run(1);
  ASSERT_EQ(alone.size(), 2u * 144 * 32);
  std::vector<float> side_by_side[2];
  std::vector<std::thread> threads;
  for (auto& y : side_by_side) threads.emplace_back([&] { y = run(4); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& y : side_by_side) {
    ASSERT_EQ(y.size(), alone.size());
    for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], alone[i], 1e-4f * (1 + std::abs(alone[i]))) << i;
  }
}

TEST(Threads, BuildsSideBySide) {
  std::atomic<int> built{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([&] { built += build(linear(), quick()).ok(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(built, 4);
}

}  // namespace
}  // namespace ingot
