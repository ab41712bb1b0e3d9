// Streams, which are always idle; events, which are times; graphs, which cannot be recorded here.
#include <chrono>
#include <mutex>
#include <new>
#include <set>

#include "cudart.h"

namespace ingot::cudart {

struct Stream {
  unsigned flags;
  int priority;
};
struct Event {
  using Clock = std::chrono::steady_clock;
  bool timed, recorded = false;
  Clock::time_point time{};
};

namespace {

// Handles that are in use: any other is refused.
template <class T>
class Handles {
 public:
  Error create(T** out, T value) {
    if (out == nullptr) return kInvalidValue;
    auto* made = new (std::nothrow) T(value);
    if (made == nullptr) return kMemoryAllocation;
    const std::lock_guard lock(mutex_);
    handles_.insert(*out = made);
    return kSuccess;
  }
  Error destroy(T* handle) {
    {
      const std::lock_guard lock(mutex_);
      if (handles_.erase(handle) == 0) return kInvalidResourceHandle;
    }
    delete handle;
    return kSuccess;
  }
  Error check(T* handle) {
    const std::lock_guard lock(mutex_);
    return handles_.contains(handle) ? kSuccess : kInvalidResourceHandle;
  }

 private:
  std::mutex mutex_;
  std::set<T*> handles_;
};

// Never destroyed, as programs use them in destructors that run at exit.
Handles<Stream>& streams() {
  static auto* all = new Handles<Stream>;
  return *all;
}
Handles<Event>& events() {
  static auto* all = new Handles<Event>;
  return *all;
}

// Null, 1 and 2 are the default streams.
Error check(Stream* stream) {
  return reinterpret_cast<size_t>(stream) <= 2 ? kSuccess : streams().check(stream);
}

}  // namespace

INGOT_CUDA_API int cudaStreamCreate(Stream** out) { return keep(streams().create(out, {0, 0})); }
INGOT_CUDA_API int cudaStreamCreateWithFlags(Stream** out, unsigned flags) {
  return keep(streams().create(out, {flags, 0}));
}
INGOT_CUDA_API int cudaStreamCreateWithPriority(Stream** out, unsigned flags, int priority) {
  return keep(streams().create(out, {flags, priority}));
}
INGOT_CUDA_API int cudaStreamDestroy(Stream* stream) { return keep(streams().destroy(stream)); }
INGOT_CUDA_API int cudaStreamSynchronize(Stream* stream) { return keep(check(stream)); }
INGOT_CUDA_API int cudaStreamQuery(Stream* stream) { return keep(check(stream)); }
INGOT_CUDA_API int cudaStreamWaitEvent(Stream* stream, Event* event, unsigned) {
  const Error error = check(stream);
  return keep(error != kSuccess ? error : events().check(event));
}
INGOT_CUDA_API int cudaStreamGetPriority(Stream* stream, int* out) {
  if (out == nullptr) return keep(kInvalidValue);
  const bool made = streams().check(stream) == kSuccess;
  *out = made ? stream->priority : 0;
  return keep(made ? kSuccess : check(stream));
}
INGOT_CUDA_API int cudaStreamGetFlags(Stream* stream, unsigned* out) {
  if (out == nullptr) return keep(kInvalidValue);
  const bool made = streams().check(stream) == kSuccess;
  *out = made ? stream->flags : 0;
  return keep(made ? kSuccess : check(stream));
}
INGOT_CUDA_API int cudaLaunchHostFunc(Stream* stream, void (*function)(void*), void* data) {
  const Error error = function == nullptr ? kInvalidValue : check(stream);
  if (error == kSuccess) function(data);
  return keep(error);
}
INGOT_CUDA_API int cudaStreamAddCallback(Stream* stream, void (*function)(Stream*, int, void*), void* data,
                                         unsigned) {
  const Error error = function == nullptr ? kInvalidValue : check(stream);
  if (error == kSuccess) function(stream, kSuccess, data);
  return keep(error);
}

INGOT_CUDA_API int cudaEventCreateWithFlags(Event** out, unsigned flags) {
  constexpr unsigned kDisableTiming = 2;
  return keep(events().create(out, {(flags & kDisableTiming) == 0}));
}
INGOT_CUDA_API int cudaEventCreate(Event** out) { return cudaEventCreateWithFlags(out, 0); }
INGOT_CUDA_API int cudaEventDestroy(Event* event) { return keep(events().destroy(event)); }
INGOT_CUDA_API int cudaEventRecord(Event* event, Stream* stream) {
  Error error = events().check(event);
  if (error == kSuccess) error = check(stream);
  if (error != kSuccess) return keep(error);
  event->recorded = true;
  event->time = Event::Clock::now();
  return kSuccess;
}
INGOT_CUDA_API int cudaEventRecordWithFlags(Event* event, Stream* stream, unsigned) {
  return cudaEventRecord(event, stream);
}
INGOT_CUDA_API int cudaEventSynchronize(Event* event) { return keep(events().check(event)); }
INGOT_CUDA_API int cudaEventQuery(Event* event) { return keep(events().check(event)); }
INGOT_CUDA_API int cudaEventElapsedTime(float* ms, Event* from, Event* to) {
  if (ms == nullptr) return keep(kInvalidValue);
  for (Event* event : {from, to})
    if (events().check(event) != kSuccess || !event->timed || !event->recorded)
      return keep(kInvalidResourceHandle);
  *ms = std::chrono::duration<float, std::milli>(to->time - from->time).count();
  return kSuccess;
}

// A graph replays work that was recorded instead of done. An engine's run here is an ordinary call, which
// cannot be recorded, so programs are told to do without graphs.
INGOT_CUDA_API int cudaStreamBeginCapture(Stream*, int) { return keep(kNotSupported); }
INGOT_CUDA_API int cudaStreamEndCapture(Stream*, void** graph) {
  if (graph != nullptr) *graph = nullptr;
  return keep(kNotSupported);
}
INGOT_CUDA_API int cudaStreamIsCapturing(Stream* stream, int* status) {
  if (status == nullptr) return keep(kInvalidValue);
  *status = 0;
  return keep(check(stream));
}
INGOT_CUDA_API int cudaGraphInstantiate(void** out, void*, unsigned long long) {
  if (out != nullptr) *out = nullptr;
  return keep(kNotSupported);
}
INGOT_CUDA_API int cudaGraphLaunch(void*, Stream*) { return keep(kNotSupported); }
INGOT_CUDA_API int cudaGraphDestroy(void* graph) { return keep(graph == nullptr ? kSuccess : kInvalidValue); }
INGOT_CUDA_API int cudaGraphExecDestroy(void* graph) {
  return keep(graph == nullptr ? kSuccess : kInvalidValue);
}

}  // namespace ingot::cudart
