// The kernels that an earlier plan of the same network chose.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "tune/tuner.h"

namespace ingot {

class KeptChoices {
 public:
  KeptChoices() = default;
  /// Refers to the plan.
  explicit KeptChoices(const Plan& plan) { add(plan); }

  /// The candidate that the plan has for this node; none where the plan knows no such node or the candidate
  /// is not offered any more. Nodes of one name are told apart by their order.
  std::optional<Choice> find(const Node& node, const Offer& offer);

 private:
  void add(const Plan& plan);

  std::map<std::string, std::deque<const PlanStep*>, std::less<>> steps_;  // by name
};

}  // namespace ingot
