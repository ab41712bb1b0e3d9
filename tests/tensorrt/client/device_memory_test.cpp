// Memory that the client gives for what lies between the layers, shared by contexts that take turns.
#include <algorithm>
#include <array>

#include "client.h"

namespace client {
namespace {

constexpr unsigned char kUntouched = 0xFF;

// y = softmax(x @ w) @ w, so that something lies between layers.
Owned<nvinfer1::IHostMemory> two_products(Linear& net) {
  constexpr auto kNone = nvinfer1::MatrixOperation::kNONE;
  auto* product = net.network->getLayer(1)->getOutput(0);
  auto* softmax = net.network->addSoftMax(*product);
  softmax->setAxes(1U << 1);
  auto* second = net.network->addMatrixMultiply(*softmax->getOutput(0), kNone,
                                                *net.network->getLayer(0)->getOutput(0), kNone);
  second->getOutput(0)->setName("z");
  net.network->markOutput(*second->getOutput(0));
  return net.plan();
}

struct Turn {
  explicit Turn(Owned<nvinfer1::IExecutionContext> made) : context(std::move(made)) {}
  bool run() { return context->setTensorAddress("z", z.data()) && client::run(*context, y); }
  Owned<nvinfer1::IExecutionContext> context;
  std::vector<float> y, z = std::vector<float>(4, -77);
};

Owned<nvinfer1::IExecutionContext> without_memory(nvinfer1::ICudaEngine& engine) {
#if NV_TENSORRT_MAJOR >= 10
  return Owned<nvinfer1::IExecutionContext>(
      engine.createExecutionContext(nvinfer1::ExecutionContextAllocationStrategy::kUSER_MANAGED));
#else
  return Owned<nvinfer1::IExecutionContext>(engine.createExecutionContextWithoutDeviceMemory());
#endif
}

TEST(DeviceMemory, IsSharedByContextsThatTakeTurns) {
  Logger logger;
  Linear net(logger);
  const auto plan = two_products(net);
  ASSERT_NE(plan, nullptr);
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const auto engine = engine_of(*runtime, *plan);
#if NV_TENSORRT_MAJOR >= 10
  const auto bytes = static_cast<size_t>(engine->getDeviceMemorySizeV2());
  EXPECT_EQ(engine->getDeviceMemorySizeForProfileV2(0), engine->getDeviceMemorySizeV2());
  EXPECT_EQ(engine->getDeviceMemorySizeForProfileV2(1), 0);
  EXPECT_NE(logger.errors().back().find("profile 1"), std::string::npos);
#else
  const auto bytes = engine->getDeviceMemorySize();
#endif
  ASSERT_GT(bytes, 0U);
  alignas(256) std::array<unsigned char, 4096> memory{};
  ASSERT_LE(bytes, memory.size());
  Turn alone{Owned<nvinfer1::IExecutionContext>(engine->createExecutionContext())};
  ASSERT_TRUE(alone.run());
  Turn a{without_memory(*engine)}, b{without_memory(*engine)};
  for (Turn* t : {&a, &b, &a}) {
    memory.fill(kUntouched);
#if NV_TENSORRT_MAJOR >= 10
    t->context->setDeviceMemoryV2(memory.data(), static_cast<int64_t>(bytes));
#else
    t->context->setDeviceMemory(memory.data());
#endif
    ASSERT_TRUE(t->run());
    EXPECT_EQ(t->z, alone.z);
    const auto untouched = [](unsigned char m) { return m == kUntouched; };
    EXPECT_FALSE(std::all_of(memory.begin(), memory.end(), untouched));
    EXPECT_TRUE(std::all_of(memory.begin() + static_cast<ptrdiff_t>(bytes), memory.end(), untouched));
  }
#if NV_TENSORRT_MAJOR >= 10
  EXPECT_LE(a.context->updateDeviceMemorySizeForShapes(), bytes) << "two rows of eight";
  a.context->setDeviceMemoryV2(memory.data(), 1);
  EXPECT_FALSE(a.run());
  EXPECT_NE(logger.errors().back().find("has 1 bytes, needed are"), std::string::npos);
#endif
}

}  // namespace
}  // namespace client
