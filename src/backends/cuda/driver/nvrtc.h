// NVRTC: CUDA C++ source text to machine code (a cubin) for one architecture. Needs no GPU.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "backends/cuda/driver/functions.h"

namespace ingot::cuda {

#define INGOT_NVRTC_FUNCTIONS(F)                                                                            \
  F(nvrtcVersion, int(int*, int*))                                                                          \
  F(nvrtcGetErrorString, const char*(int))                                                                  \
  F(nvrtcCreateProgram, int(void**, const char*, const char*, int, const char* const*, const char* const*)) \
  F(nvrtcDestroyProgram, int(void**))                                                                       \
  F(nvrtcCompileProgram, int(void*, int, const char* const*))                                               \
  F(nvrtcGetProgramLogSize, int(void*, size_t*))                                                            \
  F(nvrtcGetProgramLog, int(void*, char*))                                                                  \
  F(nvrtcGetCUBINSize, int(void*, size_t*))                                                                 \
  F(nvrtcGetCUBIN, int(void*, char*))

struct NvrtcFunctions {
  INGOT_NVRTC_FUNCTIONS(INGOT_CUDA_MEMBER)
  std::string path;  // of the library
  int major = 0, minor = 0;
};

/// Loaded once per process. Errors: kNotFound says where it was looked for.
Result<const NvrtcFunctions*> nvrtc();

/// Compiles `source` for `arch` ("sm_90a"). `name` stands for the file in messages; `options` are NVRTC's
/// ("-DTILE=64"). With INGOT_KERNEL_CACHE set, what was compiled once is read (kept_code.h). Errors:
/// kInternal with the compiler's log, since sources are ours; those of `nvrtc()`.
Result<std::vector<std::byte>> compile_cubin(const std::string& source, const std::string& name,
                                             const std::vector<std::string>& options,
                                             const std::string& arch);

}  // namespace ingot::cuda
