// Wrong calls: an error with code and text, and null or false; nothing crashes and nothing leaks.
#include "bad_input.h"

#include <malloc.h>

#include <cstring>

namespace client {
namespace {

TEST_F(BadInput, RecorderGetsCodeAndText) {
  Linear net(logger);
  Recorder recorder;
  net.builder->setErrorRecorder(&recorder);
  EXPECT_EQ(net.builder->getErrorRecorder(), &recorder);
  EXPECT_GE(recorder.users, 1);
  EXPECT_EQ(net.builder->buildSerializedNetwork(*net.network, *net.config), nullptr);
  expect_error({"'x'", "profile"});
  ASSERT_FALSE(recorder.errors.empty());
  EXPECT_EQ(recorder.errors[0].first, ErrorCode::kINVALID_STATE);
  EXPECT_NE(recorder.errors[0].second.find("profile"), std::string::npos);
  net.builder.reset();
  EXPECT_EQ(recorder.users, 0);
  EXPECT_EQ(net.network->addInput("x", nvinfer1::DataType::kFLOAT, dims({1})), nullptr);
  EXPECT_EQ(recorder.getNbErrors(), 1) << "the recorder went with the builder";
}

TEST_F(BadInput, NullPointers) {
  Linear net(logger);
  net.add_profile();
  EXPECT_EQ(net.network->addInput(nullptr, nvinfer1::DataType::kFLOAT, dims({1})), nullptr);
  EXPECT_EQ(net.network->addConcatenation(nullptr, 2), nullptr);
  nvinfer1::ITensor* nothing[] = {nullptr, nullptr};
  EXPECT_EQ(net.network->addConcatenation(nothing, 2), nullptr);
  EXPECT_EQ(net.network->addEinsum(nothing, 2, "i,i->i"), nullptr);
  nvinfer1::ITensor* x[] = {net.network->getInput(0)};
  EXPECT_EQ(net.network->addEinsum(x, 1, nullptr), nullptr);
  net.network->setName(nullptr);
  net.network->getInput(0)->setName(nullptr);
  EXPECT_STREQ(net.network->getInput(0)->getName(), "x");
  EXPECT_FALSE(net.network->setWeightsName({nvinfer1::DataType::kFLOAT, nullptr, 0}, "w"));
  EXPECT_EQ(net.network->getInput(7), nullptr);
  EXPECT_EQ(net.network->getLayer(-1), nullptr);
  EXPECT_EQ(net.config->addOptimizationProfile(nullptr), -1);
  EXPECT_EQ(net.config->createTimingCache(nullptr, 3), nullptr);
  net.config->setPluginsToSerialize(nullptr, 2);
  auto* profile = net.builder->createOptimizationProfile();
  EXPECT_FALSE(profile->setDimensions(nullptr, nvinfer1::OptProfileSelector::kMIN, dims({1})));
#if NV_TENSORRT_MAJOR < 11
  EXPECT_FALSE(profile->setShapeValues("x", nvinfer1::OptProfileSelector::kMIN, nullptr, 2));
#endif
  const Owned<nvonnxparser::IParser> parser(nvonnxparser::createParser(*net.network, logger));
  EXPECT_FALSE(parser->parse(nullptr, 100));
  EXPECT_FALSE(parser->parseFromFile(nullptr, 0));
  EXPECT_GE(parser->getNbErrors(), 2);
  EXPECT_EQ(parser->getError(99), nullptr);

  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  EXPECT_EQ(runtime->deserializeCudaEngine(nullptr, 10), nullptr);
  const auto plan = net.plan();
  ASSERT_NE(plan, nullptr);
  const auto engine = engine_of(*runtime, *plan);
  const Owned<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
  EXPECT_FALSE(context->setInputShape(nullptr, dims({2, 2})));
  EXPECT_FALSE(context->setTensorAddress(nullptr, nullptr));
  EXPECT_EQ(context->getTensorAddress(nullptr), nullptr);
  EXPECT_FALSE(context->setOutputAllocator(nullptr, nullptr));
  EXPECT_FALSE(context->executeV2(nullptr));
  EXPECT_EQ(engine->getIOTensorName(9), nullptr);
  EXPECT_EQ(engine->getTensorShape(nullptr).nbDims, -1);
  EXPECT_EQ(engine->getTensorFormatDesc(nullptr), nullptr);
  EXPECT_FALSE(logger.errors().empty());
}

TEST_F(BadInput, WrongShapesAndUnsetAddresses) {
  Linear net(logger);
  const auto plan = net.plan();
  ASSERT_NE(plan, nullptr);
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const auto engine = engine_of(*runtime, *plan);
  const Owned<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
  Recorder recorder;
  context->setErrorRecorder(&recorder);
  EXPECT_FALSE(context->enqueueV3(nullptr));
  expect_error({"'x'"});
  EXPECT_FALSE(context->setInputShape("x", dims({2, 3})));
  expect_error({"'x'", "3"});
  EXPECT_FALSE(context->setInputShape("x", dims({2, -1})));
  EXPECT_FALSE(context->setInputShape("y", dims({2, 2})));
  EXPECT_TRUE(context->setInputShape("x", dims({2, 2})));
  logger.errors();
  EXPECT_FALSE(context->enqueueV3(nullptr));
  expect_error({"'x'", "address"});
  std::vector<float> x = kRows;
  EXPECT_TRUE(context->setTensorAddress("x", x.data()));
  EXPECT_FALSE(context->enqueueV3(nullptr));
  expect_error({"'y'", "address"});
  std::vector<float> answers;
  EXPECT_TRUE(run(*context, answers));
  EXPECT_EQ(answers, kAnswers);
  EXPECT_FALSE(context->setInputShape("x", dims({9, 2}))) << "programs fill their buffers next";
  expect_error({"'x'", "9x2", "profile 0", "8x2"});
  EXPECT_TRUE(run(*context, answers)) << "a context goes on after a refusal";
  EXPECT_GE(recorder.getNbErrors(), 5);
  EXPECT_FALSE(context->setOptimizationProfileAsync(4, nullptr));
  context->setErrorRecorder(nullptr);
  EXPECT_EQ(recorder.users, 0);
}

TEST_F(BadInput, ProfilesThatLackAnInput) {
  Linear net(logger);
  EXPECT_EQ(net.builder->buildSerializedNetwork(*net.network, *net.config), nullptr);
  expect_error({"'x'", "profile"});
  auto* empty = net.builder->createOptimizationProfile();
  net.config->addOptimizationProfile(empty);
  EXPECT_EQ(net.builder->buildSerializedNetwork(*net.network, *net.config), nullptr);
  expect_error({"'x'", "profile 0"});
}

TEST_F(BadInput, ShapesOfAnotherProfile) {
  Linear net(logger);
  net.add_profile(1, 8);
  net.add_profile(9, 20);
  const auto plan = net.plan();
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const auto engine = engine_of(*runtime, *plan);
  const Owned<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
  EXPECT_FALSE(context->setInputShape("x", dims({9, 2})));
  expect_error({"profile 0"});
  EXPECT_TRUE(context->setOptimizationProfileAsync(1, nullptr));
  EXPECT_TRUE(context->setInputShape("x", dims({9, 2})));
  EXPECT_FALSE(context->setInputShape("x", dims({8, 2})));
  expect_error({"profile 1", "9x2", "20x2"});
}

TEST_F(BadInput, EnginesOutliveTheirBuilderAndRuntime) {
  Owned<nvinfer1::IExecutionContext> context;
  Owned<nvinfer1::ICudaEngine> engine;
  {
    Linear net(logger);
    const auto plan = net.plan();
    const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
    engine = engine_of(*runtime, *plan);
    context.reset(engine->createExecutionContext());
  }
  std::vector<float> answers;
  EXPECT_TRUE(run(*context, answers));
  EXPECT_EQ(answers, kAnswers);
  {
    Linear net(logger);
    net.add_profile();
    engine.reset(net.builder->buildEngineWithConfig(*net.network, *net.config));
  }
  ASSERT_NE(engine, nullptr);
  context.reset(engine->createExecutionContext());
  EXPECT_TRUE(run(*context, answers));
  EXPECT_EQ(logger.errors(), std::vector<std::string>());
}

#if NV_TENSORRT_MAJOR < 11
class Selector final : public nvinfer1::IAlgorithmSelector {
  int32_t selectAlgorithms(const nvinfer1::IAlgorithmContext&, const nvinfer1::IAlgorithm* const*, int32_t,
                           int32_t*) noexcept override {
    return 0;
  }
  void reportAlgorithms(const nvinfer1::IAlgorithmContext* const*, const nvinfer1::IAlgorithm* const*,
                        int32_t) noexcept override {}
};

TEST_F(BadInput, SelectorsAreNotAsked) {
  Linear net(logger);
  Selector selector;
  net.config->setAlgorithmSelector(&selector);
  ASSERT_NE(net.plan(), nullptr);
  const auto warnings = logger.warnings();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("selector is not asked"), std::string::npos) << warnings[0];
}
#endif

TEST_F(BadInput, FlagsWithoutEffectAreNamed) {
  Linear net(logger);
  net.config->setFlag(nvinfer1::BuilderFlag::kSPARSE_WEIGHTS);
#if NV_TENSORRT_MAJOR >= 10
  net.config->setFlag(nvinfer1::BuilderFlag::kWEIGHT_STREAMING);
#endif
  const auto plan = net.plan();
  ASSERT_NE(plan, nullptr);
  const auto warnings = logger.warnings();
  ASSERT_EQ(warnings.size(), kMajor == 8 ? 1U : 2U);
  EXPECT_NE(warnings[0].find("kSPARSE_WEIGHTS has no effect"), std::string::npos) << warnings[0];
#if NV_TENSORRT_MAJOR >= 10
  EXPECT_NE(warnings[1].find("kWEIGHT_STREAMING has no effect"), std::string::npos) << warnings[1];
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const auto engine = engine_of(*runtime, *plan);
  const int64_t bytes = engine->getStreamableWeightsSize();
  EXPECT_GE(bytes, 16);
  EXPECT_EQ(engine->getWeightStreamingBudgetV2(), bytes) << "nothing is streamed until a budget is set";
  EXPECT_EQ(engine->getWeightStreamingAutomaticBudget(), bytes);
  EXPECT_EQ(engine->getWeightStreamingScratchMemorySize(), 0);
  EXPECT_TRUE(engine->setWeightStreamingBudgetV2(bytes));
  EXPECT_EQ(logger.warnings(), std::vector<std::string>());
  EXPECT_TRUE(engine->setWeightStreamingBudgetV2(4));
  EXPECT_EQ(engine->getWeightStreamingBudgetV2(), 4);
  const auto said = logger.warnings();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_NE(said[0].find("budget of 4 bytes has no effect"), std::string::npos) << said[0];
  EXPECT_FALSE(engine->setWeightStreamingBudgetV2(-5));
  expect_error({"-5"});
  Linear plain(logger);
  const auto without = engine_of(*runtime, *plain.plan());
  EXPECT_EQ(without->getStreamableWeightsSize(), 0);
  EXPECT_EQ(without->getWeightStreamingBudgetV2(), 0);
  EXPECT_FALSE(without->setWeightStreamingBudgetV2(100));
  expect_error({"kWEIGHT_STREAMING"});
#endif
}

TEST_F(BadInput, RefittersInspectorsAndCaches) {
  Linear net(logger);
  const auto plan = net.plan();
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const auto engine = engine_of(*runtime, *plan);
  EXPECT_EQ(nvinfer1::createInferRefitter(*engine, logger), nullptr);
  expect_error({"kREFIT"});
  net.config->setFlag(nvinfer1::BuilderFlag::kREFIT);
  const auto refittable = engine_of(*runtime, *net.plan());
  const Owned<nvinfer1::IRefitter> refitter(nvinfer1::createInferRefitter(*refittable, logger));
  ASSERT_NE(refitter, nullptr);
  const float values[4] = {};
  EXPECT_FALSE(refitter->setNamedWeights(nullptr, {nvinfer1::DataType::kFLOAT, values, 4}));
  EXPECT_FALSE(refitter->setNamedWeights("nobody", {nvinfer1::DataType::kFLOAT, values, 4}));
  expect_error({"nobody"});
  EXPECT_FALSE(refitter->setWeights(nullptr, nvinfer1::WeightsRole::kKERNEL, {}));
  EXPECT_FALSE(logger.errors().empty());

  const Owned<nvinfer1::IEngineInspector> inspector(engine->createEngineInspector());
  EXPECT_EQ(inspector->getLayerInformation(99, nvinfer1::LayerInformationFormat::kJSON), nullptr);
  EXPECT_FALSE(logger.errors().empty());
  const Owned<nvinfer1::ITimingCache> cache(net.config->createTimingCache(nullptr, 0));
  ASSERT_NE(cache, nullptr);
  const Owned<nvinfer1::ITimingCache> garbage(net.config->createTimingCache("garbage", 7));
  EXPECT_TRUE(garbage == nullptr || cache->combine(*garbage, false));

  auto* registry = &net.builder->getPluginRegistry();
  EXPECT_EQ(registry->loadLibrary(nullptr), nullptr);
  EXPECT_EQ(registry->loadLibrary("/nowhere/plugin.so"), nullptr);
#if NV_TENSORRT_MAJOR < 11
  EXPECT_EQ(registry->getPluginCreator(nullptr, nullptr), nullptr);
#endif
#if NV_TENSORRT_MAJOR >= 10
  EXPECT_EQ(registry->getCreator(nullptr, nullptr), nullptr);
#endif
}

#if NV_TENSORRT_MAJOR == 8
TEST_F(BadInput, Bindings) {
  Linear net(logger);
  const auto plan = net.plan();
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  const auto engine = engine_of(*runtime, *plan);
  const Owned<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
  EXPECT_EQ(engine->getBindingIndex(nullptr), -1);
  EXPECT_EQ(engine->getBindingIndex("nobody"), -1);
  EXPECT_EQ(engine->getBindingName(7), nullptr);
  EXPECT_EQ(engine->getBindingDimensions(-1).nbDims, -1);
  EXPECT_FALSE(context->setBindingDimensions(5, dims({2, 2})));
  EXPECT_FALSE(context->setBindingDimensions(0, dims({2, 3})));
  expect_error({"'x'", "3"});
  EXPECT_TRUE(context->setBindingDimensions(0, dims({2, 2})));
  logger.errors();
  void* nothing[] = {nullptr, nullptr};
  EXPECT_FALSE(context->enqueueV2(nothing, nullptr, nullptr));
  expect_error({"'x'"});
  EXPECT_FALSE(context->enqueueV2(nullptr, nullptr, nullptr));
  EXPECT_FALSE(logger.errors().empty());
  std::vector<float> answers(4);
  void* all[] = {const_cast<float*>(kRows.data()), answers.data()};
  EXPECT_TRUE(context->enqueueV2(all, nullptr, nullptr));
  EXPECT_EQ(answers, kAnswers);
}
#endif

TEST_F(BadInput, NvidiasPlansAreNamed) {
  const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
  std::vector<char> plan(100);
  std::memcpy(plan.data(), "ftrt", 4);
  EXPECT_EQ(runtime->deserializeCudaEngine(plan.data(), plan.size()), nullptr);
  expect_error({"NVIDIA", "ONNX"});
}

TEST(Memory, ThousandBuildsStayFlat) {
  Logger logger;
  const auto once = [&] {
    Linear net(logger);
    const auto plan = net.plan();
    const Owned<nvinfer1::IRuntime> runtime(nvinfer1::createInferRuntime(logger));
    const auto engine = engine_of(*runtime, *plan);
    const Owned<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
    std::vector<float> answers;
    return run(*context, answers) && answers == kAnswers;
  };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(once());
  const size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(once());
  const size_t after = mallinfo2().uordblks;
  EXPECT_LE(after, before + 16 * 1024) << "bytes in use after 1000 builds";  // a leak of 17 bytes each shows
}

}  // namespace
}  // namespace client
