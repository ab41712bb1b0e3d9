// A network made layer by layer from a file of weights: WEIGHTS.wts INPUT.bin OUTPUT.bin BATCH classifies
// images of handwritten digits, 8x8 floats each, into ten probabilities each. The weights are text: a count,
// then for each "name size value value ..." with the values' bits in hexadecimal. For TensorRT 8, 10 and 11.
//
//   g++ -std=c++17 -I<prefix>/include/tensorrt-10 -I<prefix>/include/cuda network_api.cpp
//       -L<prefix>/lib/tensorrt-10 -lnvinfer -L<prefix>/lib/cuda -lcudart -o network_api
#include <cuda_runtime_api.h>
#include <NvInfer.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace nvinfer1;

namespace {

constexpr int kSize = 8, kClasses = 10;

class Logger : public ILogger {
  void log(Severity severity, const char* message) noexcept override {
    if (severity <= Severity::kWARNING) std::cerr << message << '\n';
  }
} logger;

class WeightFile {
 public:
  explicit WeightFile(const std::string& path) {
    std::ifstream file(path);
    int count = 0;
    if (!(file >> count)) throw std::runtime_error(path + " cannot be read");
    for (std::string name; count > 0; --count) {
      size_t size = 0;
      file >> name >> std::dec >> size;
      std::vector<uint32_t>& bits = values_[name];
      bits.resize(size);
      for (uint32_t& value : bits) file >> std::hex >> value;
    }
    if (!file) throw std::runtime_error(path + " is too short");
  }
  Weights operator[](const std::string& name) const {
    const std::vector<uint32_t>& bits = values_.at(name);
    return {DataType::kFLOAT, bits.data(), static_cast<int64_t>(bits.size())};
  }

 private:
  std::map<std::string, std::vector<uint32_t>> values_;
};

// Two convolutions, a pooling, one dense layer.
void define(INetworkDefinition& network, const WeightFile& weights) {
  ITensor* x = network.addInput("image", DataType::kFLOAT, Dims4{-1, 1, kSize, kSize});
  for (const auto& [name, maps] : {std::pair<std::string, int>{"conv1", 16}, {"conv2", 32}}) {
    auto* conv =
        network.addConvolutionNd(*x, maps, DimsHW{3, 3}, weights[name + ".weight"], weights[name + ".bias"]);
    conv->setPaddingNd(DimsHW{1, 1});
    conv->setName(name.c_str());
    x = network.addActivation(*conv->getOutput(0), ActivationType::kRELU)->getOutput(0);
  }
  auto* pool = network.addPoolingNd(*x, PoolingType::kMAX, DimsHW{2, 2});
  pool->setStrideNd(DimsHW{2, 2});
  auto* flat = network.addShuffle(*pool->getOutput(0));
  flat->setReshapeDimensions(Dims2{0, -1});  // 0: as it is
  const Weights dense = weights["fc.weight"];
  auto* matrix = network.addConstant(Dims2{kClasses, dense.count / kClasses}, dense);
  auto* product = network.addMatrixMultiply(*flat->getOutput(0), MatrixOperation::kNONE,
                                            *matrix->getOutput(0), MatrixOperation::kTRANSPOSE);
  auto* bias = network.addConstant(Dims2{1, kClasses}, weights["fc.bias"]);
  auto* sum = network.addElementWise(*product->getOutput(0), *bias->getOutput(0), ElementWiseOperation::kSUM);
  auto* softmax = network.addSoftMax(*sum->getOutput(0));
  softmax->setAxes(1U << 1);
  softmax->getOutput(0)->setName("probabilities");
  network.markOutput(*softmax->getOutput(0));
}

std::unique_ptr<IHostMemory> build(const WeightFile& weights, int batch) {
  std::unique_ptr<IBuilder> builder(createInferBuilder(logger));
  std::unique_ptr<INetworkDefinition> network(builder->createNetworkV2(1U));
  define(*network, weights);
  std::unique_ptr<IBuilderConfig> config(builder->createBuilderConfig());
  IOptimizationProfile* profile = builder->createOptimizationProfile();
  profile->setDimensions("image", OptProfileSelector::kMIN, Dims4{1, 1, kSize, kSize});
  profile->setDimensions("image", OptProfileSelector::kOPT, Dims4{batch, 1, kSize, kSize});
  profile->setDimensions("image", OptProfileSelector::kMAX, Dims4{batch, 1, kSize, kSize});
  config->addOptimizationProfile(profile);
  return std::unique_ptr<IHostMemory>(builder->buildSerializedNetwork(*network, *config));
}

void check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string(what) + " failed");
}

std::vector<float> infer(const IHostMemory& plan, const std::vector<float>& images, int batch) {
  std::unique_ptr<IRuntime> runtime(createInferRuntime(logger));
  std::unique_ptr<ICudaEngine> engine(runtime->deserializeCudaEngine(plan.data(), plan.size()));
  check(engine != nullptr, "loading the engine");
  std::unique_ptr<IExecutionContext> context(engine->createExecutionContext());
  std::vector<float> scores(static_cast<size_t>(batch) * kClasses);
  const size_t in_bytes = images.size() * sizeof(float), out_bytes = scores.size() * sizeof(float);
  void* buffers[2];
  check(cudaMalloc(&buffers[0], in_bytes) == cudaSuccess, "allocating the input");
  check(cudaMalloc(&buffers[1], out_bytes) == cudaSuccess, "allocating the output");
  cudaMemcpy(buffers[0], images.data(), in_bytes, cudaMemcpyHostToDevice);
  check(context->setInputShape("image", Dims4{batch, 1, kSize, kSize}), "setting the shape");
  check(context->executeV2(buffers), "inference");
  check(cudaMemcpy(scores.data(), buffers[1], out_bytes, cudaMemcpyDeviceToHost) == cudaSuccess, "copying");
  for (void* buffer : buffers) cudaFree(buffer);
  return scores;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5) return std::cerr << "WEIGHTS.wts INPUT.bin OUTPUT.bin BATCH\n", 1;
  const int batch = std::atoi(argv[4]);
  const auto plan = build(WeightFile(argv[1]), batch);
  check(plan != nullptr, "the build");
  std::vector<float> images(static_cast<size_t>(batch) * kSize * kSize);
  std::ifstream(argv[2], std::ios::binary)
      .read(reinterpret_cast<char*>(images.data()),
            static_cast<std::streamsize>(images.size() * sizeof(float)));
  const std::vector<float> scores = infer(*plan, images, batch);
  std::ofstream(argv[3], std::ios::binary)
      .write(reinterpret_cast<const char*>(scores.data()),
             static_cast<std::streamsize>(scores.size() * sizeof(float)));
  return 0;
} catch (const std::exception& e) {
  return std::cerr << e.what() << '\n', 1;
}
