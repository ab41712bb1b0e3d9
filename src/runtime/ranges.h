// Ranges on a profiler's timeline, by the protocol of NVTX, which Nsight and others speak.
#pragma once

namespace ingot {

/// What this thread does until the end of the scope, by name. Without a profiler it costs a comparison; one
/// is attached when NVTX_INJECTION64_PATH names its library at the first range.
class Range {
 public:
  explicit Range(const char* name);
  ~Range();
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
};

}  // namespace ingot
