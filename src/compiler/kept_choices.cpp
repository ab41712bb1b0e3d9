#include "compiler/kept_choices.h"

#include "compiler/lower.h"

namespace ingot {

void KeptChoices::add(const Plan& plan) {
  for (const PlanStep& s : plan.steps) {
    for (const auto& [attribute, body] : s.subplans) add(plan.subplans[static_cast<size_t>(body)]);
    steps_[s.name].push_back(&s);
  }
}

std::optional<Choice> KeptChoices::find(const Node& node, const Offer& offer) {
  const auto known = steps_.find(step_name(node));
  if (known == steps_.end()) return {};
  auto& steps = known->second;
  for (auto step = steps.begin(); step != steps.end(); ++step) {
    for (size_t i = 0; i < offer.candidates.size(); ++i) {
      const Candidate& c = offer.candidates[i];
      if (c.op != (*step)->op || c.kernel != (*step)->kernel || c.args != (*step)->args) continue;
      Choice choice{i, (*step)->timed};
      steps.erase(step);
      return choice;
    }
  }
  return {};
}

}  // namespace ingot
