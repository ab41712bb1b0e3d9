#include "base/threads.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ingot {
namespace {

// Longer than what one thread of a network does alone between two steps, shorter than a scheduling quantum,
// so that idle contexts leave their cores to others.
constexpr std::chrono::microseconds kSpin{200};
constexpr int kPauses = 50;  // between two looks at the clock: 1 to 3 microseconds

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

/// False when nothing came of it for as long as spinning is worth.
template <class Condition>
bool spin_until(Condition&& condition) {
  std::chrono::steady_clock::time_point end{};
  while (true) {
    for (int i = 0; i < kPauses; ++i) {
      if (condition()) return true;
      pause();
    }
    const auto now = std::chrono::steady_clock::now();
    if (end == std::chrono::steady_clock::time_point{}) end = now + kSpin;
    if (now >= end) return false;
  }
}

}  // namespace

struct ThreadPool::State {
  std::atomic<uint64_t> epoch{0};  // incremented once per run; workers wait for it to change
  std::atomic<int> pending{0};     // workers that have not finished the current run
  std::atomic<int> sleepers{0};
  std::atomic<bool> stop{false};
  std::atomic<bool> busy{false};
  const FunctionRef<void(int)>* job = nullptr;
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::thread> workers;

  uint64_t wait_for_work(uint64_t seen) {
    if (spin_until([&] { return epoch.load(std::memory_order_acquire) != seen; }))
      return epoch.load(std::memory_order_acquire);
    std::unique_lock lock(mutex);
    sleepers.fetch_add(1, std::memory_order_seq_cst);
    wake.wait(lock, [&] { return epoch.load(std::memory_order_seq_cst) != seen; });
    sleepers.fetch_sub(1, std::memory_order_relaxed);
    return epoch.load(std::memory_order_acquire);
  }

  void publish() {
    epoch.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers.load(std::memory_order_seq_cst) == 0) return;
    { std::lock_guard lock(mutex); }  // a worker between its check and its wait must see the new epoch
    wake.notify_all();
  }
};

ThreadPool::ThreadPool(int threads) : size_(threads < 1 ? 1 : threads), state_(std::make_unique<State>()) {
  for (int i = 1; i < size_; ++i) {
    state_->workers.emplace_back([this, i] {
      State& s = *state_;
      uint64_t seen = 0;
      while (true) {
        seen = s.wait_for_work(seen);
        if (s.stop.load(std::memory_order_acquire)) return;
        (*s.job)(i);
        s.pending.fetch_sub(1, std::memory_order_acq_rel);
      }
    });
  }
}

ThreadPool::~ThreadPool() {
  state_->stop.store(true, std::memory_order_release);
  state_->publish();
  for (std::thread& worker : state_->workers) worker.join();
}

void ThreadPool::run(FunctionRef<void(int)> fn) {
  State& s = *state_;
  if (size_ == 1 || s.busy.exchange(true, std::memory_order_acquire)) {
    for (int i = 0; i < size_; ++i) fn(i);
    return;
  }
  s.job = &fn;
  s.pending.store(size_ - 1, std::memory_order_release);
  s.publish();
  fn(0);
  const auto done = [&] { return s.pending.load(std::memory_order_acquire) == 0; };
  if (!spin_until(done))
    while (!done()) std::this_thread::yield();
  s.busy.store(false, std::memory_order_release);
}

}  // namespace ingot
