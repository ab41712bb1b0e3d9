// What TensorRT's interface costs on top of Ingot's own: bench_tensorrt [call MODEL.onnx | build MODEL.onnx]
// [ROUNDS]. Both sides in turns in one process; medians. Without arguments: calls of a network that only
// copies 16 floats.
#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ingot/engine.h"
#include "ingot/network.h"

namespace {

using Clock = std::chrono::steady_clock;

class Logger final : public nvinfer1::ILogger {
  void log(Severity severity, const char* text) noexcept override {
    if (severity <= Severity::kERROR) std::fprintf(stderr, "%s\n", text);
  }
};

template <class T>
T& check(T&& value, const char* what) {
  if (!value) std::fprintf(stderr, "failed: %s\n", what), std::exit(1);
  return value;
}
void check(const ingot::Status& status) {
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.to_string().c_str()), std::exit(1);
}
template <class T>
T take(ingot::Result<T> result) {
  check(result.status());
  return std::move(result).value();
}

double seconds(const std::function<void()>& run) {
  const auto begin = Clock::now();
  run();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double median(std::vector<double> list) {
  std::nth_element(list.begin(), list.begin() + static_cast<ptrdiff_t>(list.size() / 2), list.end());
  return list[list.size() / 2];
}

// Medians of both over `rounds`, one after the other in each round.
void compare(const char* unit, double scale, int rounds, const std::function<double()>& ours,
             const std::function<double()>& theirs) {
  std::vector<double> a, b, more;
  for (int i = 0; i < rounds; ++i) {
    a.push_back(ours() * scale);
    b.push_back(theirs() * scale);
    more.push_back(b.back() - a.back());
  }
  const auto line = [&](const char* what, double x, double y) {
    std::printf("%-8s ingot %.3f %s, TensorRT's interface %.3f %s: %+.3f %s, %.3f times\n", what, x, unit, y,
                unit, y - x, unit, y / x);
  };
  line("medians", median(a), median(b));
  line("minima", *std::min_element(a.begin(), a.end()), *std::min_element(b.begin(), b.end()));
  std::printf("median of the differences %+.3f %s\n", median(more), unit);
}

ingot::Dims dims_of(const ingot::TensorInfo& info) {
  ingot::Dims out;
  for (const auto& d : info.dims) out.push_back(std::max(std::atoll(d.c_str()), 1LL));  // open dims are 1
  return out;
}

std::map<std::string, ingot::Dims> shapes_of(const std::string& model) {
  const auto network = take(ingot::Network::from_onnx(model));
  std::map<std::string, ingot::Dims> out;
  for (ingot::NetworkTensor t : network.inputs()) out[network.info(t).name] = dims_of(network.info(t));
  return out;
}

// A static network of one input and one output on both sides, built once.
int compare_calls(const std::string& model, int rounds) {
  ingot::BuildOptions options;
  const auto engine = [&] {
    if (!model.empty()) {
      options.shapes = shapes_of(model);
      return take(ingot::build(model, options));
    }
    ingot::Network net("copy");
    const auto x = net.input("x", ingot::DataType::kF32, {"16"});
    net.output(net.op("Identity", {x}), "y");
    return take(ingot::build(net, options));
  }();
  const ingot::TensorInfo in = engine.inputs().at(0), out = engine.outputs().at(0);
  ingot::TensorRef x{in.dtype, dims_of(in), nullptr}, y{out.dtype, dims_of(out), nullptr};
  std::vector<float> input(x.bytes() / 4 + 1, 0.5f), output(y.bytes() / 4 + 1);
  x.data = input.data();

  auto context = take(engine.context());
  const auto bytes = engine.serialize();
  Logger logger;
  const std::unique_ptr<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const std::unique_ptr<nvinfer1::ICudaEngine> other(
      runtime->deserializeCudaEngine(bytes.data(), bytes.size()));
  const std::unique_ptr<nvinfer1::IExecutionContext> other_context(
      check(other, "engine")->createExecutionContext());

  // As much as the network is small: a block takes some milliseconds.
  int calls = 1;
  const auto one_block = [&](const std::function<void()>& call) {
    return seconds([&] {
             for (int i = 0; i < calls; ++i) call();
           }) /
           calls;
  };
  const auto ours = [&] {
    check(context.set_input(in.name, x));
    check(context.set_output(out.name, output.data(), y.bytes()));
    check(context.run());
  };
  const auto theirs = [&] {
    check(other_context->setTensorAddress(in.name.c_str(), input.data()), "address");
    check(other_context->setTensorAddress(out.name.c_str(), output.data()), "address");
    check(other_context->enqueueV3(nullptr), "enqueueV3");
  };
  ours(), theirs();
  calls = std::max(1, static_cast<int>(2e-3 / std::max(one_block(ours), 1e-9)));
  compare(
      "us", 1e6, rounds, [&] { return one_block(ours); }, [&] { return one_block(theirs); });
  return 0;
}

// From the ONNX file to the engine's bytes.
int compare_builds(const std::string& model, int rounds) {
  Logger logger;
  ingot::BuildOptions options;
  options.shapes = shapes_of(model);
  const auto ours = [&] { return seconds([&] { take(ingot::build(model, options)).serialize(); }); };
  const auto theirs = [&] {
    return seconds([&] {
      const std::unique_ptr<nvinfer1::IBuilder> builder(nvinfer1::createInferBuilder(logger));
      const std::unique_ptr<nvinfer1::INetworkDefinition> network(builder->createNetworkV2(0));
      const std::unique_ptr<nvonnxparser::IParser> parser(nvonnxparser::createParser(*network, logger));
      check(parser->parseFromFile(model.c_str(), 0), "parse");
      for (int32_t i = 0; i < network->getNbInputs(); ++i) {
        nvinfer1::Dims dims{};
        for (int64_t d : options.shapes.at(network->getInput(i)->getName())) dims.d[dims.nbDims++] = d;
        network->getInput(i)->setDimensions(dims);
      }
      const std::unique_ptr<nvinfer1::IBuilderConfig> config(builder->createBuilderConfig());
      const std::unique_ptr<nvinfer1::IHostMemory> plan(builder->buildSerializedNetwork(*network, *config));
      check(plan, "build");
    });
  };
  ours(), theirs();
  compare("s", 1, rounds, ours, theirs);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "call", model = argc > 2 ? argv[2] : "";
  const int rounds = argc > 3 ? std::atoi(argv[3]) : what == "build" ? 5 : 200;
  if (what == "build" && !model.empty()) return compare_builds(model, rounds);
  if (what == "call") return compare_calls(model, rounds);
  std::fprintf(stderr, "usage: %s [call [MODEL.onnx [ROUNDS]] | build MODEL.onnx [ROUNDS]]\n", argv[0]);
  return 1;
}
