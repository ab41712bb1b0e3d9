// ingot refit: an engine with the weights of another model of the same form, such as one trained further.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstring>
#include <memory>
#include <set>

#include "command.h"
#include "ingot/network.h"
#include "model.h"

namespace ingot::cli {
namespace {

struct Options {
  std::string engine, model, output;
};

void run(const Options& o) {
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

}  // namespace

Command refit_command(CLI::App& app) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("refit", "gives an engine the weights of another model");
  sub->add_option("engine", o->engine, "an engine that was built with --refittable")
      ->required()
      ->type_name("ENGINE");
  sub->add_option("model", o->model, "an ONNX file whose weights have the same names")
      ->required()
      ->type_name("MODEL");
  sub->add_option("-o,--output", o->output, "the new engine file")->required()->type_name("FILE");
  return {sub, [o] { run(*o); }};
}

}  // namespace ingot::cli
