// TensorProto -> Tensor: data is borrowed from the mapped file where its alignment allows.
#pragma once

#include <map>
#include <string>

#include "base/tensor.h"
#include "frontend/onnx/proto.h"

namespace ingot {
class MappedFile;
}

namespace ingot::onnx_import {

/// Bytes that tensors may point into.
struct Source {
  Text bytes;
  std::shared_ptr<const void> owner;       // null: the bytes go away, so data is copied
  std::shared_ptr<const MappedFile> file;  // set when they are a mapping of this file
};

/// ONNX's number of an element type as ours; kInvalid for those that Ingot has none for (strings,
/// complex...).
DataType data_type_from_onnx(int64_t onnx_type);
/// For messages: "string", "complex64", "type 99".
std::string onnx_type_name(int64_t onnx_type);

class TensorReader {
 public:
  using Given = std::map<std::string, std::string>;

  /// External data files are looked for in `base_dir`; empty: there is none, and they are refused. `given`
  /// (may be null, outlives the reader): bytes of tensors by name, instead of external data.
  TensorReader(Source source, std::string base_dir, const Given* given = nullptr)
      : source_(std::move(source)), base_dir_(std::move(base_dir)), given_(given) {}

  /// Errors name the tensor: a type without support, too little or too much data, a bad external file.
  Result<Tensor> read(const TensorProto& proto);
  /// The dense form.
  Result<Tensor> read(const SparseTensorProto& proto);

 private:
  Result<Tensor> read_data(const TensorProto& proto);
  Result<Tensor> borrow(const Source& source, Text bytes, DataType dtype, const Dims& dims);
  Result<Source> open_external(const std::string& location);

  Source source_;
  std::string base_dir_;
  const Given* given_;
  std::map<std::string, Source> external_;  // by location
};

}  // namespace ingot::onnx_import
