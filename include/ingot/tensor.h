// TensorRef: elements that somebody else owns, as they cross the API.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingot/data_type.h"

namespace ingot {

/// A dense row-major tensor in host memory. Does not own `data`.
struct TensorRef {
  DataType dtype = DataType::kInvalid;
  std::vector<int64_t> dims;
  void* data = nullptr;

  /// Number of elements: the product of dims, 1 for a scalar.
  int64_t size() const {
    int64_t n = 1;
    for (int64_t d : dims) n *= d;
    return n;
  }
  size_t bytes() const { return byte_size(dtype, size()); }
};

/// An input or output of a network.
struct TensorInfo {
  std::string name;
  DataType dtype = DataType::kInvalid;
  bool ranked = true;             ///< false: even the number of dims is known only after a run
  std::vector<std::string> dims;  ///< "3", a symbol such as "batch", or an expression over symbols
  /// For custom ops: the elements of a small integer tensor as dims, where they follow from shapes.
  std::vector<std::string> contents;
};

}  // namespace ingot
