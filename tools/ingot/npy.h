// .npy files, NumPy's format for one array (versions 1.0 to 3.0, C order, little endian).
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <memory>
#include <string>

#include "ingot/tensor.h"

namespace ingot::cli {

/// A tensor with its memory.
struct Array {
  TensorRef ref;
  std::shared_ptr<std::byte[]> memory;

  static Array allocate(DataType dtype, std::vector<int64_t> dims);
};

/// Throws Error with what was got and expected.
Array read_npy(const std::string& path);
/// bf16 and fp8 elements are written as unsigned integers of their size: NumPy has no such types.
void write_npy(const std::string& path, const TensorRef& tensor);

}  // namespace ingot::cli
