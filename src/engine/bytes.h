// Little-endian byte streams: ByteWriter appends, ByteReader checks every read against the end.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace ingot {

class ByteWriter {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void put(T value) {
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    std::memcpy(bytes_.data() + at, &value, sizeof(T));
  }
  void put_bytes(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void put_string(std::string_view s) {
    put(static_cast<uint64_t>(s.size()));
    put_bytes(std::as_bytes(std::span(s.data(), s.size())));
  }
  template <class T, class F>
  void put_list(const std::vector<T>& list, F&& put_one) {
    put(static_cast<uint64_t>(list.size()));
    for (const T& item : list) put_one(item);
  }
  template <class T>
  void put_numbers(const std::vector<T>& list) {
    put_list(list, [&](const T& v) { put(v); });
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// The first failed read makes `ok()` false; later reads give zeros and empty strings, so that callers check
/// once.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T> T get() {
    T value{};
    if (!take(sizeof(T))) return value;
    std::memcpy(&value, bytes_.data() + at_ - sizeof(T), sizeof(T));
    return value;
  }
  std::span<const std::byte> get_bytes(uint64_t size) {
    if (!take(size)) return {};
    return bytes_.subspan(at_ - size, size);
  }
  std::string get_string() {
    const auto bytes = get_bytes(get<uint64_t>());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// Calls get_one() for each item; an item takes at least one byte, which bounds the list before anything is
  /// allocated.
  template <class T, class F>
  std::vector<T> get_list(F&& get_one) {
    std::vector<T> list;
    const auto count = get<uint64_t>();
    if (count > left()) ok_ = false;
    if (!ok_) return list;
    for (uint64_t i = 0; i < count && ok_; ++i) list.push_back(get_one());
    return list;
  }
  template <class T>
  std::vector<T> get_numbers() {
    return get_list<T>([&] { return get<T>(); });
  }

  bool ok() const { return ok_; }
  void fail() { ok_ = false; }
  size_t left() const { return bytes_.size() - at_; }

 private:
  bool take(uint64_t size) {
    if (!ok_ || size > left()) return ok_ = false;
    at_ += size;
    return true;
  }
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace ingot
