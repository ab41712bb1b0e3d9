// libnvparsers of TensorRT 8: the UFF and Caffe parsers, which refuse.
#include "ingot_tensorrt.h"

namespace {

void* refuse(const char* format) {
  if (nvinfer1::ILogger* logger = getLogger()) {
    const auto severity = nvinfer1::ILogger::Severity::kERROR;
    logger->log(severity, format);
  }
  return nullptr;
}

void* refuse_uff() { return refuse("UFF models are not supported by Ingot: export the model to ONNX"); }
void* refuse_caffe() { return refuse("Caffe models are not supported by Ingot: convert the model to ONNX"); }

}  // namespace

extern "C" {
TENSORRTAPI void* createNvUffParser_INTERNAL() noexcept { return refuse_uff(); }
TENSORRTAPI void* createNvCaffeParser_INTERNAL() noexcept { return refuse_caffe(); }
}

namespace nvuffparser {
TENSORRTAPI IUffParser* createUffParser() noexcept { return static_cast<IUffParser*>(refuse_uff()); }
TENSORRTAPI void shutdownProtobufLibrary() noexcept {}

FieldMap::FieldMap(const char* name, const void* data, const FieldType type, int32_t length)
    : name(name), data(data), type(type), length(length) {}
}  // namespace nvuffparser

namespace nvcaffeparser1 {
TENSORRTAPI ICaffeParser* createCaffeParser() noexcept { return static_cast<ICaffeParser*>(refuse_caffe()); }
TENSORRTAPI void shutdownProtobufLibrary() noexcept {}
}  // namespace nvcaffeparser1
