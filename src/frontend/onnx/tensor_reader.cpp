#include "frontend/onnx/tensor_reader.h"

#include <charconv>

#include "base/file.h"
#include "frontend/onnx/wire.h"
#include "ops/types.h"

namespace ingot::onnx_import {
namespace {

constexpr size_t kMaxRank = 64;

// TensorProto.DataType in its order.
constexpr std::string_view kTypeNames[] = {
    "undefined", "float",      "uint8",      "int8",         "uint16",         "int16",      "int32",
    "int64",     "string",     "bool",       "float16",      "double",         "uint32",     "uint64",
    "complex64", "complex128", "bfloat16",   "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz",
    "uint4",     "int4",       "float4e2m1", "float8e8m0",   "uint2",          "int2"};

Status size_mismatch(DataType dtype, const Dims& dims, size_t expected, size_t got) {
  return corrupt(data_type_name(dtype), dims_to_string(dims), " takes ", expected, " bytes, got ", got);
}

// Fixed-width numbers: the runs are the elements' bytes.
Result<Tensor> join(DataType dtype, const Dims& dims, const std::vector<Text>& runs) {
  size_t total = 0;
  for (Text run : runs) total += run.size();
  INGOT_ASSIGN_OR_RETURN(const size_t bytes, checked_bytes(dtype, dims));
  if (total != bytes) return size_mismatch(dtype, dims, bytes, total);
  INGOT_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, dims));
  char* dst = static_cast<char*>(tensor.mutable_data());
  for (Text run : runs) dst = std::copy(run.begin(), run.end(), dst);
  return tensor;
}

// Varints: the low bytes of each are one storage unit (an element, or two 4-bit ones).
Result<Tensor> decode_varints(DataType dtype, const Dims& dims, const std::vector<Text>& runs) {
  INGOT_ASSIGN_OR_RETURN(const size_t bytes, checked_bytes(dtype, dims));
  const size_t unit = std::max<size_t>(1, static_cast<size_t>(bit_width(dtype)) / 8);
  size_t encoded = 0;
  for (Text run : runs) encoded += run.size();
  if (encoded < bytes / unit) return size_mismatch(dtype, dims, bytes, encoded * unit);
  INGOT_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, dims));
  auto* dst = static_cast<char*>(tensor.mutable_data());
  size_t filled = 0;
  for (Text run : runs) {
    for (uint64_t value = 0; !run.empty(); filled += unit) {
      if (!take_varint(run, value)) return corrupt("the data has a damaged number");
      if (filled < bytes) std::memcpy(dst + filled, &value, unit);
    }
  }
  if (filled != bytes) return size_mismatch(dtype, dims, bytes, filled);
  return tensor;
}

Result<Tensor> copy_out(const Source& source, Text bytes, DataType dtype, const Dims& dims) {
  INGOT_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, dims));
  // Piece by piece, giving the file's pages back: the peak stays near one copy of the weights.
  constexpr size_t kPiece = size_t{4} << 20;
  auto* dst = static_cast<char*>(tensor.mutable_data());
  for (size_t at = 0; at < bytes.size(); at += kPiece) {
    const Text piece = bytes.substr(at, kPiece);
    std::copy(piece.begin(), piece.end(), dst + at);
    if (source.file) source.file->release(std::as_bytes(std::span(piece.data(), piece.size())));
  }
  return tensor;
}

Result<uint64_t> parse_number(Text key, Text text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return corrupt("external data: ", key, " is '", text, "', expected a number");
  return value;
}

// The model may name files of its own folder only. Links there are followed: caches of downloaded models are
// made of them.
Status check_location(Text location) {
  if (location.empty()) return corrupt("external data without a location");
  bool leaves = location.front() == '/' || location.find('\0') != Text::npos;
  for (Text rest = location; !leaves && !rest.empty();) {
    const size_t slash = std::min(rest.find('/'), rest.size());
    leaves = rest.substr(0, slash) == "..";
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  if (!leaves) return {};
  return invalid_argument("external data location '", location,
                          "' leaves the model's folder; only relative paths inside it are read");
}

}  // namespace

DataType data_type_from_onnx(int64_t onnx_type) {
  const Result<DataType> type = ops::from_onnx_type_number(onnx_type);
  return type.ok() ? *type : DataType::kInvalid;
}

std::string onnx_type_name(int64_t onnx_type) {
  const bool known = onnx_type >= 0 && onnx_type < static_cast<int64_t>(std::size(kTypeNames));
  return known ? std::string(kTypeNames[onnx_type]) : str("type ", onnx_type);
}

Result<Tensor> TensorReader::borrow(const Source& source, Text bytes, DataType dtype, const Dims& dims) {
  INGOT_ASSIGN_OR_RETURN(const size_t expected, checked_bytes(dtype, dims));
  if (bytes.size() != expected) return size_mismatch(dtype, dims, expected, bytes.size());
  const size_t alignment = std::max<size_t>(1, static_cast<size_t>(bit_width(dtype)) / 8);
  const bool aligned = reinterpret_cast<uintptr_t>(bytes.data()) % alignment == 0;
  // Bools are copied, because read() may have to change them.
  if (source.owner && aligned && dtype != DataType::kBool)
    return Tensor::wrap(dtype, dims, bytes.data(), source.owner);
  return copy_out(source, bytes, dtype, dims);
}

