// ingot verify: the engine against the reference interpreter, layer by layer.
#include "ingot/verify.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "feeds.h"
#include "model.h"
#include "output.h"

namespace ingot::cli {
namespace {

using Json = nlohmann::ordered_json;

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

}  // namespace

void run(const VerifyCommand& o) {
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

}  // namespace ingot::cli
