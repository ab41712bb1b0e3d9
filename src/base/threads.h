// ThreadPool: N threads exactly (the caller is one of them), static partition, short spin then sleep.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace ingot {

/// A borrowed callable: one pointer and one function, no allocation. Valid only during the call it is passed
/// to.
template <class Signature>
class FunctionRef;
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
      FunctionRef(F&& f)  // NOLINT: implicit by design
      : object_(const_cast<void*>(static_cast<const void*>(&f))), call_([](void* o, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(o))(args...);
        }) {}
  R operator()(Args... args) const { return call_(object_, args...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

/// A fixed set of worker threads. `run` is a fork-join over all of them and allocates nothing.
/// One `run` at a time: a pool belongs to one execution context. Nested calls run on the calling thread
/// alone.
class ThreadPool {
 public:
  /// `threads` >= 1 counts the caller, so ThreadPool(1) starts none.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return size_; }
  /// Calls fn(0) ... fn(size() - 1), each on its own thread, and returns when all have returned. fn(0) is the
  /// caller's.
  void run(FunctionRef<void(int thread)> fn);

 private:
  struct State;
  int size_;
  std::unique_ptr<State> state_;
};

/// The half-open share [begin, end) of `count` items that part `index` of `parts` takes: sizes differ by at
/// most one.
struct Share {
  int64_t begin, end;
};
inline Share share(int64_t count, int index, int parts) {
  return {count * index / parts, count * (index + 1) / parts};
}

}  // namespace ingot
