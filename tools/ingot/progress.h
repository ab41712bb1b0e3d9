// One line on the terminal that says how far a build is; silent where stderr is no terminal.
#pragma once

#include "ingot/engine.h"

namespace ingot::cli {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const BuildProgress& progress);
  void clear();

 private:
  bool terminal_, shown_ = false;
  double last_ = 0;  // when the line was drawn, in seconds
  std::string phase_;
};

}  // namespace ingot::cli
