// Every op's cases as plans of one node, with each kernel that a device offers for it, against the op's eval.
#pragma once

#include <memory>
#include <set>

#include "ops/op_cases.h"
#include "runtime/device.h"
#include "target/target.h"

namespace ingot {

class StepChecks {
 public:
  StepChecks(std::unique_ptr<Target> target, std::unique_ptr<Device> device, std::vector<DataType> types);
  ~StepChecks();

  /// Adds a failure for each candidate whose results differ.
  void check(const OpDef& op, const OpCase& given);
  const std::set<std::string>& families() const { return families_; }
  size_t runs() const { return runs_; }
  /// False once the device itself has failed: then nothing more can be told.
  bool alive() const { return alive_; }

 private:
  struct OneNode;
  enum class Known { kWeights, kValues, kNothing };
  static std::unique_ptr<OneNode> make_graph(const OpDef& op, const OpCase& c,
                                             const std::vector<Tensor>& values, Known known);
  Result<bool> run(const OneNode& one, const std::vector<Tensor>& want, const OpCase& c, size_t pick);

  std::unique_ptr<Target> target_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<Stream> stream_;
  std::vector<DataType> types_;
  std::set<std::string> families_;  // that ran
  size_t runs_ = 0;
  bool alive_ = true;
};

}  // namespace ingot
