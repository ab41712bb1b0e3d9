// One engine under several threads: eight contexts side by side, and one context that is refused to a second
// thread.
#include <gtest/gtest.h>

#include <atomic>
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

TEST(Threads, BuildsSideBySide) {
  std::atomic<int> built{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([&] { built += build(linear(), quick()).ok(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(built, 4);
}

}  // namespace
}  // namespace ingot
