// Builds ONNX models as bytes for the tests: one small function per message of the format.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::onnx_test {

/// A message under construction; field numbers are those of onnx.proto.
class Message {
 public:
  Message& number(int field, int64_t value) {
    varint(static_cast<uint64_t>(field) << 3);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& text(int field, std::string_view value) {
    varint(static_cast<uint64_t>(field) << 3 | 2);
    varint(value.size());
    bytes.append(value);
    return *this;
  }
  Message& add(int field, const Message& value) { return text(field, value.bytes); }
  Message& real(int field, float value) {
    varint(static_cast<uint64_t>(field) << 3 | 5);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  std::string bytes;

 private:
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
    bytes.push_back(static_cast<char>(value));
  }
};

using Names = std::vector<std::string>;
using Messages = std::vector<Message>;

inline constexpr int kFloat = 1, kInt32 = 6, kInt64 = 7, kBool = 9;

/// A dim of at least 0 is fixed, "" open without a name.
struct TestDim {
  TestDim(int64_t v) : value(v) {}                // NOLINT: a number or a name
  TestDim(const char* n) : value(-1), name(n) {}  // NOLINT
  int64_t value;
  std::string name;
};

inline Message value_info(std::string_view name, int type, const std::vector<TestDim>& dims) {
  Message shape;
  for (const TestDim& d : dims) {
    Message dim;
    if (d.value >= 0) dim.number(1, d.value);
    if (!d.name.empty()) dim.text(2, d.name);
    shape.add(1, dim);
  }
  return Message().text(1, name).add(2, Message().add(1, Message().number(1, type).add(2, shape)));
}
inline Message untyped(std::string_view name) { return Message().text(1, name); }

template <class T>
Message tensor(std::string_view name, int type, const std::vector<int64_t>& dims,
               const std::vector<T>& values) {
  Message m;
  for (int64_t d : dims) m.number(1, d);
  m.number(2, type).text(8, name);
  return m.text(9, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
}
inline Message floats(std::string_view name, const std::vector<int64_t>& dims,
                      const std::vector<float>& values) {
  return tensor(name, kFloat, dims, values);
}
inline Message int64s(std::string_view name, const std::vector<int64_t>& dims,
                      const std::vector<int64_t>& values) {
  return tensor(name, kInt64, dims, values);
}

inline Message int_attribute(std::string_view name, int64_t value) {
  return Message().text(1, name).number(3, value).number(20, 2);
}
inline Message ints_attribute(std::string_view name, const std::vector<int64_t>& values) {
  Message m = Message().text(1, name);
  for (int64_t v : values) m.number(8, v);
  return m.number(20, 7);
}
inline Message float_attribute(std::string_view name, float value) {
  return Message().text(1, name).real(2, value).number(20, 1);
}
inline Message tensor_attribute(std::string_view name, const Message& value) {
  return Message().text(1, name).add(5, value).number(20, 4);
}
inline Message graph_attribute(std::string_view name, const Message& graph) {
  return Message().text(1, name).add(6, graph).number(20, 5);
}
/// Refers to a parameter of the function that holds the node.
inline Message reference_attribute(std::string_view name, std::string_view parameter, int type) {
  return Message().text(1, name).text(21, parameter).number(20, type);
}

inline Message node(std::string_view op, const Names& inputs, const Names& outputs,
                    const Messages& attributes = {}, std::string_view domain = "",
                    std::string_view name = "") {
  Message m;
  for (const auto& i : inputs) m.text(1, i);
  for (const auto& o : outputs) m.text(2, o);
  m.text(3, name).text(4, op).text(7, domain);
  for (const auto& a : attributes) m.add(5, a);
  return m;
}

struct TestGraph {
  Messages inputs, outputs, nodes, initializers;
  Message build(std::string_view name = "g") const {
    Message m;
    for (const auto& n : nodes) m.add(1, n);
    m.text(2, name);
    for (const auto& t : initializers) m.add(5, t);
    for (const auto& v : inputs) m.add(11, v);
    for (const auto& v : outputs) m.add(12, v);
    return m;
  }
};

inline Message opset(std::string_view domain, int64_t version) {
  return Message().text(1, domain).number(2, version);
}

inline Message function(std::string_view domain, std::string_view name, const Names& inputs,
                        const Names& outputs, const Messages& nodes, const Names& parameters = {},
                        const Messages& defaults = {}) {
  Message m = Message().text(1, name);
  for (const auto& i : inputs) m.text(4, i);
  for (const auto& o : outputs) m.text(5, o);
  for (const auto& p : parameters) m.text(6, p);
  for (const auto& n : nodes) m.add(7, n);
  m.add(9, opset("", 18)).add(9, opset(domain, 1)).text(10, domain);
  for (const auto& d : defaults) m.add(11, d);
  return m;
}

inline std::string model(const Message& graph, int64_t version = 18, const Messages& functions = {},
                         int64_t ir_version = 9) {
  Message m = Message().number(1, ir_version).add(7, graph).add(8, opset("", version));
  m.add(8, opset("local", 1));
  for (const auto& f : functions) m.add(25, f);
  return m.bytes;
}

}  // namespace ingot::onnx_test
