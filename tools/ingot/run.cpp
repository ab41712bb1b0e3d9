// ingot run: one run on given or random inputs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "command.h"
#include "feeds.h"
#include "model.h"
#include "output.h"
#include "values.h"

namespace ingot::cli {
namespace {

struct Options {
  ModelOptions model;
  FeedOptions feeds;
  std::string output_dir;
};

// A file name for any tensor name: what a file name cannot or should not hold becomes '_'.
std::string file_name(const std::string& name) {
  std::string out;
  for (char c : name) out += std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' ? c : '_';
  return (out.empty() || out[0] == '.' ? "_" + out : out) + ".npy";
}

void run(const Options& o) {
  const Engine engine = open_model(o.model);
  FeedOptions feed_options = o.feeds;
  feed_options.shapes = o.model.fixed_shapes();
  const Feeds feeds = make_feeds(engine, feed_options);
  Context context = take(engine.context(o.model.build.threads));
  set_inputs(context, feeds);
  check(context.run());

  for (const TensorInfo& input : engine.inputs()) {
    const Feed& feed = feeds.at(input.name);
    fmt::print("input  {}: {} {} ({})\n", input.name, data_type_name(input.dtype),
               to_text(feed.array.ref.dims), feed.source);
  }
  if (!o.output_dir.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(o.output_dir, failed);
    if (failed) throw Error(fmt::format("{}: {}", o.output_dir, failed.message()));
  }
  for (const TensorInfo& info : engine.outputs()) {
    const TensorRef output = take(context.output(info.name));
    fmt::print("output {}: {} {}: {}\n", info.name, data_type_name(output.dtype), to_text(output.dims),
               summarize(output));
    if (o.output_dir.empty()) continue;
    const std::string path = o.output_dir + "/" + file_name(info.name);
    write_npy(path, output);
    fmt::print("       written to {}\n", path);
  }
}

}  // namespace

Command run_command(CLI::App& app) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("run", "runs a model once: .npy in, .npy out");
  add_model_options(*sub, o->model, "the engine or ONNX file");
  sub->add_option("--input", o->feeds.files, "data of an input; inputs that are not given are random")
      ->type_name("NAME=FILE.npy")
      ->allow_extra_args(false);
  sub->add_option("--seed", o->feeds.seed, "of the random inputs")->capture_default_str();
  sub->add_option("--output-dir", o->output_dir, "writes each output to DIR/NAME.npy")->type_name("DIR");
  return {sub, [o] { run(*o); }};
}

}  // namespace ingot::cli
