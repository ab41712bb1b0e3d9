// Every flag of trtexec 8.6, 10.16 and 11.1: one table, from which come the parser, the help, the echo of the
// options and what is said about flags without effect.
#pragma once

#include <span>

namespace ingot::trtexec {

enum class Section { kModel, kBuild, kSystem, kInference, kReporting, kTuning };
enum class Kind { kSwitch, kText, kNumber, kRepeated };  // repeated: may be given several times

struct Flag {
  const char* names;  // "--first,--other spelling"
  Kind kind;
  Section section;
  unsigned majors;        // k8 | k10 | k11: where NVIDIA's program has it
  const char* label;      // in the echo of the options; null: not echoed
  const char* initial;    // as echoed when the flag is not given
  const char* no_effect;  // why nothing comes of it; null: it works
  bool on_gpu = false;    // where it does work
};

inline constexpr unsigned k8 = 1, k10 = 2, k11 = 4, kAll = k8 | k10 | k11;

std::span<const Flag> flags();
/// "Model", "Build"...
const char* section_name(Section section);

}  // namespace ingot::trtexec
