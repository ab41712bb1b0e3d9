// Timings of kernels, kept between builds in a text file: one line per measurement, "seconds<TAB>key".
#pragma once

#include <map>
#include <string>

#include "base/status.h"

namespace ingot {

/// Keys name everything that a time depends on: machine, instruction set, threads, version, kernel, shapes
/// and arguments. Lines of another version of Ingot are kept in the file and never match. Not thread-safe.
class TimingCache {
 public:
  /// A missing file is an empty cache. Errors: kIoError; kCorrupt names the line that is not a measurement.
  Status load(const std::string& path);
  /// Merges what other builds have written meanwhile, then replaces the file.
  Status save(const std::string& path) const;

  const double* find(const std::string& key) const {
    auto it = times_.find(key);
    return it == times_.end() ? nullptr : &it->second;
  }
  /// Keeps as many digits as the file does, so that a choice does not depend on which of the two it came
  /// from.
  void add(const std::string& key, double seconds);
  bool changed() const { return changed_; }
  size_t size() const { return times_.size(); }

 private:
  std::map<std::string, double> times_;  // ordered: equal contents give equal files
  bool changed_ = false;
};

}  // namespace ingot
