#include "runtime/device.h"

#include <chrono>
#include <cstring>

namespace ingot {

Status Stream::begin_recording() { return unsupported("this device cannot record work"); }
Result<std::unique_ptr<Recording>> Stream::end_recording() { return begin_recording(); }

Status Stream::follow(void*) { return unsupported("this device has no streams of programs"); }
Status Stream::wait_for(void*) { return unsupported("this device has no events of programs"); }
Status Stream::record(void*) { return wait_for(nullptr); }

Status HostStream::upload(void* to, const void* from, size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
  return {};
}
Status HostStream::download(void* to, const void* from, size_t bytes) { return upload(to, from, bytes); }

Status HostStream::mark(size_t number) {
  if (number >= marks_.size()) marks_.resize(number + 1);
  marks_[number] = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  return {};
}
Result<double> HostStream::seconds_between(size_t from, size_t to) { return marks_[to] - marks_[from]; }

}  // namespace ingot
