// The CUDA backend over a driver that only pretends (fake/fake_cuda.cpp): what it asks for, and what becomes
// of errors. Nothing is computed; results are tested on a GPU. The test's environment leads to that driver.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "fake/fake_cuda.h"
#include "ingot/device.h"
#include "ingot/engine.h"
#include "ingot/network.h"

namespace ingot {
namespace {

// The driver's controls; null where another driver was loaded.
struct Fake {
  decltype(&fake_cuda_calls) calls = nullptr;
  decltype(&fake_cuda_fail) fail = nullptr;
  decltype(&fake_cuda_set_arch) set_arch = nullptr;
  decltype(&fake_cuda_allocated) allocated = nullptr;
  decltype(&fake_cuda_enter) enter = nullptr;
  decltype(&fake_nvrtc_compiled) compiled = nullptr;
};
Fake& fake() {
  static Fake f = [] {
    Fake found;
    void* const library = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL);
    void* const compiler = ::dlopen("libnvrtc.so.13", RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr || compiler == nullptr) return found;
    const auto find = [&](auto& to, const char* name, void* in = nullptr) {
      to = reinterpret_cast<std::remove_reference_t<decltype(to)>>(::dlsym(in ? in : library, name));
    };
    find(found.calls, "fake_cuda_calls");
    find(found.fail, "fake_cuda_fail");
    find(found.set_arch, "fake_cuda_set_arch");
    find(found.allocated, "fake_cuda_allocated");
    find(found.enter, "fake_cuda_enter");
    find(found.compiled, "fake_nvrtc_compiled", compiler);
    return found;
  }();
  return f;
}

// y = softmax(relu(conv(x))) of images, with a batch that is open.
Network network() {
  static std::vector<float> weights(16 * 8 * 3 * 3, 0.1f);
  Network net("images");
  const NetworkTensor x = net.input("x", DataType::kF32, {"n", "8", "10", "10"});
  const NetworkTensor w = net.constant({DataType::kF32, {16, 8, 3, 3}, weights.data()}, "w");
  const NetworkTensor conv = net.op("Conv", {x, w}, {}, "conv");
  const NetworkTensor pool = net.op("GlobalAveragePool", {net.op("Relu", {conv}, {}, "relu")}, {}, "pool");
  net.output(net.op("Softmax", {net.op("Flatten", {pool}, {}, "flat")}, {}, "soft"), "y");
  return net;
}

class FakeDriver : public testing::Test {
 protected:
  void SetUp() override {
    if (fake().calls == nullptr) GTEST_SKIP() << "the loaded driver is a real one, or none";
    for (const DeviceInfo& d : devices())
      for (const std::string& line : d.libraries)
        if ((line.starts_with("cuDNN") || line.starts_with("cuBLASLt")) &&
            line.find("not found") == line.npos)
          GTEST_SKIP() << "a library is here that would ask the pretended driver for more: " << line;
    fake().fail(nullptr, 0, 0, false);
    fake().set_arch(9, 0);
  }
  void TearDown() override {
    if (fake().calls != nullptr) fake().fail(nullptr, 0, 0, false);
  }

  static Result<Engine> make_engine(int level = 0, const std::string& timing_cache = "") {
    BuildOptions options;
    options.device = "cuda";
    options.level = level;
    options.timing_cache = timing_cache;
    return build(network(), options);
  }
};

Status set_input(Context& context, std::vector<float>& values) {
  return context.set_input(
      "x", {DataType::kF32, {static_cast<int64_t>(values.size() / 800), 8, 10, 10}, values.data()});
}

// Every step has a kernel on the GPU.
void expect_no_host(const Network& net) {
  BuildOptions options;
  options.device = "cuda";
  options.level = 0;
  const auto engine = build(net, options);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  const std::string report = engine->report_json();
  EXPECT_EQ(report.find("\"op\": \"eval\""), report.npos) << report;
  EXPECT_NE(report.find("\"op\": "), report.npos) << report;
}

// What was being done, in the words of this interface.
bool names_its_place(const Status& status) {
  const std::string text = status.to_string();
  for (const char* place : {"step '", "node '", "tensor '", "constant '", "tensors between the steps"})
    if (text.find(place) != text.npos) return true;
  return false;
}

long calls(const char* function) { return fake().calls(function); }

TEST_F(FakeDriver, DeviceAndItsLibrariesAreNamed) {
  const auto found = devices();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].name, "cuda");
  EXPECT_EQ(found[1].arch, "sm_90a");
  EXPECT_EQ(found[1].cores, 132);
}

