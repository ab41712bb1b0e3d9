// Clients' allocators, readers and listeners that fail or throw, and calls from several threads.
#include <cstring>
#include <stdexcept>
#include <thread>

#include "bad_input.h"

namespace client {
namespace {

class Callbacks : public BadInput {};

class Allocator final : public nvinfer1::IGpuAllocator {
 public:
  void* allocate(uint64_t size, uint64_t alignment, uint32_t) noexcept override {
    if (!gives) return nullptr;
    ++held;
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  }
#if NV_TENSORRT_MAJOR == 8
  void free(void* memory) noexcept override { --held, std::free(memory); }
#else
  bool deallocate(void* memory) noexcept override { return --held, std::free(memory), true; }
#endif
  bool gives = true;
  int held = 0;
};

TEST_F(Callbacks, AllocatorWithoutMemory) {
  Linear net(logger);
  const auto plan = net.plan();
  Allocator allocator;
  {
    const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
    runtime->setGpuAllocator(&allocator);
    const auto engine = engine_of(*runtime, *plan);
    const Owned<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
    Recorder recorder;
    context->setErrorRecorder(&recorder);
    std::vector<float> answers;
    allocator.gives = false;
    EXPECT_FALSE(run(*context, answers));
    expect_error({"allocator", "bytes"});
    ASSERT_FALSE(recorder.errors.empty());
    EXPECT_EQ(recorder.errors.back().first, ErrorCode::kFAILED_ALLOCATION);
    allocator.gives = true;
    EXPECT_TRUE(run(*context, answers));
    EXPECT_EQ(answers, kAnswers);
    EXPECT_GT(allocator.held, 0);
    context->setErrorRecorder(nullptr);
  }
  EXPECT_EQ(allocator.held, 0);
}

class NoOutput final : public nvinfer1::IOutputAllocator {
 public:
#if NV_TENSORRT_MAJOR == 8
  void* reallocateOutput(const char*, void*, uint64_t, uint64_t) noexcept override { return nullptr; }
#else
  void* reallocateOutputAsync(const char*, void*, uint64_t, uint64_t, cudaStream_t) override {
    if (throws) throw std::runtime_error("no output today");
    return nullptr;
  }
#endif
  void notifyShape(const char*, const nvinfer1::Dims&) noexcept override {}
  bool throws = false;
};

TEST_F(Callbacks, OutputAllocatorWithoutMemory) {
  Linear net(logger);
  const auto plan = net.plan();
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const auto engine = engine_of(*runtime, *plan);
  const Owned<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
  NoOutput allocator;
  std::vector<float> answers;
  EXPECT_TRUE(context->setOutputAllocator("y", &allocator));
  EXPECT_FALSE(run(*context, answers));
  expect_error({"'y'", "16 bytes"});
#if NV_TENSORRT_MAJOR >= 10
  allocator.throws = true;
  EXPECT_FALSE(run(*context, answers));
  expect_error({"no output today"});
#endif
  EXPECT_TRUE(context->setOutputAllocator("y", nullptr));
  EXPECT_TRUE(run(*context, answers));
}

#if NV_TENSORRT_MAJOR >= 10
// The callbacks that may throw, as their declarations say.
class ThrowingReader final : public nvinfer1::IStreamReaderV2 {
 public:
  int64_t read(void*, int64_t, cudaStream_t) noexcept override { return -1; }
  bool seek(int64_t, nvinfer1::SeekPosition) noexcept override { return false; }
};
class ThrowingWriter final : public nvinfer1::IStreamWriter {
 public:
  int64_t write(const void*, int64_t) override { throw std::runtime_error("disk on fire"); }
};
class ThrowingListener final : public nvinfer1::IDebugListener {
 public:
  bool processDebugTensor(const void*, nvinfer1::TensorLocation, nvinfer1::DataType, const nvinfer1::Dims&,
                          const char*, cudaStream_t) override {
    throw 7;
  }
};

TEST_F(Callbacks, CallbacksThatThrow) {
  Linear net(logger);
  net.add_profile();
  ThrowingWriter writer;
  EXPECT_FALSE(net.builder->buildSerializedNetworkToStream(*net.network, *net.config, writer));
  expect_error({"disk on fire"});
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  ThrowingReader reader;
  EXPECT_EQ(runtime->deserializeCudaEngine(reader), nullptr);
  EXPECT_FALSE(logger.errors().empty());

  EXPECT_TRUE(net.network->markDebug(*net.network->getLayer(1)->getOutput(0)));
  const auto plan = net.plan();
  const auto engine = engine_of(*runtime, *plan);
  const Owned<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
  ThrowingListener listener;
  context->setDebugListener(&listener);
  context->setAllTensorsDebugState(true);
  std::vector<float> answers;
  EXPECT_FALSE(run(*context, answers));
  expect_error({"threw an exception"});
}
#endif

TEST_F(Callbacks, ThreadsOfTheirOwn) {
  std::vector<std::thread> threads;
  std::vector<int> right(4, 0);
  Linear shared_net(logger);
  const auto shared_plan = shared_net.plan();
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const auto shared = engine_of(*runtime, *shared_plan);
  for (size_t t = 0; t < right.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        Linear net(logger);
        const auto plan = net.plan();
        const auto engine = engine_of(*runtime, *plan);
        for (nvinfer1::ICudaEngine* e : {engine.get(), shared.get()}) {
          const Owned<nvinfer1::IExecutionContext> context(e->createExecutionContext());
          std::vector<float> answers;
          right[t] += run(*context, answers) && answers == kAnswers ? 1 : 0;
        }
      }
    });
  for (auto& t : threads) t.join();
  for (int count : right) EXPECT_EQ(count, 10);
  EXPECT_EQ(logger.errors(), std::vector<std::string>());
}

// One context from two threads is the client's mistake: answers or an error, never a crash.
TEST_F(Callbacks, OneContextFromTwoThreads) {
  Linear net(logger);
  const auto plan = net.plan();
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const auto engine = engine_of(*runtime, *plan);
  const Owned<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
  std::vector<float> answers;
  ASSERT_TRUE(run(*context, answers));
  std::thread other([&] {
    for (int i = 0; i < 200; ++i) context->enqueueV3(nullptr);
  });
  for (int i = 0; i < 200; ++i) context->enqueueV3(nullptr);
  other.join();
  EXPECT_TRUE(context->enqueueV3(nullptr));
  EXPECT_EQ(answers, kAnswers);
}

}  // namespace
}  // namespace client
