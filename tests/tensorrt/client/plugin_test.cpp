// Plugins of the V2 generations, in networks, in saved engines and from shared libraries.
#include <dlfcn.h>

#include "client.h"
#include "scale_v2.h"

namespace client {
namespace {

class Plugins : public ::testing::TestWithParam<const char*> {
 protected:
  // x -> plugin -> y, with open rows where the generation can have them.
  Owned<nvinfer1::ICudaEngine> build(const char* kind) {
    const bool dynamic = std::string(kind) == "ScaleV2Dynamic";
    const Owned<nvinfer1::IBuilder> builder(nvinfer1::createInferBuilder(logger));
    const Owned<nvinfer1::INetworkDefinition> network(builder->createNetworkV2(kNetworkFlags));
    nvinfer1::ITensor* x = network->addInput("x", nvinfer1::DataType::kFLOAT, dims({dynamic ? -1 : 2, 2}));
    nvinfer1::IPluginV2* plugin = make_scale(kind, 3);
    auto* layer = network->addPluginV2(&x, 1, *plugin);
    plugin->destroy();
    EXPECT_STREQ(layer->getPlugin().getPluginType(), kind);
    layer->getOutput(0)->setName("y");
    network->markOutput(*layer->getOutput(0));
    const Owned<nvinfer1::IBuilderConfig> config(builder->createBuilderConfig());
    config->setBuilderOptimizationLevel(0);
    if (dynamic) {
      auto* profile = builder->createOptimizationProfile();
      for (auto select : {nvinfer1::OptProfileSelector::kMIN, nvinfer1::OptProfileSelector::kOPT})
        profile->setDimensions("x", select, dims({1, 2}));
      profile->setDimensions("x", nvinfer1::OptProfileSelector::kMAX, dims({4, 2}));
      config->addOptimizationProfile(profile);
    }
    const Owned<nvinfer1::IHostMemory> plan(builder->buildSerializedNetwork(*network, *config));
    if (plan == nullptr) return nullptr;
    return engine_of(*runtime, *plan);
  }

  void expect_three_times(nvinfer1::ICudaEngine* engine) {
    ASSERT_NE(engine, nullptr);
    const Owned<nvinfer1::IExecutionContext> context(engine->createExecutionContext());
    std::vector<float> answers;
    ASSERT_TRUE(run(*context, answers));
    EXPECT_EQ(answers, (std::vector<float>{3, 6, -9, 12}));
  }

  Logger logger;
  Owned<nvinfer1::IRuntime> runtime{nvinfer1::createInferRuntime(logger)};
};

TEST_P(Plugins, RunInNetworksAndEngines) {
  ScaleCreator creator(GetParam());
  auto* registry = getPluginRegistry();
  ASSERT_TRUE(registry->registerCreator(creator, "mine"));
  EXPECT_STREQ(creator.getPluginNamespace(), "mine");
  EXPECT_FALSE(registry->registerCreator(creator, "mine")) << "it is there already";
  expect_three_times(build(GetParam()).get());
  EXPECT_EQ(logger.errors(), std::vector<std::string>());
  EXPECT_TRUE(registry->deregisterCreator(creator));
  EXPECT_FALSE(registry->deregisterCreator(creator));
  EXPECT_TRUE(calls.attached > 0 || std::string(GetParam()).find("Ext") == std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Generations, Plugins,
                         ::testing::Values("ScaleV2", "ScaleV2Ext", "ScaleV2IOExt", "ScaleV2Dynamic"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(Plugins, OpenShapesOfAFixedGeneration) {
  const Owned<nvinfer1::IBuilder> builder(nvinfer1::createInferBuilder(logger));
  const Owned<nvinfer1::INetworkDefinition> network(builder->createNetworkV2(kNetworkFlags));
  nvinfer1::ITensor* x = network->addInput("x", nvinfer1::DataType::kFLOAT, dims({-1, 2}));
  ScaleV2IOExt plugin(3);
  auto* layer = network->addPluginV2(&x, 1, plugin);
  network->markOutput(*layer->getOutput(0));
  EXPECT_EQ(layer->getOutput(0)->getDimensions().nbDims, -1);
  const auto errors = logger.errors();
  ASSERT_FALSE(errors.empty());
  EXPECT_NE(errors[0].find("fixed shapes"), std::string::npos) << errors[0];
}

TEST_F(Plugins, FromASharedLibrary) {
  auto* registry = getPluginRegistry();
  EXPECT_EQ(registry->loadLibrary("no/such/library.so"), nullptr);
  EXPECT_EQ(registry->loadLibrary(nullptr), nullptr);
  auto* library = registry->loadLibrary(PLUGIN_LIBRARY);
  ASSERT_NE(library, nullptr);
  using HasLogger = bool (*)();
  const auto has_logger = reinterpret_cast<HasLogger>(dlsym(library, "library_has_logger"));
  ASSERT_NE(has_logger, nullptr);
  EXPECT_TRUE(has_logger());
  const auto known = [&](const char* name, const char* version = "1") {
#if NV_TENSORRT_MAJOR >= 10
    return registry->getCreator(name, version, "") != nullptr;
#else
    return registry->getPluginCreator(name, version, "") != nullptr;
#endif
  };
  EXPECT_TRUE(known("ScaleOfLibrary"));
  EXPECT_FALSE(known("ScaleOfLibrary", "2"));
  EXPECT_TRUE(known("ScaleOfStaticRegistrar"));
  registry->deregisterLibrary(library);
  EXPECT_FALSE(known("ScaleOfLibrary"));
  EXPECT_FALSE(known("ScaleOfStaticRegistrar"));
  registry->deregisterLibrary(nullptr);
}

}  // namespace
}  // namespace client
