// The C++ forms of calls that take the address of a typed pointer.
#pragma once

#include "cuda_runtime_api.h"

#ifdef __cplusplus
template <class T>
cudaError_t cudaMalloc(T** data, size_t size) {
  return cudaMalloc(reinterpret_cast<void**>(data), size);
}
template <class T>
cudaError_t cudaMallocHost(T** data, size_t size) {
  return cudaMallocHost(reinterpret_cast<void**>(data), size);
}
template <class T>
cudaError_t cudaMallocManaged(T** data, size_t size, unsigned flags = cudaMemAttachGlobal) {
  return cudaMallocManaged(reinterpret_cast<void**>(data), size, flags);
}
#endif
