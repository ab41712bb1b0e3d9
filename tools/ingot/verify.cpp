// ingot verify: the engine against the reference interpreter, layer by layer.
#include "ingot/verify.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "feeds.h"
#include "model.h"
#include "output.h"

namespace ingot::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  FeedOptions feeds;
  VerifyOptions verify;
  bool layers = false;
  std::string json;
};

Json describe(const std::vector<Difference>& differences) {
  Json out = Json::array();
  for (const Difference& d : differences)
    out.push_back({{"name", d.name},
                   {"node", d.node},
                   {"kernel", d.kernel},
                   {"ok", d.ok()},
                   {"max_abs", d.max_abs},
                   {"wrong", d.wrong},
                   {"elements", d.elements},
                   {"note", d.note}});
  return out;
}

void print_line(const Difference& d) {
  fmt::print("  {}  {}", d.ok() ? "ok   " : "WRONG", d.name);
  if (!d.node.empty()) fmt::print(" of {}", d.node);
  if (!d.kernel.empty()) fmt::print(" [{}]", d.kernel);
  fmt::print(": ");
  if (!d.note.empty())
    fmt::print("{}\n", d.note);
  else
    fmt::print("largest difference {:.3g}, {} of {} elements beyond tolerance\n", d.max_abs, d.wrong,
               d.elements);
}

void print(const VerifyReport& report, bool all_layers) {
  const auto part = [&](const char* title, const std::vector<Difference>& list) {
    fmt::print("{}\n", title);
    for (const Difference& d : list) print_line(d);
  };
  part("engine without passes against the imported graph:", report.without_passes);
  part("optimized graph against the imported graph, both interpreted:", report.passes);
  part("engine against the imported graph:", report.engine);
  fmt::print("layers of the optimized graph, kernels against the interpreter: {} compared\n",
             report.layers.size());
  bool first = true;
  for (const Difference& d : report.layers) {
    if (all_layers || (!d.ok() && first)) print_line(d);
    first = first && d.ok();
  }
}

void run(const Options& o) {
  if (is_engine_file(o.model.path))
    throw Error(fmt::format("verify starts from the model, {} is an engine", o.model.path));
  VerifyOptions options = o.verify;
  options.build = build_options(o.model);
  // A build of its own that times nothing: only to learn the inputs.
  BuildOptions quick = options.build;
  quick.level = 0;
  quick.disable_passes = {"all"};
  FeedOptions feed_options = o.feeds;
  feed_options.shapes = o.model.fixed_shapes();
  const Feeds feeds = make_feeds(take(build(o.model.path, quick)), feed_options);
  std::map<std::string, TensorRef> inputs;
  for (const auto& [name, feed] : feeds) inputs[name] = feed.array.ref;

  const VerifyReport report = take(verify(o.model.path, inputs, options));
  if (o.json != "-") print(report, o.layers);
  if (!o.json.empty()) {
    const Json out = {{"ok", report.ok()},
                      {"rtol", options.rtol},
                      {"atol", options.atol},
                      {"without_passes", describe(report.without_passes)},
                      {"passes", describe(report.passes)},
                      {"engine", describe(report.engine)},
                      {"layers", describe(report.layers)}};
    write_text(o.json, out.dump(1, ' ', false, Json::error_handler_t::replace));
  }
  if (!report.ok())
    throw Error(fmt::format("verify: {} differs from the interpreter beyond rtol {}, atol {}", o.model.path,
                            options.rtol, options.atol));
  if (o.json != "-") fmt::print("verified at rtol {}, atol {}\n", options.rtol, options.atol);
}

}  // namespace

Command verify_command(CLI::App& app) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand(
      "verify", "compares a model's engine with the reference interpreter, layer by layer");
  add_model_options(*sub, o->model, "the ONNX file");
  sub->add_option("--rtol", o->verify.rtol, "allowed difference relative to the expected value")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--atol", o->verify.atol,
                  "allowed difference in addition, in units of the tensor's rms where that is above 1")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--input", o->feeds.files, "data of an input; inputs that are not given are random")
      ->type_name("NAME=FILE.npy")
      ->allow_extra_args(false);
  sub->add_option("--seed", o->feeds.seed, "of the random inputs")->capture_default_str();
  sub->add_flag("--layers", o->layers, "shows every layer, not only the first that is wrong");
  sub->add_option("--json", o->json, "writes the differences as JSON ('-': to the standard output)")
      ->type_name("FILE");
  return {sub, [o] { run(*o); }};
}

}  // namespace ingot::cli