TEST_F(FakeDriver, EnqueueingAllocatesAndWaitsForNothing) {
  const auto engine = make_engine();
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  auto context = engine->context();
  ASSERT_TRUE(context.ok());
  std::vector<float> image(2 * 800);
  ASSERT_TRUE(set_input(*context, image).ok());
  ASSERT_TRUE(context->run().ok());
  // Memory of the GPU, as a caller would bring it: that of the context's own output will do.
  const auto y = context->device_output("y");
  ASSERT_TRUE(y.ok()) << y.status().to_string();
  EXPECT_EQ(y->dims, (Dims{2, 16}));
  auto other = engine->context();
  ASSERT_TRUE(set_input(*other, image).ok() && other->run().ok());
  ASSERT_TRUE(other->set_output("y", y->data, 2 * 16 * sizeof(float)).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(other->enqueue().ok());
  const char* const forbidden[] = {"cuMemAlloc_v2",        "cuMemFree_v2",     "cuMemAllocHost_v2",
                                   "cuStreamSynchronize",  "cuModuleLoadData", "cuGraphInstantiateWithFlags",
                                   "cuMemcpyDtoHAsync_v2", "cuStreamCreate",   "cuEventCreate"};
  std::vector<long> before;
  for (const char* name : forbidden) before.push_back(calls(name));
  const long launches = calls("cuGraphLaunch");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(other->enqueue().ok());
  for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(calls(forbidden[i]), before[i]) << forbidden[i];
  EXPECT_EQ(calls("cuGraphLaunch"), launches + 10);
  EXPECT_GT(other->kernels_launched(), 0u);
}

TEST_F(FakeDriver, StreamsAndEventsOfTheCaller) {
  const auto engine = make_engine();
  ASSERT_TRUE(engine.ok());
  auto context = engine->context();
  std::vector<float> image(800);
  ASSERT_TRUE(set_input(*context, image).ok());
  int stream = 0, event = 0;  // only their addresses count
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(context->run().ok());
  const long waits = calls("cuStreamWaitEvent"), records = calls("cuEventRecord");
  ASSERT_TRUE(context->set_stream(&stream).ok());
  EXPECT_EQ(calls("cuStreamWaitEvent"), waits + 1);  // for what its own stream had to do
  ASSERT_TRUE(context->wait_for(&event).ok());
  ASSERT_TRUE(context->enqueue().ok());
  ASSERT_TRUE(context->record(&event).ok());
  EXPECT_EQ(calls("cuStreamWaitEvent"), waits + 2);
  EXPECT_EQ(calls("cuEventRecord"), records + 3);  // behind the own stream, behind the run, and the caller's
  // It may have been destroyed with work on it, and another one made that has its address.
  ASSERT_TRUE(context->set_stream(&stream).ok());
  EXPECT_EQ(calls("cuStreamWaitEvent"), waits + 3);
  ASSERT_TRUE(context->set_stream(nullptr).ok());
  ASSERT_TRUE(context->run().ok());
  auto on_cpu = build(network())->context();
  EXPECT_EQ(on_cpu->set_stream(&stream).code(), StatusCode::kUnsupported);
}

TEST_F(FakeDriver, KernelsAreCompiledOnceWhereAFolderKeepsThem) {
  const std::string folder = testing::TempDir() + "/ingot_kernels";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const auto compiled = [] {
    const long before = fake().compiled();
    EXPECT_TRUE(make_engine().ok());
    return fake().compiled() - before;
  };
  const long all = compiled();
  EXPECT_GT(all, 0);
  EXPECT_EQ(compiled(), all);
  ::setenv("INGOT_KERNEL_CACHE", folder.c_str(), 1);
  EXPECT_EQ(compiled(), all);
  EXPECT_EQ(compiled(), 0);
  for (const auto& file : std::filesystem::directory_iterator(folder))
    std::filesystem::resize_file(file.path(), 0);
  EXPECT_EQ(compiled(), all);  // what is spoiled is made anew
  ::setenv("INGOT_KERNEL_CACHE", (folder + "/is_not_there").c_str(), 1);
  EXPECT_EQ(compiled(), all);
  ::unsetenv("INGOT_KERNEL_CACHE");
}

// The state alone: no kernel may be left out for want of the first output.
TEST_F(FakeDriver, RecurrentLayersRunOnTheGpuWhateverIsWanted) {
  static std::vector<float> weights(4 * 8 * 8, 0.1f);
  Network net("recurrent");
  const NetworkTensor x = net.input("x", DataType::kF32, {"5", "1", "8"});
  const NetworkTensor w = net.constant({DataType::kF32, {1, 32, 8}, weights.data()}, "w");
  const NetworkTensor r = net.constant({DataType::kF32, {1, 32, 8}, weights.data()}, "r");
  const std::vector<NetworkTensor> lstm =
      net.add("LSTM", {x, w, r}, {{"hidden_size", int64_t{8}}}, 3, "lstm");
  net.output(lstm[1], "state");
  expect_no_host(net);
}

TEST_F(FakeDriver, MemoryThatIsNotThereIsAnErrorThatPasses) {
  const auto engine = make_engine();
  ASSERT_TRUE(engine.ok());
  std::vector<float> image(4 * 800);
  bool failed = false;
  for (long after = 0; after < 40; ++after) {
    const long allocated = fake().allocated();
    fake().fail("cuMemAlloc_v2", after, 2, false);
    Status status;
    {
      auto context = engine->context();
      status = context.status();
      if (status.ok()) status = set_input(*context, image);
      if (status.ok()) status = context->run();
    }
    if (status.ok()) break;
    failed = true;
    EXPECT_EQ(status.code(), StatusCode::kOutOfMemory) << status.to_string();
    EXPECT_TRUE(names_its_place(status)) << status.to_string();
    EXPECT_LE(fake().allocated(), allocated + 16384) << "memory stays behind";  // constants are kept
  }
  EXPECT_TRUE(failed);
  fake().fail(nullptr, 0, 0, false);
  auto context = engine->context();
  ASSERT_TRUE(context.ok() && set_input(*context, image).ok());
  EXPECT_TRUE(context->run().ok());
}

TEST_F(FakeDriver, VolumesRunOnTheGpu) {
  static std::vector<float> weights(8 * 4 * 27, 0.1f);
  Network net("volumes");
  const NetworkTensor w = net.constant({DataType::kF32, {8, 4, 3, 3, 3}, weights.data()}, "w");
  NetworkTensor x = net.op(
      "Relu", {net.op("Conv", {net.input("x", DataType::kF32, {"n", "4", "9", "8", "7"}), w}, {}, "conv")});
  x = net.op("MaxPool", {x}, {{"kernel_shape", std::vector<int64_t>{2, 2, 2}}}, "pool");
  net.output(net.op("ConvTranspose", {x, w}, {}, "up"), "y");
  expect_no_host(net);
}

// As exporters of dynamically quantized networks write their layers.
TEST_F(FakeDriver, DynamicallyQuantizedLayersRunOnTheGpu) {
  static std::vector<int8_t> weights(16 * 12, 3);
  static float scale = 0.5f;
  static int8_t zero = 0;
  Network net("dynamic");
  const NetworkTensor x = net.input("x", DataType::kF32, {"n", "5", "16"});
  const std::vector<NetworkTensor> q = net.add("DynamicQuantizeLinear", {x}, {}, 3, "quantize");
  const NetworkTensor w = net.constant({DataType::kI8, {16, 12}, weights.data()}, "w");
  const NetworkTensor z = net.constant({DataType::kI8, {}, &zero}, "zero");
  const NetworkTensor sums = net.op("MatMulInteger", {q[0], w, q[2], z}, {}, "product");
  const NetworkTensor both = net.op("Mul", {q[1], net.constant({DataType::kF32, {}, &scale}, "scale")});
  net.output(net.op("Mul", {net.op("Cast", {sums}, {{"to", int64_t{1}}}), both}), "y");
  expect_no_host(net);
}

TEST_F(FakeDriver, ABuildWithoutMemoryToTimeKernelsSaysSo) {
  const std::string cache = testing::TempDir() + "/ingot_timings";
  std::filesystem::remove(cache);
  int noted = 0;
  for (long after = 0; after < 60; ++after) {
    fake().fail("cuMemAlloc_v2", after, 2, false);
    const auto engine = make_engine(1, cache);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    for (const std::string& warning : engine->warnings())
      noted += warning.find("did not suffice to time") != warning.npos;
    if (after == 0) EXPECT_EQ(noted, 1);
  }
  EXPECT_LT(noted, 60);  // at last all are in the cache, which keeps no time that was not measured
  EXPECT_NE(make_engine(1, cache)->report_json().find("\"timings_measured\": 0"), std::string::npos);
}

TEST_F(FakeDriver, ABuildWhoseContextIsLostSaysWhere) {
  bool failed = false;
  for (long after = 0; after < 40; after += 3) {
    fake().fail("cuLaunchKernelEx", after, 700, true);
    const auto engine = make_engine(1);
    if (engine.ok()) break;
    failed = true;
    EXPECT_EQ(engine.status().code(), StatusCode::kDeviceError) << engine.status().to_string();
    EXPECT_TRUE(names_its_place(engine.status())) << engine.status().to_string();
    fake().fail(nullptr, 0, 0, false);
  }
  EXPECT_TRUE(failed);
}

// As of an older driver, which does not know the engine's code.
TEST_F(FakeDriver, CodeThatTheDriverRefusesIsAnErrorThatNamesTheStep) {
  const auto engine = make_engine();
  ASSERT_TRUE(engine.ok());
  const std::vector<std::byte> bytes = engine->serialize();
  const auto loaded = load_bytes(bytes.data(), bytes.size());
  ASSERT_TRUE(loaded.ok());
  std::vector<float> image(800);
  for (long after = 0; after < 3; ++after) {
    fake().fail("cuModuleLoadData", after, 222, false);
    auto context = loaded->context();
    Status status = context.status();
    if (status.ok()) status = set_input(*context, image);
    if (status.ok()) status = context->run();
    EXPECT_EQ(status.code(), StatusCode::kDeviceError) << status.to_string();
    EXPECT_NE(status.to_string().find("step '"), std::string::npos) << status.to_string();
    EXPECT_NE(status.to_string().find("loading a kernel"), std::string::npos) << status.to_string();
  }
}

// Memory that is not there when an engine is opened is no reason to run elsewhere unasked; a driver that does
// not start is, and the warning says so.
TEST_F(FakeDriver, WithoutAGpuAnEngineIsPlannedForTheCpu) {
  const auto engine = make_engine();
  ASSERT_TRUE(engine.ok());
  const std::vector<std::byte> bytes = engine->serialize();
  fake().fail("cuDevicePrimaryCtxRetain", 0, 2, false);
  const auto other = load_bytes(bytes.data(), bytes.size());
  ASSERT_TRUE(other.ok()) << other.status().to_string();
  EXPECT_EQ(other->device(), "cpu");
  ASSERT_EQ(other->warnings().size(), 2u);
  EXPECT_NE(other->warnings()[1].find("out of memory"), std::string::npos) << other->warnings()[1];
  auto context = other->context();
  std::vector<float> image(800);
  ASSERT_TRUE(context.ok() && set_input(*context, image).ok());
  EXPECT_TRUE(context->run().ok());
  LoadOptions on_gpu;
  on_gpu.device = "cuda";
  fake().fail("cuDevicePrimaryCtxRetain", 0, 2, false);
  const auto none = load_bytes(bytes.data(), bytes.size(), on_gpu);
  EXPECT_EQ(none.status().code(), StatusCode::kOutOfMemory) << none.status().to_string();
}

void run_once(Context& context) {
  std::vector<float> image(800);
  ASSERT_TRUE(set_input(context, image).ok());
  ASSERT_TRUE(context.run().ok());
}

// As PyCUDA makes one: the program's memory and streams are of no use in another.
TEST_F(FakeDriver, AContextOfTheProgramIsUsedAndKept) {
  int own = 0;
  void* const before = fake().enter(&own);
  const long released = fake().calls("cuDevicePrimaryCtxRelease_v2");
  const long retained = fake().calls("cuDevicePrimaryCtxRetain");
  {
    const auto engine = make_engine();
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    auto context = engine->context();
    ASSERT_NO_FATAL_FAILURE(run_once(*context));
    EXPECT_EQ(fake().calls("cuDevicePrimaryCtxRetain") - retained,
              fake().calls("cuDevicePrimaryCtxRelease_v2") - released);
  }
  EXPECT_EQ(fake().enter(before), &own);
}

// PyCUDA's is gone at the end of a script, before the engine: entering it again would be fatal.
TEST_F(FakeDriver, AContextOfTheProgramMayGoBeforeTheEngine) {
  int own = 0;
  void* const before = fake().enter(&own);
  {
    const auto engine = make_engine();
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    auto context = engine->context();
    ASSERT_NO_FATAL_FAILURE(run_once(*context));
    fake().enter(nullptr);
  }
  EXPECT_EQ(fake().enter(before), nullptr);
}

TEST_F(FakeDriver, ALostContextNamesTheStepAndStaysLost) {
  const auto engine = make_engine();
  ASSERT_TRUE(engine.ok());
  auto context = engine->context();
  std::vector<float> image(800);
  ASSERT_TRUE(set_input(*context, image).ok());
  ASSERT_TRUE(context->run().ok());
  std::vector<float> images(3 * 800);
  ASSERT_TRUE(set_input(*context, images).ok());
  fake().fail("cuLaunchKernelEx", 1, 700, true);
  const Status status = context->run();
  EXPECT_EQ(status.code(), StatusCode::kDeviceError);
  EXPECT_NE(status.to_string().find("step '"), std::string::npos) << status.to_string();
  EXPECT_NE(status.to_string().find("illegal memory access"), std::string::npos) << status.to_string();
  EXPECT_NE(status.to_string().find("context is lost"), std::string::npos) << status.to_string();
  EXPECT_EQ(context->run().code(), StatusCode::kDeviceError);
}

TEST_F(FakeDriver, AnEngineOfAnotherGenerationIsPlannedAnew) {
  const auto engine = make_engine();
  ASSERT_TRUE(engine.ok());
  const std::vector<std::byte> bytes = engine->serialize();
  fake().set_arch(8, 0);
  const auto other = load_bytes(bytes.data(), bytes.size());
  ASSERT_TRUE(other.ok()) << other.status().to_string();
  ASSERT_EQ(other->warnings().size(), 1u);
  EXPECT_NE(other->warnings()[0].find("sm_90a"), std::string::npos) << other->warnings()[0];
  EXPECT_NE(other->warnings()[0].find("sm_80"), std::string::npos) << other->warnings()[0];
  auto context = other->context();
  std::vector<float> image(800);
  ASSERT_TRUE(context.ok() && set_input(*context, image).ok());
  EXPECT_TRUE(context->run().ok());
}

TEST_F(FakeDriver, WhyKnowsThePrecisionThatAnEngineWasBuiltFor) {
  for (const bool tf32 : {true, false}) {
    BuildOptions options;
    options.device = "cuda";
    options.level = 0;
    options.tf32 = tf32;
    const auto engine = build(network(), options);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    const auto why = engine->why("conv");
    ASSERT_TRUE(why.ok()) << why.status().to_string();
    EXPECT_NE(why->find("picked"), why->npos) << *why;
  }
}

// cuMemcpyHtoD returns when the host's memory is read, and our streams do not wait for the default one.
TEST_F(FakeDriver, ConstantsAreThereBeforeKernelsRun) {
  const long before = calls("launch beside a copy"), launches = calls("cuLaunchKernelEx");
  const auto engine = make_engine(1);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  auto context = engine->context();
  std::vector<float> x(800, 1.0f);
  ASSERT_TRUE(context.ok() && set_input(*context, x).ok() && context->run().ok());
  EXPECT_GT(calls("cuLaunchKernelEx"), launches);
  EXPECT_EQ(calls("launch beside a copy"), before);
}

}  // namespace
}  // namespace ingot
