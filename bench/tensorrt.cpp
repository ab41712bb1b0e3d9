// What TensorRT's interface costs on top of Ingot's own: bench_tensorrt [call MODEL.onnx | build MODEL.onnx]
// [ROUNDS]. Both sides in turns in one process. Without arguments: calls of a network that only copies 16
// floats. On the GPU where there is one (INGOT_DEVICE says otherwise), between its memory, on a stream; on
// the CPU with one thread, by the time that it computes.
#include <dlfcn.h>
#include <NvInfer.h>
#include <NvOnnxParser.h>
#include <time.h>

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

#include "ingot/device.h"
#include "ingot/engine.h"
#include "ingot/network.h"

namespace {

using Clock = std::chrono::steady_clock;

// Seconds that this thread computed: what else the machine does stays out.
double computed() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

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

struct Side {
  const char* name;
  std::vector<double> times;
};

// Medians and minima, and the median of how much the last side takes more than the mean of the others in the
// same round.
void print(const char* what, const char* unit, const std::vector<Side>& sides) {
  std::printf("%s:\n", what);
  for (const Side& side : sides)
    std::printf("  %-21s median %.3f %s, least %.3f\n", side.name, median(side.times), unit,
                *std::min_element(side.times.begin(), side.times.end()));
  const auto& last = sides.back().times;
  std::vector<double> more, noise, ratio;
  for (size_t i = 0; i < last.size(); ++i) {
    double own = 0;
    for (size_t s = 0; s + 1 < sides.size(); ++s) own += sides[s].times[i];
    own /= static_cast<double>(sides.size() - 1);
    more.push_back(last[i] - own);
    ratio.push_back(last[i] / own);
    if (sides.size() > 2) noise.push_back(sides[1].times[i] - sides[0].times[i]);
  }
  std::printf("  median of the differences %+.3f %s, of the ratios %.4f", median(more), unit, median(ratio));
  if (!noise.empty()) std::printf("; between Ingot's own two contexts %+.3f %s", median(noise), unit);
  std::printf("\n");
}

// As the library behind TensorRT's interface chooses.
std::string device() {
  if (const char* asked = std::getenv("INGOT_DEVICE"); asked != nullptr && *asked != 0) return asked;
  for (const auto& d : ingot::devices())
    if (d.name == "cuda") return "cuda";
  return "cpu";
}

// Memory and a stream of the device, through CUDA's driver where it is a GPU.
class Memory {
 public:
  Memory() {
    if (device() == "cpu") return;
    driver_ = check(dlopen("libcuda.so.1", RTLD_NOW), "libcuda.so.1");
    void* context = nullptr;
    call<int(unsigned)>("cuInit", 0U);
    call<int(void**, int)>("cuDevicePrimaryCtxRetain", &context, 0);
    call<int(void*)>("cuCtxSetCurrent", context);
    call<int(void**, unsigned)>("cuStreamCreate", &stream_, 1U);
  }
  void* make(size_t bytes) const {
    if (driver_ == nullptr) return std::calloc(bytes + 64, 1);
    void* memory = nullptr;
    call<int(void**, size_t)>("cuMemAlloc_v2", &memory, bytes);
    return memory;
  }
  void* stream() const { return stream_; }
  void wait() const {
    if (driver_ != nullptr) call<int(void*)>("cuStreamSynchronize", stream_);
  }

