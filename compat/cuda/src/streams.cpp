// Streams, which are always idle, and events, which are times.
#include "handles.h"

namespace ingot::cudart {
namespace {

auto& streams() { return Handles<CUstream_st>::all(); }
auto& events() { return Handles<CUevent_st>::all(); }

// Null, 1 and 2 are the default streams.
bool is_default(cudaStream_t stream) { return reinterpret_cast<size_t>(stream) <= 2; }

cudaError_t check(cudaStream_t stream) { return is_default(stream) ? cudaSuccess : streams().check(stream); }

cudaError_t check(cudaStream_t stream, cudaEvent_t event) {
  const cudaError_t error = check(stream);
  return error != cudaSuccess ? error : events().check(event);
}

cudaError_t check_done(cudaEvent_t event) {
  const cudaError_t error = events().check(event);
  return error != cudaSuccess ? error : event->captured ? cudaErrorCapturedEvent : cudaSuccess;
}

cudaError_t record(cudaEvent_t event, cudaStream_t stream) {
  if (const cudaError_t error = check(stream, event); error != cudaSuccess) return error;
  event->captured = is_default(stream) ? nullptr : stream->captured;
  return submit(stream, [event] {
    event->recorded = true;
    event->time = CUevent_st::Clock::now();
  });
}

// Waiting for an event of a capture joins it.
cudaError_t wait(cudaStream_t stream, cudaEvent_t event) {
  if (const cudaError_t error = check(stream, event); error != cudaSuccess) return error;
  if (event->captured == nullptr || (!is_default(stream) && stream->captured == event->captured))
    return cudaSuccess;
  if (is_default(stream) || stream->captured) return cudaErrorStreamCaptureUnsupported;
  stream->captured = event->captured;
  return cudaSuccess;
}

cudaError_t elapsed(float* ms, cudaEvent_t from, cudaEvent_t to) {
  if (ms == nullptr) return cudaErrorInvalidValue;
  for (cudaEvent_t event : {from, to})
    if (events().check(event) != cudaSuccess || !event->timed || !event->recorded)
      return cudaErrorInvalidResourceHandle;
  *ms = std::chrono::duration<float, std::milli>(to->time - from->time).count();
  return cudaSuccess;
}

template <class T>
cudaError_t property(cudaStream_t stream, T CUstream_st::*member, T* out) {
  if (out == nullptr) return cudaErrorInvalidValue;
  const cudaError_t error = check(stream);
  *out = error != cudaSuccess || is_default(stream) ? 0 : stream->*member;
  return error;
}

}  // namespace

cudaError_t submit(cudaStream_t stream, std::function<void()> work) {
  if (const cudaError_t error = check(stream); error != cudaSuccess) return error;
  if (!is_default(stream) && stream->captured)
    stream->captured->push_back(std::move(work));
  else
    work();
  return cudaSuccess;
}

cudaError_t check_not_captured(cudaStream_t stream) {
  const cudaError_t error = check(stream);
  if (error != cudaSuccess || is_default(stream) || !stream->captured) return error;
  return cudaErrorStreamCaptureUnsupported;
}

}  // namespace ingot::cudart

using namespace ingot::cudart;

extern "C" {

cudaError_t cudaStreamCreate(cudaStream_t* out) { return keep(streams().create(out, {})); }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* out, unsigned flags) {
  return keep(streams().create(out, {.flags = flags}));
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* out, unsigned flags, int priority) {
  return keep(streams().create(out, {.flags = flags, .priority = priority}));
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) { return keep(streams().destroy(stream)); }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) { return keep(check_not_captured(stream)); }
cudaError_t cudaStreamQuery(cudaStream_t stream) { return keep(check_not_captured(stream)); }
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return keep(wait(stream, event));
}
cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* out) {
  return keep(property(stream, &CUstream_st::priority, out));
}
cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned* out) {
  return keep(property(stream, &CUstream_st::flags, out));
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  if (function == nullptr) return keep(cudaErrorInvalidValue);
  return keep(submit(stream, [=] { function(data); }));
}
cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t function, void* data, unsigned) {
  if (function == nullptr) return keep(cudaErrorInvalidValue);
  if (const cudaError_t error = check_not_captured(stream); error != cudaSuccess) return keep(error);
  function(stream, cudaSuccess, data);
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* out, unsigned flags) {
  return keep(events().create(out, {.timed = (flags & cudaEventDisableTiming) == 0}));
}
cudaError_t cudaEventCreate(cudaEvent_t* out) { return cudaEventCreateWithFlags(out, cudaEventDefault); }
cudaError_t cudaEventDestroy(cudaEvent_t event) { return keep(events().destroy(event)); }
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) { return keep(record(event, stream)); }
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned) {
  return keep(record(event, stream));
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) { return keep(check_done(event)); }
cudaError_t cudaEventQuery(cudaEvent_t event) { return keep(check_done(event)); }
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t from, cudaEvent_t to) {
  return keep(elapsed(ms, from, to));
}
cudaError_t cudaEventElapsedTime_v2(float* ms, cudaEvent_t from, cudaEvent_t to) {
  return keep(elapsed(ms, from, to));
}

}  // extern "C"
