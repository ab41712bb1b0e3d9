// ingot run: one run on given or random inputs.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "commands.h"
#include "feeds.h"
#include "model.h"
#include "output.h"
#include "values.h"

namespace ingot::cli {
namespace {

// A file name for any tensor name: what a file name cannot or should not hold becomes '_'.
std::string file_name(const std::string& name) {
  std::string out;
  for (char c : name) out += std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' ? c : '_';
  return (out.empty() || out[0] == '.' ? "_" + out : out) + ".npy";
}

}  // namespace

void run(const RunCommand& o) {
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

}  // namespace ingot::cli
