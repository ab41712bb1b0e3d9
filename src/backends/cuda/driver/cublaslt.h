// cuBLASLt: matrix products with epilogues. What the backend uses of it, with the names of cublasLt.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "backends/cuda/driver/driver.h"

namespace ingot::cuda {

using CublasLtHandle = struct cublasLtContext*;
struct CublasLtAlgo {
  uint64_t data[8];
};
struct CublasLtHeuristic {
  CublasLtAlgo algo;
  size_t workspace_bytes;
  int state;
  float waves;
  int reserved[4];
};

#define INGOT_CUBLASLT_FUNCTIONS(F)                                                                  \
  F(cublasLtGetVersion, size_t())                                                                    \
  F(cublasLtGetStatusString, const char*(int))                                                       \
  F(cublasLtCreate, int(CublasLtHandle*))                                                            \
  F(cublasLtDestroy, int(CublasLtHandle))                                                            \
  F(cublasLtMatmulDescCreate, int(void**, int, int))                                                 \
  F(cublasLtMatmulDescDestroy, int(void*))                                                           \
  F(cublasLtMatmulDescSetAttribute, int(void*, int, const void*, size_t))                            \
  F(cublasLtMatrixLayoutCreate, int(void**, int, uint64_t, uint64_t, int64_t))                       \
  F(cublasLtMatrixLayoutDestroy, int(void*))                                                         \
  F(cublasLtMatrixLayoutSetAttribute, int(void*, int, const void*, size_t))                          \
  F(cublasLtMatmulPreferenceCreate, int(void**))                                                     \
  F(cublasLtMatmulPreferenceDestroy, int(void*))                                                     \
  F(cublasLtMatmulPreferenceSetAttribute, int(void*, int, const void*, size_t))                      \
  F(cublasLtMatmulAlgoGetHeuristic,                                                                  \
    int(CublasLtHandle, void*, void*, void*, void*, void*, void*, int, CublasLtHeuristic*, int*))    \
  F(cublasLtMatmulAlgoCheck,                                                                         \
    int(CublasLtHandle, void*, void*, void*, void*, void*, const CublasLtAlgo*, CublasLtHeuristic*)) \
  F(cublasLtMatmul,                                                                                  \
    int(CublasLtHandle, void*, const void*, const void*, void*, const void*, void*, const void*,     \
        const void*, void*, void*, void*, const CublasLtAlgo*, void*, size_t, CUstream))

struct CublasLtFunctions {
  INGOT_CUBLASLT_FUNCTIONS(INGOT_CUDA_MEMBER)
  std::string path;  // of the library

  Status check(int status, const char* what) const;
};

/// Loaded once per process. Errors: kNotFound says where it was looked for.
Result<const CublasLtFunctions*> cublaslt();

namespace blas {
enum Data : int { kFloat = 0, kHalf = 2, kBFloat16 = 14 };
enum Compute : int { kCompute32F = 68, kCompute32FFastTf32 = 77 };
enum DescAttribute : int { kTransA = 3, kTransB = 4, kEpilogue = 7, kBiasPointer = 8 };
enum LayoutAttribute : int { kBatchCount = 5, kBatchStride = 6 };
enum PreferenceAttribute : int {
  kMaxWorkspace = 1,
  kAlignmentA = 5,
  kAlignmentB = 6,
  kAlignmentC = 7,
  kAlignmentD = 8
};
enum Epilogue : int { kDefault = 1, kRelu = 2, kBias = 4, kGeluTanh = 32 };  // they add up
}  // namespace blas

}  // namespace ingot::cuda