Result<Source> TensorReader::open_external(const std::string& location) {
  if (auto it = external_.find(location); it != external_.end()) return it->second;
  INGOT_RETURN_IF_ERROR(check_location(location));
  if (base_dir_.empty())
    return invalid_argument("external data '", location, "' of a model that was not read from a folder");
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<const MappedFile> file,
                         MappedFile::open(base_dir_ + "/" + location));
  const auto bytes = file->bytes();
  Source source{{reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file, file};
  external_.emplace(location, source);
  return source;
}

Result<Tensor> TensorReader::read_data(const TensorProto& proto) {
  const DataType dtype = data_type_from_onnx(proto.data_type);
  if (dtype == DataType::kInvalid)
    return unsupported("element type ", onnx_type_name(proto.data_type), " is not supported");
  if (proto.is_segment) return unsupported("tensors in segments are not supported");
  if (proto.dims.size() > kMaxRank)
    return corrupt("rank ", proto.dims.size(), ", expected at most ", kMaxRank);
  const Dims& dims = proto.dims;
  if (proto.is_external && given_ != nullptr)
    if (const auto it = given_->find(std::string(proto.name)); it != given_->end())
      return borrow({it->second, nullptr, nullptr}, it->second, dtype, dims);
  if (proto.is_external) {
    std::string location;
    uint64_t offset = 0, length = 0;
    bool has_length = false;
    for (const auto& [key, value] : proto.external_data) {
      if (key == "location") location = value;
      if (key == "offset") {
        INGOT_ASSIGN_OR_RETURN(offset, parse_number(key, value));
      }
      if (key == "length") {
        INGOT_ASSIGN_OR_RETURN(length, parse_number(key, value));
        has_length = true;
      }
    }
    INGOT_ASSIGN_OR_RETURN(const Source source, open_external(location));
    if (!has_length) {
      INGOT_ASSIGN_OR_RETURN(length, checked_bytes(dtype, dims));
    }
    if (offset > source.bytes.size() || length > source.bytes.size() - offset)
      return corrupt("external data '", location, "' has ", source.bytes.size(), " bytes, needed are ",
                     length, " at offset ", offset);
    return borrow(source, source.bytes.substr(offset, length), dtype, dims);
  }
  if (proto.has_raw_data) return borrow(source_, proto.raw_data, dtype, dims);
  switch (dtype) {
    case DataType::kF32:
      return join(dtype, dims, proto.float_data);
    case DataType::kF64:
      return join(dtype, dims, proto.double_data);
    case DataType::kI64:
      return decode_varints(dtype, dims, proto.int64_data);
    case DataType::kU32:
    case DataType::kU64:
      return decode_varints(dtype, dims, proto.uint64_data);
    default:
      return decode_varints(dtype, dims, proto.int32_data);
  }
}

Result<Tensor> TensorReader::read(const TensorProto& proto) {
  Result<Tensor> tensor = read_data(proto);
  if (!tensor.ok()) return tensor.status().with_context(str("tensor '", proto.name, "'"));
  if (tensor->dtype() == DataType::kBool) {  // other bytes than 0 and 1 are not what readers of a bool expect
    auto* flags = static_cast<uint8_t*>(tensor->mutable_data());
    for (size_t i = 0; i < tensor->bytes(); ++i) flags[i] = flags[i] != 0;
  }
  return tensor;
}

Result<Tensor> TensorReader::read(const SparseTensorProto& proto) {
  INGOT_ASSIGN_OR_RETURN(const Tensor values, read(proto.values));
  INGOT_ASSIGN_OR_RETURN(const Tensor indices, read(proto.indices));
  const auto fail = [&](const auto&... why) {
    return corrupt("sparse tensor '", proto.values.name, "': ", why...);
  };
  const size_t unit = static_cast<size_t>(bit_width(values.dtype())) / 8;
  if (values.rank() != 1 || unit == 0) return fail("values are ", values.view().type_string());
  const int64_t count = values.size();
  const auto rank = static_cast<int64_t>(proto.dims.size());
  // Either linear positions or one row of coordinates per value.
  const bool linear = indices.dims() == Dims{count};
  if (indices.dtype() != DataType::kI64 || (!linear && indices.dims() != Dims{count, rank}))
    return fail("indices are ", indices.view().type_string(), ", expected i64[", count, "] or i64[", count,
                ", ", rank, "]");
  // A few bytes may ask for any number of zeros.
  constexpr size_t kMaxDenseBytes = size_t{1} << 28;
  INGOT_ASSIGN_OR_RETURN(const size_t bytes, checked_bytes(values.dtype(), proto.dims));
  if (proto.dims.size() > kMaxRank || bytes > kMaxDenseBytes)
    return fail("its dense form takes ", bytes, " bytes");
  INGOT_ASSIGN_OR_RETURN(Tensor dense, Tensor::allocate(values.dtype(), proto.dims));
  auto* dst = static_cast<char*>(dense.mutable_data());
  const auto* src = static_cast<const char*>(values.data());
  const auto at = indices.span<int64_t>();
  const int64_t width = linear ? 1 : rank;
  for (int64_t i = 0; i < count; ++i) {
    int64_t position = 0;
    for (int64_t d = 0; d < width; ++d) {
      const int64_t extent = linear ? dense.size() : proto.dims[static_cast<size_t>(d)];
      const int64_t index = at[static_cast<size_t>(i * width + d)];
      if (index < 0 || index >= extent) return fail("index ", index, " is outside [0, ", extent, ")");
      position = position * extent + index;
    }
    std::memcpy(dst + static_cast<size_t>(position) * unit, src + static_cast<size_t>(i) * unit, unit);
  }
  return dense;
}

}  // namespace ingot::onnx_import
