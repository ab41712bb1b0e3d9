// libnvonnxparser: what clients link to.
#include "ingot_tensorrt.h"

extern "C" {

void* ingot_create_onnx_parser(void* network, void* logger) noexcept;

TENSORRTAPI void* createNvOnnxParser_INTERNAL(void* network, void* logger, int32_t)
#if NV_TENSORRT_MAJOR >= 10
    noexcept
#endif
{
  return ingot_create_onnx_parser(network, logger);
}

TENSORRTAPI int32_t getNvOnnxParserVersion()
#if NV_TENSORRT_MAJOR >= 10
    noexcept
#endif
{
  return NV_ONNX_PARSER_VERSION;
}

#if NV_TENSORRT_MAJOR >= 10
void* ingot_create_onnx_parser_refitter(void* refitter, void* logger) noexcept;

TENSORRTAPI void* createNvOnnxParserRefitter_INTERNAL(void* refitter, void* logger, int32_t) noexcept {
  return ingot_create_onnx_parser_refitter(refitter, logger);
}
#endif

}  // extern "C"
