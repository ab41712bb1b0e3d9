// ONNX's messages as plain structs whose texts and data borrow from the file's bytes.
//
// Only what the importer uses is kept; documentation, metadata and training are skipped.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace ingot::onnx_import {

using Text = std::string_view;  // any bytes, as long as the file's
struct GraphProto;

struct TensorProto {
  Text name;
  int64_t data_type = 0;
  std::vector<int64_t> dims;
  Text raw_data;
  bool has_raw_data = false, is_segment = false, is_external = false;
  // Encoded numbers as they stand in the file: normally one packed run of each, in fields of their own type.
  std::vector<Text> float_data, int32_data, int64_data, double_data, uint64_data;
  std::vector<std::pair<Text, Text>> external_data;
};

struct SparseTensorProto {
  TensorProto values, indices;
  std::vector<int64_t> dims;
};

/// AttributeProto.AttributeType
enum class AttributeType : int64_t {
  kUndefined = 0,
  kFloat = 1,
  kInt = 2,
  kString = 3,
  kTensor = 4,
  kGraph = 5,
  kFloats = 6,
  kInts = 7,
  kStrings = 8,
  kTensors = 9,
  kGraphs = 10,
  kSparseTensor = 11,
  kSparseTensors = 12,
  kTypeProto = 13,
  kTypeProtos = 14
};

struct AttributeProto {
  Text name, ref_name;
  AttributeType type = AttributeType::kUndefined;
  int64_t i = 0;
  float f = 0;
  Text s;
  std::vector<int64_t> ints;
  std::vector<float> floats;
  std::vector<Text> strings;
  std::unique_ptr<TensorProto> tensor;
  std::unique_ptr<SparseTensorProto> sparse_tensor;
  std::unique_ptr<GraphProto> graph;
};

struct NodeProto {
  Text name, op_type, domain, overload;
  std::vector<Text> inputs, outputs;  // an empty name: not given
  std::vector<AttributeProto> attributes;
};

struct DimProto {
  int64_t value = -1;  // negative: not fixed
  Text param;
};

struct TypeProto {
  enum Kind { kNone, kTensor, kSequence, kMap, kOptional, kOther } kind = kNone;
  int64_t elem_type = 0;
  bool has_shape = false;
  std::vector<DimProto> dims;
};

struct ValueInfoProto {
  Text name;
  TypeProto type;
};

struct GraphProto {
  Text name;
  std::vector<NodeProto> nodes;
  std::vector<TensorProto> initializers;
  std::vector<SparseTensorProto> sparse_initializers;
  std::vector<ValueInfoProto> inputs, outputs;
};

struct OpsetProto {
  Text domain;
  int64_t version = 0;
};

struct FunctionProto {
  Text name, domain, overload;
  std::vector<Text> inputs, outputs;
  std::vector<AttributeProto> defaults;
  std::vector<NodeProto> nodes;
  std::vector<OpsetProto> opsets;
};

struct ModelProto {
  int64_t ir_version = 0;
  std::vector<OpsetProto> opsets;
  GraphProto graph;
  bool has_graph = false;
  std::vector<FunctionProto> functions;
};

/// Errors: kCorrupt for bytes that are not a model, deep nesting or an absurd number of parts.
Result<ModelProto> parse_model(Text bytes);
/// One tensor in a file of its own, as test data comes.
Result<TensorProto> parse_tensor(Text bytes);

}  // namespace ingot::onnx_import
