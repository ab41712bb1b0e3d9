// The protobuf wire format, read in place: fields of one message, each checked against the end of its bytes.
//
// Nothing is copied, so that weights stay where the file is mapped. Numbers are little-endian, as is every
// machine that Ingot runs on. https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <cstring>
#include <limits>
#include <vector>

#include "base/status.h"

namespace ingot::onnx_import {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

/// Takes one varint off the front of `bytes`; false when it is cut off or longer than 64 bits.
inline bool take_varint(std::string_view& bytes, uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

/// One field. `payload` holds its bytes: the contents of a string or message, or the encoded number.
struct Field {
  int number = 0;
  WireType type = WireType::kVarint;
  std::string_view payload;

  Status expect(WireType expected) const {
    if (type == expected) return {};
    return corrupt("field ", number, " has wire type ", static_cast<int>(type), ", expected ",
                   static_cast<int>(expected));
  }
  Status get(std::string_view& out) const {
    INGOT_RETURN_IF_ERROR(expect(WireType::kBytes));
    out = payload;
    return {};
  }
  Status get(int64_t& out) const {
    INGOT_RETURN_IF_ERROR(expect(WireType::kVarint));
    std::string_view bytes = payload;
    uint64_t value = 0;
    if (!take_varint(bytes, value)) return corrupt("field ", number, " has a damaged number");
    out = static_cast<int64_t>(value);
    return {};
  }
  Status get(float& out) const {
    INGOT_RETURN_IF_ERROR(expect(WireType::kFixed32));
    std::memcpy(&out, payload.data(), sizeof(out));
    return {};
  }
  Status append(std::vector<std::string_view>& out) const {
    INGOT_RETURN_IF_ERROR(expect(WireType::kBytes));
    out.push_back(payload);
    return {};
  }
  /// Numbers come one per field or packed, many in one.
  Status append(std::vector<int64_t>& out) const {
    if (type != WireType::kBytes) INGOT_RETURN_IF_ERROR(expect(WireType::kVarint));
    for (std::string_view bytes = payload; !bytes.empty();) {
      uint64_t value = 0;
      if (!take_varint(bytes, value)) return corrupt("field ", number, " has a damaged number");
      out.push_back(static_cast<int64_t>(value));
    }
    return {};
  }
  Status append(std::vector<float>& out) const {
    if (type != WireType::kBytes) INGOT_RETURN_IF_ERROR(expect(WireType::kFixed32));
    if (payload.size() % sizeof(float) != 0) return corrupt("field ", number, " has a damaged float");
    const size_t old = out.size(), added = payload.size() / sizeof(float);
    out.resize(old + added);
    if (added > 0) std::memcpy(out.data() + old, payload.data(), payload.size());
    return {};
  }
};

/// Takes one field off the front of `bytes`, which must not be empty.
inline Status take_field(std::string_view& bytes, Field& field) {
  uint64_t tag = 0, length = 0;
  if (!take_varint(bytes, tag) || tag > std::numeric_limits<uint32_t>::max() || tag >> 3 == 0)
    return corrupt("a field has a damaged tag");
  field.number = static_cast<int>(tag >> 3);
  field.type = static_cast<WireType>(tag & 7);
  switch (field.type) {
    case WireType::kVarint: {
      std::string_view rest = bytes;
      uint64_t value = 0;
      if (!take_varint(rest, value)) return corrupt("field ", field.number, " has a damaged number");
      length = bytes.size() - rest.size();
      break;
    }
    case WireType::kFixed64:
      length = 8;
      break;
    case WireType::kFixed32:
      length = 4;
      break;
    case WireType::kBytes:
      if (!take_varint(bytes, length)) return corrupt("field ", field.number, " has a damaged length");
      break;
    default:
      return corrupt("field ", field.number, " has unknown wire type ", tag & 7);
  }
  if (length > bytes.size())
    return corrupt("field ", field.number, " needs ", length, " bytes, only ", bytes.size(), " are left");
  field.payload = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return {};
}

/// Calls fn(const Field&) -> Status for each field of a message, in order.
template <class F>
Status each_field(std::string_view message, F&& fn) {
  Field field;
  while (!message.empty()) {
    INGOT_RETURN_IF_ERROR(take_field(message, field));
    INGOT_RETURN_IF_ERROR(fn(field));
  }
  return {};
}

}  // namespace ingot::onnx_import