 private:
  template <class Function, class... Args>
  void call(const char* name, Args... args) const {
    auto* function = reinterpret_cast<Function*>(dlsym(driver_, name));
    check(function != nullptr && function(args...) == 0, name);
  }
  void *driver_ = nullptr, *stream_ = nullptr;
};

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

// A static network of one input and one output on both sides, built once. Ingot's own side twice: how far its
// two contexts are apart is what the figures can tell. Contexts are made anew now and then, as the memory
// that they happen to get decides as much.
int compare_calls(const std::string& model, int rounds) {
  ingot::BuildOptions options;
  options.device = device();
  options.threads = 1;
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
  const auto bytes = engine.serialize();
  const ingot::LoadOptions there{options.device};
  const ingot::Engine engines[] = {take(ingot::load_bytes(bytes.data(), bytes.size(), there)),
                                   take(ingot::load_bytes(bytes.data(), bytes.size(), there))};
  const ingot::TensorInfo in = engine.inputs().at(0), out = engine.outputs().at(0);
  ingot::TensorRef x{in.dtype, dims_of(in), nullptr}, y{out.dtype, dims_of(out), nullptr};
  const Memory memory;
  x.data = memory.make(x.bytes());
  y.data = memory.make(y.bytes());
  Logger logger;
  const std::unique_ptr<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const std::unique_ptr<nvinfer1::ICudaEngine> other(
      runtime->deserializeCudaEngine(bytes.data(), bytes.size()));
  check(other, "engine");

  const bool cpu = options.device == "cpu";
  constexpr int kContexts = 8;
  std::vector<Side> returned{{"ingot"}, {"ingot again"}, {"TensorRT's interface"}}, done = returned;
  int calls = 1;
  for (int i = 0; i < kContexts; ++i) {
    std::vector<ingot::Context> own;
    for (const ingot::Engine& e : engines) own.push_back(take(e.context()));
    const std::unique_ptr<nvinfer1::IExecutionContext> context(other->createExecutionContext());
    const auto call = [&](size_t side) {
      if (side < own.size()) {
        check(own[side].set_input(in.name, x));
        check(own[side].set_output(out.name, y.data, y.bytes()));
        if (!cpu) check(own[side].set_stream(memory.stream()));
        check(own[side].enqueue());
      } else {
        check(context->setTensorAddress(in.name.c_str(), x.data), "address");
        check(context->setTensorAddress(out.name.c_str(), y.data), "address");
        check(context->enqueueV3(static_cast<cudaStream_t>(memory.stream())), "enqueueV3");
      }
    };
    const auto block = [&](size_t side) {  // seconds a call: until it returns, until its work is done
      double until_returned = 0;
      if (cpu) {
        const double begin = computed();
        for (int k = 0; k < calls; ++k) call(side);
        return std::pair(0.0, (computed() - begin) / calls);
      }
      const double all = seconds([&] {
        for (int k = 0; k < calls; ++k) {
          until_returned += seconds([&] { call(side); });
          memory.wait();
        }
      });
      return std::pair(until_returned / calls, all / calls);
    };
    for (int k = 0; k < 5; ++k)  // step by step, recorded, replayed
      for (size_t side = 0; side < done.size(); ++side) block(side);
    // As much as the network is small: a block takes some milliseconds.
    if (i == 0) calls = std::max(1, static_cast<int>(2e-3 / std::max(block(0).second, 1e-9)));
    for (int k = 0; k < rounds / kContexts; ++k)
      for (size_t n = 0; n < done.size(); ++n) {
        const size_t side = (n + static_cast<size_t>(k)) % done.size();
        const auto [first, second] = block(side);
        returned[side].times.push_back(first * 1e6);
        done[side].times.push_back(second * 1e6);
      }
  }
  std::printf("on %s, %d calls a block\n", options.device.c_str(), calls);
  if (!cpu) print("until the call returns", "us", returned);
  print(cpu ? "time that the thread computes" : "until the outputs are there", "us", done);
  return 0;
}

// From the ONNX file to the engine's bytes.
int compare_builds(const std::string& model, int rounds) {
  Logger logger;
  ingot::BuildOptions options;
  options.device = device();
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
  std::vector<Side> sides{{"ingot"}, {"TensorRT's interface"}};
  for (int i = 0; i < rounds; ++i) {
    sides[0].times.push_back(ours());
    sides[1].times.push_back(theirs());
  }
  print("from the ONNX file to the engine", "s", sides);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "call", model = argc > 2 ? argv[2] : "";
  const int rounds = argc > 3 ? std::atoi(argv[3]) : what == "build" ? 5 : 400;
  if (what == "build" && !model.empty()) return compare_builds(model, rounds);
  if (what == "call") return compare_calls(model, rounds);
  std::fprintf(stderr, "usage: %s [call [MODEL.onnx [ROUNDS]] | build MODEL.onnx [ROUNDS]]\n", argv[0]);
  return 1;
}
