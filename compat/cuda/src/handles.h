// Objects that programs hold by their addresses: any address that is not in use is refused.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <vector>

#include "cudart.h"

namespace ingot::cudart {

template <class T>
class Handles {
 public:
  cudaError_t create(T** out, T value) {
    if (out == nullptr) return cudaErrorInvalidValue;
    *out = nullptr;
    auto* made = new (std::nothrow) T(std::move(value));
    if (made == nullptr) return cudaErrorMemoryAllocation;
    const std::lock_guard lock(mutex_);
    handles_.insert(*out = made);
    return cudaSuccess;
  }
  cudaError_t destroy(T* handle) {
    {
      const std::lock_guard lock(mutex_);
      if (handles_.erase(handle) == 0) return cudaErrorInvalidResourceHandle;
    }
    delete handle;
    return cudaSuccess;
  }
  cudaError_t check(T* handle) {
    const std::lock_guard lock(mutex_);
    return handles_.contains(handle) ? cudaSuccess : cudaErrorInvalidResourceHandle;
  }
  template <class F>
  void for_each(F function) {
    const std::lock_guard lock(mutex_);
    for (T* handle : handles_) function(*handle);
  }

  /// Never destroyed, as programs use handles in destructors that run at exit.
  static Handles& all() {
    static auto* all = new Handles;
    return *all;
  }

 private:
  std::mutex mutex_;
  std::set<T*> handles_;
};

}  // namespace ingot::cudart

using Calls = std::vector<std::function<void()>>;

struct CUstream_st {
  unsigned flags = 0;
  int priority = 0;
  std::shared_ptr<Calls> captured;  // into here, while the stream is captured
  bool began = false;               // the capture, and did not join it
};
struct CUevent_st {
  using Clock = std::chrono::steady_clock;
  bool timed, recorded = false;
  Clock::time_point time{};
  std::shared_ptr<Calls> captured;  // the capture in which it was last recorded
};
struct CUgraph_st {
  Calls calls;
};
struct CUgraphExec_st {
  Calls calls;
};
