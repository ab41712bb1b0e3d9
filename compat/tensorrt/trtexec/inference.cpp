#include "inference.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <thread>

#include "log.h"
#include "version.h"

namespace ingot::trtexec {
namespace {

double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

cli::Array read_raw(const std::string& path, const TensorInfo& input, const Dims& dims) {
  cli::Array array = cli::Array::allocate(input.dtype, dims);
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw Error(fmt::format("Cannot open file {}", path));
  const auto size = static_cast<size_t>(file.tellg());
  if (size != array.ref.bytes())
    throw Error(fmt::format("{} holds {} bytes, expected {} for input {} of {} {}", path, size,
                            array.ref.bytes(), input.name, data_type_name(input.dtype), cli::to_text(dims)));
  file.seekg(0).read(static_cast<char*>(array.ref.data), static_cast<std::streamsize>(size));
  return array;
}

cli::Feeds make_inputs(const Engine& engine, const Options& options) {
  const Shapes given = options.shapes();
  auto files = options.input_files();
  const Shapes dims = cli::default_dims(engine, given);
  for (const auto& [name, shape] : given)
    if (!dims.contains(name)) throw Error(fmt::format("--shapes: the engine has no input '{}'", name));
  cli::Feeds feeds;
  std::mt19937 rng(0);
  for (const TensorInfo& input : engine.inputs()) {
    const Dims& shape = dims.at(input.name);
    if (const auto file = files.extract(input.name)) {
      info("Using values loaded from {} for input {}", file.mapped(), input.name);
      feeds[input.name] = {read_raw(file.mapped(), input, shape), file.mapped()};
    } else {
      info("Using random values for input {}", input.name);
      feeds[input.name] = {cli::random_array(input, shape, rng), "random"};
    }
    info("Input binding for {} with dimensions {} is created.", input.name, cli::to_text(shape));
  }
  if (!files.empty())
    throw Error(fmt::format("--loadInputs: the engine has no input '{}'", files.begin()->first));
  return feeds;
}

}  // namespace

Inference::Inference(const Engine& engine, const Options& options)
    : engine_(engine), options_(options), feeds_(make_inputs(engine, options)) {
  const auto streams = static_cast<size_t>(options.number("--infStreams", 1));
  // Streams share the cores that one would have.
  int threads = 0;
  if (streams > 1) threads = std::max(1, cli::take(engine.context()).threads() / static_cast<int>(streams));
  for (size_t i = 0; i < streams; ++i) {
    contexts_.push_back(cli::take(engine.context(threads)));
    contexts_.back().set_timing(true);
    cli::set_inputs(contexts_.back(), feeds_);
    for (const TensorInfo& output : engine.outputs()) {
      const auto dims = contexts_.back().output_shape(output.name);
      if (!dims.ok()) continue;  // known after a run
      const TensorRef& memory = outputs_.emplace_back(cli::Array::allocate(output.dtype, *dims)).ref;
      cli::check(contexts_.back().set_output(output.name, memory.data, memory.bytes()));
    }
  }
  for (const TensorInfo& output : engine.outputs()) {
    const auto dims = contexts_.front().output_shape(output.name);
    if (dims.ok())
      info("Output binding for {} with dimensions {} is created.", output.name, cli::to_text(*dims));
    else
      info("Output binding for {}: its dimensions are known after a run.", output.name);
  }
}

// Runs until both the time and the number of queries are reached, the warm-up first.
void Inference::stream(size_t index, double origin, std::vector<Query>& queries) {
  const double warm_up = options_.number("--warmUp"), least_ms = options_.number("--duration") * 1e3;
  const auto least = static_cast<size_t>(options_.number("--iterations"));
  const std::chrono::duration<double, std::milli> pause(options_.number("--sleepTime") +
                                                        options_.number("--idleTime"));
  size_t counted = 0;
  do {
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    Query query{.start = now_ms() - origin};
    cli::check(contexts_[index].enqueue());
    query.enqueued = now_ms() - origin;
    cli::check(contexts_[index].synchronize());
    query.end = now_ms() - origin;
    const RunTimes times = cli::take(contexts_[index].run_times());
    query.upload = times.upload * 1e3;
    query.compute = times.compute * 1e3;
    query.download = times.download * 1e3;
    queries.push_back(query);
    if (query.start >= warm_up) ++counted;
  } while (queries.back().end < warm_up + least_ms || counted < std::max<size_t>(least, 1));
}

Timing Inference::run() {
  info("Starting inference");
  std::vector<std::vector<Query>> queries(contexts_.size());
  std::vector<std::exception_ptr> failed(contexts_.size());
  const double origin = now_ms();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < contexts_.size(); ++i)
    threads.emplace_back([&, i] {
      try {
        stream(i, origin, queries[i]);
      } catch (...) {
        failed[i] = std::current_exception();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& e : failed)
    if (e) std::rethrow_exception(e);

  Timing timing;
  const double warm_up = options_.number("--warmUp");
  timing.warm_up_ms = warm_up;
  timing.transfers =
      version().major >= 11 ? options_.has("--includeDataTransfers") : !options_.has("--noDataTransfers");
  double end = 0;
  for (const auto& list : queries)
    for (const Query& q : list) {
      if (q.start < warm_up) {
        ++timing.warm_up_queries;
        continue;
      }
      timing.queries.push_back(q);
      end = std::max(end, q.end);
    }
  std::sort(timing.queries.begin(), timing.queries.end(),
            [](const Query& a, const Query& b) { return a.start < b.start; });
  timing.seconds = (end - timing.queries.front().start) / 1e3;
  return timing;
}

// The context sums up over its runs; differences give the times of each.
std::vector<LayerProfile> Inference::profile_layers() {
  const auto runs = static_cast<size_t>(options_.number("--iterations", 1));
  Context& context = contexts_.front();
  context.set_profiling(true);
  std::vector<LayerProfile> layers;
  std::vector<double> before;
  for (size_t run = 0; run < runs; ++run) {
    cli::check(context.run());
    const auto times = context.layer_times();
    layers.resize(times.size());
    before.resize(times.size());
    for (size_t i = 0; i < times.size(); ++i) {
      layers[i].name = times[i].name;
      layers[i].ms.push_back((times[i].seconds - before[i]) * 1e3);
      before[i] = times[i].seconds;
    }
  }
  context.set_profiling(false);
  return layers;
}

}  // namespace ingot::trtexec
