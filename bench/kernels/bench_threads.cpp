// bench_threads [THREADS]: what a fork-join of the thread pool costs, from spinning and from sleeping
// workers.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/threads.h"

using namespace ingot;
using Clock = std::chrono::steady_clock;

int main(int argc, char** argv) {
  ThreadPool pool(argc > 1 ? std::atoi(argv[1]) : 2);
  const auto measure = [&](int runs, std::chrono::microseconds pause) {
    std::vector<double> us;
    for (int i = 0; i < runs; ++i) {
      if (pause.count() > 0) std::this_thread::sleep_for(pause);
      const auto begin = Clock::now();
      pool.run([](int) {});
      us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    }
    std::sort(us.begin(), us.end());
    std::printf("%d threads, %5ld us apart: min %.2f, median %.2f, 90 %% %.2f us\n", pool.size(),
                static_cast<long>(pause.count()), us.front(), us[us.size() / 2], us[us.size() * 9 / 10]);
  };
  measure(20000, std::chrono::microseconds(0));
  measure(200, std::chrono::microseconds(1000));
}
