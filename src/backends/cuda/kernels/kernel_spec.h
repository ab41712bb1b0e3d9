// KernelSpec: one of our CUDA kernels, specialised to a problem, and how to launch it.
//
// A family (a folder) is CUDA C++ source text, embedded when the library is built, and pure host functions
// `Result<KernelSpec> x_kernel(const XProblem&)` from shapes, types and strides to a spec; nothing here calls
// CUDA. The backend compiles a spec with NVRTC when an engine is built and keeps the cubin. At run time it
// asks the same function again with the sizes of the run, and takes the launch from it: the code of two specs
// is the same when their keys are, and each problem says which of its members are baked into the code.
//
// A kernel's parameters are device pointers, in the order that the host function documents, then `params`,
// one struct by value, then tensor maps. Pointers are aligned to 16 bytes unless a problem says otherwise.
// Kernels wait for the one before them by themselves (griddepcontrol), so that they may be launched with
// programmatic serialization.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "base/tensor.h"

namespace ingot::cuda {

struct Extent3 {
  unsigned x = 1, y = 1, z = 1;
  friend bool operator==(const Extent3&, const Extent3&) = default;
};

/// A tensor, or an image, as the copy engine moves boxes of it (device/tma.cuh). Dims from the innermost on;
/// the box's first one takes 128 bytes.
struct TensorMap {
  size_t pointer = 0;  // which of the documented pointers it lies at
  DataType type = DataType::kInvalid;
  Dims dims, strides;  // strides of all dims but the first, in elements
  Dims box;            // of an image of channels, columns, rows, images: channels and pixels
  /// Of an image only: where windows begin, relative to its first and last column and row; and their steps.
  Dims lower, upper, steps;
};

struct KernelSpec {
  std::string name;                  // what it does and on what, "softmax_f16": label of profiles
  std::string source;                // the file, "softmax/softmax.cu"
  std::string entry;                 // the function in it
  std::vector<std::string> options;  // of NVRTC: "-DT=f16"
  std::string prelude;  // code generated for this problem; stands for the file's #include "prelude"

  Extent3 grid, block, cluster;
  unsigned shared_bytes = 0;  // dynamic; above 48 KB the function's limit has to be raised
  std::vector<std::byte> params;
  std::vector<TensorMap> maps;    // further arguments, after `params`
  size_t workspace_bytes = 0;     // where not 0, a further pointer follows the documented ones
  bool zeroed_workspace = false;  // the workspace has to be zero at the first launch; launches leave it so

  /// Equal for specs of the same code.
  std::string key() const;
  /// The whole text for the compiler.
  std::string text() const;

  void define(std::string_view macro, std::string_view value) {
    options.push_back(str("-D", macro, "=", value));
  }
  void define(std::string_view macro, int64_t value) { define(macro, std::to_string(value)); }
  template <class P>
  void set_params(const P& p) {
    static_assert(std::is_trivially_copyable_v<P>);
    params.resize(sizeof(P));
    std::memcpy(params.data(), &p, sizeof(P));
  }
};

/// The text of an embedded file, its own includes resolved; the name must be one that exists.
std::string kernel_source(std::string_view file);
/// The files that hold kernels.
std::vector<std::string_view> kernel_files();

/// The name of an element type in device code (device/types.cuh), or null where kernels do not know it.
const char* device_type(DataType type);
Result<std::string> checked_device_type(DataType type);

/// An unsigned integer of the element's size, for kernels that move bits.
Result<std::string> bits_type(DataType type);

/// Elements in `bytes` that divide all of `extents`: the vector width for rows of these lengths and strides.
int vector_width(DataType type, std::initializer_list<int64_t> extents, int bytes = 16);

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline bool is_byte(DataType type) { return type == DataType::kI8 || type == DataType::kU8; }

/// Row-major strides of dense dims, in elements.
Dims dense_strides(const Dims& dims);

}  // namespace ingot::cuda
