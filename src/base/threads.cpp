#include "base/threads.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ingot {
namespace {

// About 50 microseconds on current machines: longer than the gap between two steps of a network, shorter than
// a scheduling quantum, so that idle contexts leave their cores to others.
constexpr int kSpins = 2000;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
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
    for (int i = 0; i < kSpins; ++i) {
      if (uint64_t now = epoch.load(std::memory_order_acquire); now != seen) return now;
      pause();
    }
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
  for (int i = 0; s.pending.load(std::memory_order_acquire) != 0; ++i) {
    if (i < kSpins)
      pause();
    else
      std::this_thread::yield();
  }
  s.busy.store(false, std::memory_order_release);
}

}  // namespace ingot
