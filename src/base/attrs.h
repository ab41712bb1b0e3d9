// Attrs: the named parameters of an operator or a kernel, as plain data that can be printed, stored and
// compared.
#pragma once

#include <map>
#include <string>
#include <variant>

#include "base/tensor.h"

namespace ingot {

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using Strings = std::vector<std::string>;
using AttrValue = std::variant<int64_t, float, std::string, Ints, Floats, Strings, Tensor>;

/// "int", "float", "string", "ints", ...: for messages.
std::string_view attr_kind_name(const AttrValue& value);

/// Ordered by name, so that printing and serialization are deterministic.
class Attrs {
 public:
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const std::string, AttrValue>> init) : values_(init) {}

  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  void set(std::string_view name, AttrValue value) {
    values_.insert_or_assign(std::string(name), std::move(value));
  }
  void erase(std::string_view name) {
    if (auto it = values_.find(name); it != values_.end()) values_.erase(it);
  }
  const AttrValue* find(std::string_view name) const {
    auto it = values_.find(name);
    return it == values_.end() ? nullptr : &it->second;
  }
  /// The value when it is there with this type, `fallback` otherwise. Types are checked once, by the op's
  /// verifier.
  template <class T>
  T get(std::string_view name, T fallback = {}) const {
    const AttrValue* v = find(name);
    const T* typed = v ? std::get_if<T>(v) : nullptr;
    return typed ? *typed : std::move(fallback);
  }
  int64_t get_int(std::string_view name, int64_t fallback = 0) const { return get<int64_t>(name, fallback); }
  float get_float(std::string_view name, float fallback = 0) const { return get<float>(name, fallback); }
  std::string get_string(std::string_view name, std::string fallback = "") const {
    return get<std::string>(name, std::move(fallback));
  }
  Ints get_ints(std::string_view name, Ints fallback = {}) const {
    return get<Ints>(name, std::move(fallback));
  }

  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  friend bool operator==(const Attrs& a, const Attrs& b);

 private:
  std::map<std::string, AttrValue, std::less<>> values_;
};

}  // namespace ingot
