#include "timing_cache.h"

#include "host_memory.h"

namespace ingot::tensorrt {

nvinfer1::IHostMemory* TimingCache::serialize() const noexcept {
  const auto* bytes = reinterpret_cast<const std::byte*>(text_.data());
  return new HostMemory({bytes, bytes + text_.size()});
}

bool TimingCache::combine(const nvinfer1::ITimingCache& other, bool) noexcept {
  // Entries name the machine that they were measured on, so the files of two machines can be put together:
  // of two entries of one kernel the reader takes the last.
  const std::string& theirs = static_cast<const TimingCache&>(other).text_;
  text_ = text_.empty() ? theirs : text_ + theirs.substr(theirs.find('\n') + 1);
  return true;
}

bool TimingCache::reset() noexcept {
  text_.clear();
  return true;
}

}  // namespace ingot::tensorrt
