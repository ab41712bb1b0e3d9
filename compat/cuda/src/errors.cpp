// Error codes, their names, and the last one of each thread.
#include "cudart.h"

namespace ingot::cudart {
namespace {

thread_local Error last = kSuccess;

struct Text {
  Error error;
  const char *name, *text;
};
constexpr Text kTexts[] = {
    {kSuccess, "cudaSuccess", "no error"},
    {kInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {kMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {kInvalidMemcpyDirection, "cudaErrorInvalidMemcpyDirection", "invalid copy direction for memcpy"},
    {kInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {kInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {kPeerAccessUnsupported, "cudaErrorPeerAccessUnsupported", "there is one device only"},
    {kHostMemoryAlreadyRegistered, "cudaErrorHostMemoryAlreadyRegistered",
     "the memory is registered already"},
    {kHostMemoryNotRegistered, "cudaErrorHostMemoryNotRegistered", "the memory is not registered"},
    {kNotSupported, "cudaErrorNotSupported", "not supported without a GPU"},
};
constexpr Text kUnknown = {kInvalidValue, "cudaErrorUnknown", "unrecognized error code"};

const Text& find(int error) {
  for (const Text& t : kTexts)
    if (t.error == error) return t;
  return kUnknown;
}

}  // namespace

Error keep(Error error) noexcept {
  if (error != kSuccess) last = error;
  return error;
}

INGOT_CUDA_API const char* cudaGetErrorName(int error) { return find(error).name; }
INGOT_CUDA_API const char* cudaGetErrorString(int error) { return find(error).text; }
INGOT_CUDA_API int cudaPeekAtLastError() { return last; }
INGOT_CUDA_API int cudaGetLastError() {
  const Error error = last;
  last = kSuccess;
  return error;
}

}  // namespace ingot::cudart
