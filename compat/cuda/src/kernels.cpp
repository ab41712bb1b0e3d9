// What nvcc's code calls for kernels: programs and plugin libraries with kernels load and start, and a launch
// fails, as on a GPU that a kernel was not compiled for.
#include "cudart.h"

using ingot::cudart::keep;

namespace {

struct Dim3 {
  unsigned x, y, z;
};

cudaError_t no_kernel() { return keep(cudaErrorNoKernelImageForDevice); }

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void** __cudaRegisterFatBinary(void*) {
  static void* handle = nullptr;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char*, char*, const char*, int, void*, void*, void*, void*, int*) {}
void __cudaRegisterVar(void**, char*, char*, const char*, int, size_t, int, int) {}
unsigned __cudaPushCallConfiguration(Dim3, Dim3, size_t, cudaStream_t) { return 0; }
cudaError_t __cudaPopCallConfiguration(Dim3*, Dim3*, size_t*, void*) { return no_kernel(); }
cudaError_t __cudaGetKernel(void** kernel, const void*) {
  *kernel = nullptr;
  return no_kernel();
}
cudaError_t __cudaLaunchKernel(void*, Dim3, Dim3, void**, size_t, cudaStream_t) { return no_kernel(); }
cudaError_t cudaLaunchKernel(const void*, Dim3, Dim3, void**, size_t, cudaStream_t) { return no_kernel(); }
cudaError_t cudaLaunchCooperativeKernel(const void*, Dim3, Dim3, void**, size_t, cudaStream_t) {
  return no_kernel();
}
cudaError_t cudaLaunchKernelExC(const void*, const void*, void**) { return no_kernel(); }
cudaError_t cudaFuncGetAttributes(void*, const void*) { return no_kernel(); }
cudaError_t cudaFuncSetAttribute(const void*, int, int) { return no_kernel(); }
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int*, const void*, int, size_t) {
  return no_kernel();
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int*, const void*, int, size_t, unsigned) {
  return no_kernel();
}

}  // extern "C"
#pragma GCC visibility pop
