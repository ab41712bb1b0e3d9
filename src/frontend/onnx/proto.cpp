#include "frontend/onnx/proto.h"

#include "frontend/onnx/wire.h"

namespace ingot::onnx_import {
namespace {

// Depth bounds the parser's own stack (a subgraph costs three levels); the number of messages bounds its
// memory, because an empty message takes two bytes in the file and some hundred here.
constexpr int kMaxDepth = 100;
constexpr int64_t kMaxMessages = 4'000'000;

// One overload of `parse` per message; field numbers are those of onnx.proto.
class Parser {
 public:
  template <class M>
  Status message(const Field& field, M& out) {
    INGOT_RETURN_IF_ERROR(field.expect(WireType::kBytes));
    if (depth_ == kMaxDepth) return corrupt("messages are nested more than ", kMaxDepth, " deep");
    if (++messages_ > kMaxMessages) return corrupt("the model has more than ", kMaxMessages, " parts");
    ++depth_;
    Status status = each_field(field.payload, [&](const Field& f) { return parse(f, out); });
    --depth_;
    return status;
  }
  template <class M>
  Status append(const Field& field, std::vector<M>& out) {
    return message(field, out.emplace_back());
  }
  template <class M>
  Status message(const Field& field, std::unique_ptr<M>& out) {
    out = std::make_unique<M>();
    return message(field, *out);
  }

  Status parse(const Field& f, ModelProto& m) {
    const int n = f.number;
    if (n == 1) return f.get(m.ir_version);
    if (n == 7) {
      m.has_graph = true;
      return message(f, m.graph).with_context("graph");
    }
    if (n == 8) return append(f, m.opsets).with_context("opset import");
    if (n == 25) return append(f, m.functions).with_context("function");
    return {};
  }

  Status parse(const Field& f, TensorProto& m) {
    const int n = f.number;
    if (n == 1) return f.append(m.dims);
    if (n == 2) return f.get(m.data_type);
    if (n == 3) {
      m.is_segment = true;
      return {};
    }
    if (n == 4) return numbers(f, WireType::kFixed32, m.float_data);
    if (n == 5) return numbers(f, WireType::kVarint, m.int32_data);
    if (n == 7) return numbers(f, WireType::kVarint, m.int64_data);
    if (n == 8) return f.get(m.name);
    if (n == 9) {
      m.has_raw_data = true;
      return f.get(m.raw_data);
    }
    if (n == 10) return numbers(f, WireType::kFixed64, m.double_data);
    if (n == 11) return numbers(f, WireType::kVarint, m.uint64_data);
    if (n == 13) return append(f, m.external_data).with_context("external data");
    if (n == 14) {
      int64_t location = 0;
      INGOT_RETURN_IF_ERROR(f.get(location));
      m.is_external = location == 1;
      return {};
    }
    return {};
  }

 private:
  Status parse(const Field& f, OpsetProto& m) {
    const int n = f.number;
    if (n == 1) return f.get(m.domain);
    if (n == 2) return f.get(m.version);
    return {};
  }

  Status parse(const Field& f, FunctionProto& m) {
    const int n = f.number;
    if (n == 1) return f.get(m.name);
    if (n == 4) return f.append(m.inputs);
    if (n == 5) return f.append(m.outputs);
    if (n == 7) return append(f, m.nodes);
    if (n == 9) return append(f, m.opsets);
    if (n == 10) return f.get(m.domain);
    if (n == 11) return append(f, m.defaults);
    if (n == 13) return f.get(m.overload);
    return {};
  }

  Status parse(const Field& f, GraphProto& m) {
    const int n = f.number;
    if (n == 1) return append(f, m.nodes).with_context(str("node ", m.nodes.size() - 1));
    if (n == 2) return f.get(m.name);
    if (n == 5) return append(f, m.initializers).with_context(str("initializer ", m.initializers.size() - 1));
    if (n == 11) return append(f, m.inputs).with_context("input");
    if (n == 12) return append(f, m.outputs).with_context("output");
    if (n == 15) return append(f, m.sparse_initializers).with_context("sparse initializer");
    return {};
  }

  Status parse(const Field& f, NodeProto& m) {
    const int n = f.number;
    if (n == 1) return f.append(m.inputs);
    if (n == 2) return f.append(m.outputs);
    if (n == 3) return f.get(m.name);
    if (n == 4) return f.get(m.op_type);
    if (n == 5) return append(f, m.attributes).with_context("attribute");
    if (n == 7) return f.get(m.domain);
    if (n == 8) return f.get(m.overload);
    return {};
  }

