// From an ONNX model to answers: MODEL.onnx INPUT.bin OUTPUT.bin N ... reads and writes raw floats; N ... are
// the dims of the only input. Written for TensorRT 10 and later; compiles with the headers of 8 as well.
//
//   g++ -std=c++17 -I<prefix>/include/tensorrt-10 -I<prefix>/include/cuda onnx_to_answers.cpp
//       -L<prefix>/lib/tensorrt-10 -lnvinfer -lnvonnxparser -L<prefix>/lib/cuda -lcudart -o onnx_to_answers
//   ingot exec ./onnx_to_answers model.onnx input.bin output.bin 1 3 224 224
#include <cuda_runtime_api.h>
#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <vector>

namespace {

class Logger : public nvinfer1::ILogger {
  void log(Severity severity, const char* message) noexcept override {
    if (severity <= Severity::kWARNING) std::cerr << message << '\n';
  }
};

#define CHECK(call)                                                  \
  if (cudaError_t error = (call); error != cudaSuccess) {            \
    std::cerr << #call << ": " << cudaGetErrorString(error) << '\n'; \
    std::exit(1);                                                    \
  }

template <class T>
std::unique_ptr<T> owned(T* object, const char* what) {
  if (object == nullptr) {
    std::cerr << "no " << what << '\n';
    std::exit(1);
  }
  return std::unique_ptr<T>(object);
}

std::vector<char> read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

size_t volume(const nvinfer1::Dims& dims) {
  size_t count = 1;
  for (int i = 0; i < dims.nbDims; ++i) count *= static_cast<size_t>(dims.d[i]);
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return std::puts("MODEL.onnx INPUT.bin OUTPUT.bin DIMS..."), 1;
  Logger logger;
  auto builder = owned(nvinfer1::createInferBuilder(logger), "builder");
  auto network = owned(builder->createNetworkV2(1U), "network");
  auto parser = owned(nvonnxparser::createParser(*network, logger), "parser");
  if (!parser->parseFromFile(argv[1], 2)) return 1;

  nvinfer1::Dims dims{};
  for (int i = 4; i < argc; ++i) dims.d[dims.nbDims++] = std::atoi(argv[i]);
  const char* input = network->getInput(0)->getName();
  const char* output = network->getOutput(0)->getName();
  auto config = owned(builder->createBuilderConfig(), "config");
  config->setMemoryPoolLimit(nvinfer1::MemoryPoolType::kWORKSPACE, 1U << 28);
  auto* profile = builder->createOptimizationProfile();
  for (auto selector : {nvinfer1::OptProfileSelector::kMIN, nvinfer1::OptProfileSelector::kOPT,
                        nvinfer1::OptProfileSelector::kMAX})
    profile->setDimensions(input, selector, dims);
  config->addOptimizationProfile(profile);
  auto plan = owned(builder->buildSerializedNetwork(*network, *config), "plan");

  auto runtime = owned(nvinfer1::createInferRuntime(logger), "runtime");
  auto engine = owned(runtime->deserializeCudaEngine(plan->data(), plan->size()), "engine");
  auto context = owned(engine->createExecutionContext(), "context");
  const std::vector<char> in = read(argv[2]);
  if (!context->setInputShape(input, dims) || in.size() != volume(dims) * sizeof(float)) return 1;
  std::vector<float> out(volume(context->getTensorShape(output)));

  cudaStream_t stream;
  void *in_memory, *out_memory;
  CHECK(cudaStreamCreate(&stream));
  CHECK(cudaMalloc(&in_memory, in.size()));
  CHECK(cudaMalloc(&out_memory, out.size() * sizeof(float)));
  CHECK(cudaMemcpyAsync(in_memory, in.data(), in.size(), cudaMemcpyHostToDevice, stream));
  context->setTensorAddress(input, in_memory);
  context->setTensorAddress(output, out_memory);
  if (!context->enqueueV3(stream)) return 1;
  CHECK(cudaMemcpyAsync(out.data(), out_memory, out.size() * sizeof(float), cudaMemcpyDeviceToHost, stream));
  CHECK(cudaStreamSynchronize(stream));
  CHECK(cudaFree(in_memory));
  CHECK(cudaFree(out_memory));
  CHECK(cudaStreamDestroy(stream));

  std::ofstream(argv[3], std::ios::binary)
      .write(reinterpret_cast<const char*>(out.data()),
             static_cast<std::streamsize>(out.size() * sizeof(float)));
  return 0;
}
