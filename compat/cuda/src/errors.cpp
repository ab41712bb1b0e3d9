// Error codes, their names, and the last one of each thread.
#include "cudart.h"

namespace ingot::cudart {
namespace {

thread_local cudaError_t last = cudaSuccess;

struct Text {
  cudaError_t error;
  const char *name, *text;
};
#define INGOT_TEXT(error, text) \
  { error, #error, text }
constexpr Text kTexts[] = {
    INGOT_TEXT(cudaSuccess, "no error"),
    INGOT_TEXT(cudaErrorInvalidValue, "invalid argument"),
    INGOT_TEXT(cudaErrorMemoryAllocation, "out of memory"),
    INGOT_TEXT(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    INGOT_TEXT(cudaErrorInvalidDevice, "invalid device ordinal"),
    INGOT_TEXT(cudaErrorNoKernelImageForDevice, "there is no GPU to run a kernel on"),
    INGOT_TEXT(cudaErrorPeerAccessUnsupported, "there is one device only"),
    INGOT_TEXT(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    INGOT_TEXT(cudaErrorIllegalState, "the stream or graph is not in a state that allows this call"),
    INGOT_TEXT(cudaErrorHostMemoryAlreadyRegistered, "the memory is registered already"),
    INGOT_TEXT(cudaErrorHostMemoryNotRegistered, "the memory is not registered"),
    INGOT_TEXT(cudaErrorNotSupported, "not supported without a GPU"),
    INGOT_TEXT(cudaErrorStreamCaptureUnsupported, "not permitted while the stream is captured"),
    INGOT_TEXT(cudaErrorStreamCaptureUnmatched, "the capture was not begun in this stream"),
    INGOT_TEXT(cudaErrorCapturedEvent, "the event was last recorded in a captured stream"),
    INGOT_TEXT(cudaErrorUnknown, "unrecognized error code"),
};
#undef INGOT_TEXT

const Text& find(cudaError_t error) {
  for (const Text& t : kTexts)
    if (t.error == error) return t;
  return *(std::end(kTexts) - 1);
}

}  // namespace

cudaError_t keep(cudaError_t error) noexcept {
  if (error != cudaSuccess) last = error;
  return error;
}

}  // namespace ingot::cudart

using namespace ingot::cudart;

extern "C" {

const char* cudaGetErrorName(cudaError_t error) { return find(error).name; }
const char* cudaGetErrorString(cudaError_t error) { return find(error).text; }
cudaError_t cudaPeekAtLastError() { return last; }
cudaError_t cudaGetLastError() {
  const cudaError_t error = last;
  last = cudaSuccess;
  return error;
}

}  // extern "C"
