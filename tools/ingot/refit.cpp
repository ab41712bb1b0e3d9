// ingot refit: an engine with the weights of another model of the same form, such as one trained further.
#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <set>

#include "commands.h"
#include "ingot/network.h"
#include "model.h"

namespace ingot::cli {
void run(const RefitCommand& o) {
  const Engine engine = take(load(o.engine));
  print_warnings(engine);
  std::set<std::string> known;
  for (const TensorInfo& w : take(engine.weights())) known.insert(w.name);

  const Network model = take(Network::from_onnx(o.model));
  std::map<std::string, TensorRef> weights;
  for (NetworkTensor t : model.constants())
    if (const std::string name = model.info(t).name; known.contains(name))
      weights[name] = model.constant_value(t);
  if (weights.empty())
    throw Error(fmt::format("{} has none of the {} weights of {}", o.model, known.size(), o.engine));
  check(take(engine.refit(weights)).save(o.output));
  fmt::print("{}: {} of {} weights from {}\n", o.output, weights.size(), known.size(), o.model);
}

}  // namespace ingot::cli