  Status parse(const Field& f, AttributeProto& m) {
    const int n = f.number;
    // Old files may leave the type out: the field that holds the value tells it (f is type 1 ... strings 8).
    if (n >= 2 && n <= 9 && m.type == AttributeType::kUndefined) m.type = static_cast<AttributeType>(n - 1);
    if (n == 1) return f.get(m.name);
    if (n == 2) return f.get(m.f);
    if (n == 3) return f.get(m.i);
    if (n == 4) return f.get(m.s);
    if (n == 5) return message(f, m.tensor);
    if (n == 6) return message(f, m.graph);
    if (n == 7) return f.append(m.floats);
    if (n == 8) return f.append(m.ints);
    if (n == 9) return f.append(m.strings);
    if (n == 20) {
      int64_t type = 0;
      INGOT_RETURN_IF_ERROR(f.get(type));
      m.type = static_cast<AttributeType>(type);
    }
    if (n == 21) return f.get(m.ref_name);
    if (n == 22) return message(f, m.sparse_tensor);
    return {};
  }

  Status parse(const Field& f, std::pair<Text, Text>& entry) {
    const int n = f.number;
    if (n == 1) return f.get(entry.first);
    if (n == 2) return f.get(entry.second);
    return {};
  }

  static Status numbers(const Field& f, WireType single, std::vector<Text>& out) {
    if (f.type != WireType::kBytes) INGOT_RETURN_IF_ERROR(f.expect(single));
    out.push_back(f.payload);
    return {};
  }

  Status parse(const Field& f, SparseTensorProto& m) {
    const int n = f.number;
    if (n == 1) return message(f, m.values);
    if (n == 2) return message(f, m.indices);
    if (n == 3) return f.append(m.dims);
    return {};
  }

  Status parse(const Field& f, ValueInfoProto& m) {
    const int n = f.number;
    if (n == 1) return f.get(m.name);
    if (n == 2) return message(f, m.type).with_context(str("type of '", m.name, "'"));
    return {};
  }

  Status parse(const Field& f, TypeProto& m) {
    const int n = f.number;
    if (n == 1) {
      m.kind = TypeProto::kTensor;
      return tensor_type(f, m);
    }
    if (n == 4) {
      m.kind = TypeProto::kSequence;
      return {};
    }
    if (n == 5) {
      m.kind = TypeProto::kMap;
      return {};
    }
    if (n == 7 || n == 8) {
      m.kind = TypeProto::kOther;
      return {};
    }
    if (n == 9) {
      m.kind = TypeProto::kOptional;
      return {};
    }
    return {};
  }
  Status tensor_type(const Field& field, TypeProto& m) {
    INGOT_RETURN_IF_ERROR(field.expect(WireType::kBytes));
    return each_field(field.payload, [&](const Field& f) -> Status {
      if (f.number == 1) return f.get(m.elem_type);
      if (f.number != 2) return {};
      m.has_shape = true;
      INGOT_RETURN_IF_ERROR(f.expect(WireType::kBytes));
      return each_field(
          f.payload, [&](const Field& d) -> Status { return d.number == 1 ? append(d, m.dims) : Status(); });
    });
  }
  Status parse(const Field& f, DimProto& m) {
    const int n = f.number;
    if (n == 1) return f.get(m.value);
    if (n == 2) return f.get(m.param);
    return {};
  }

  int depth_ = 0;
  int64_t messages_ = 0;
};

}  // namespace

Result<ModelProto> parse_model(Text bytes) {
  if (bytes.empty()) return corrupt("not an ONNX model: the file is empty");
  ModelProto model;
  Parser parser;
  Status status = each_field(bytes, [&](const Field& f) { return parser.parse(f, model); });
  if (!status.ok()) return status.with_context("not an ONNX model, or a damaged one");
  if (!model.has_graph) return corrupt("not an ONNX model: it has no graph");
  return model;
}

Result<TensorProto> parse_tensor(Text bytes) {
  TensorProto tensor;
  Parser parser;
  Status status = each_field(bytes, [&](const Field& f) { return parser.parse(f, tensor); });
  if (!status.ok()) return status.with_context("not an ONNX tensor, or a damaged one");
  return tensor;
}

}  // namespace ingot::onnx_import
