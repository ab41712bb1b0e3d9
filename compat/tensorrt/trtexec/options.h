// The command line, read by the table of flags.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "error.h"
#include "flags.h"
#include "shapes.h"

namespace ingot::trtexec {

using cli::Error;
using cli::Shapes;

class Options {
 public:
  /// Throws Error for an unknown flag (with the nearest spelling) or a value that cannot be read.
  static Options parse(int argc, const char* const* argv);

  bool help() const { return help_; }
  bool has(const std::string& flag) const { return values_.contains(flag); }
  /// The value that was given last, or the table's initial one.
  std::string text(const std::string& flag) const;
  const std::vector<std::string>& all(const std::string& flag) const;
  /// Throws Error when it is no number of at least `least`.
  double number(const std::string& flag, double least = 0) const;
  std::vector<double> numbers(const std::string& flag) const;

  /// Shapes of one run, by --shapes.
  Shapes shapes() const;
  /// The profiles that --minShapes, --optShapes and --maxShapes give, each set after a --profile one of its
  /// own; without them what --shapes says, as all three.
  std::vector<Profile> profiles() const;
  /// name:file pairs of --loadInputs.
  std::map<std::string, std::string> input_files() const;

  /// The sections that users know.
  void echo(unsigned major) const;
  /// By name each flag that was given and is of other versions only, or has no effect on this kind of device.
  void warn(unsigned major, bool gpu) const;

 private:
  bool help_ = false;
  std::map<std::string, std::vector<std::string>> values_;     // by the flag's first name
  std::vector<std::pair<std::string, std::string>> in_order_;  // those that form profiles
};

/// The first of a flag's names.
std::string first_name(const Flag& flag);
void print_help();

}  // namespace ingot::trtexec
