#include "base/threads.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>
#include <vector>

namespace ingot {
namespace {

TEST(ThreadPool, EachPartRunsOnceOnItsOwnThread) {
  ThreadPool pool(3);
  ASSERT_EQ(pool.size(), 3);
  std::vector<int> calls(3);
  std::vector<std::thread::id> ids(3);
  pool.run([&](int i) {
    ++calls[i];
    ids[i] = std::this_thread::get_id();
  });
  EXPECT_EQ(calls, std::vector<int>(3, 1));
  EXPECT_EQ(ids[0], std::this_thread::get_id());
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 3u);
}

// What one run writes, every thread of the next run reads: run() is a barrier in both directions.
TEST(ThreadPool, RunsAreOrdered) {
  ThreadPool pool(4);
  std::vector<int64_t> values(4, 1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<int64_t> next(4);
    pool.run([&](int i) { next[i] = (values[i] + values[(i + 1) % 4]) % 1000003; });
    values.swap(next);
  }
  EXPECT_EQ(values, std::vector<int64_t>(4, values[0]));  // equal values stay equal
}

TEST(ThreadPool, WakesSleepers) {
  ThreadPool pool(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // far longer than the workers spin
    int done[2] = {};
    pool.run([&](int i) { done[i] = 1; });
    EXPECT_EQ(done[0] + done[1], 2);
  }
}

TEST(ThreadPool, NestedRunStaysOnItsThread) {
  ThreadPool pool(2);
  std::vector<int> inner(4);
  pool.run([&](int outer) { pool.run([&](int i) { ++inner[2 * outer + i]; }); });
  EXPECT_EQ(inner, std::vector<int>(4, 1));
}

TEST(ThreadPool, PoolsAreIndependent) {
  std::vector<int64_t> sums(4);
  std::vector<std::thread> users;
  for (int user = 0; user < 4; ++user) {
    users.emplace_back([&sums, user] {
      ThreadPool pool(2);
      for (int round = 0; round < 200; ++round) {
        int64_t parts[2];
        pool.run([&](int i) { parts[i] = i + 1; });
        sums[user] += parts[0] + parts[1];
      }
    });
  }
  for (std::thread& user : users) user.join();
  EXPECT_EQ(sums, std::vector<int64_t>(4, 600));
}

TEST(Share, CoversAllItemsEvenly) {
  for (int64_t count : {0, 1, 7, 64, 1001}) {
    for (int parts : {1, 2, 3, 16}) {
      int64_t next = 0;
      for (int i = 0; i < parts; ++i) {
        Share s = share(count, i, parts);
        EXPECT_EQ(s.begin, next);
        EXPECT_GE(s.end - s.begin, count / parts);
        EXPECT_LE(s.end - s.begin, (count + parts - 1) / parts);
        next = s.end;
      }
      EXPECT_EQ(next, count);
    }
  }
}

}  // namespace
}  // namespace ingot
