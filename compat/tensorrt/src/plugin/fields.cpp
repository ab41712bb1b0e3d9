#include "plugin/fields.h"

#include <algorithm>
#include <cstring>

namespace ingot::tensorrt {
namespace {

using Type = nvinfer1::PluginFieldType;

size_t element_size(Type type) {
  switch (type) {
    case Type::kFLOAT64:
      return 8;
    case Type::kFLOAT32:
    case Type::kINT32:
      return 4;
    case Type::kFLOAT16:
    case Type::kINT16:
      return 2;
    case Type::kDIMS:
      return sizeof(nvinfer1::Dims);
    default:
#if NV_TENSORRT_MAJOR >= 10
      return type == Type::kINT64 ? 8 : type == Type::kBF16 ? 2 : 1;
#else
      return 1;
#endif
  }
}

void put(std::string& out, const void* data, size_t size) {
  out.append(static_cast<const char*>(data), size);
}
void put_number(std::string& out, int64_t value) { put(out, &value, sizeof(value)); }
void put_text(std::string& out, const std::string& text) {
  put_number(out, static_cast<int64_t>(text.size()));
  out += text;
}

// Reads what put_* wrote; `ok` turns false at the first thing that does not fit.
struct Reader {
  const std::string& bytes;
  size_t at = 0;
  bool ok = true;
  int64_t number() {
    int64_t value = 0;
    ok = ok && bytes.size() - at >= sizeof(value);
    if (ok) std::memcpy(&value, bytes.data() + at, sizeof(value)), at += sizeof(value);
    return value;
  }
  std::string text() {
    const int64_t size = number();
    ok = ok && size >= 0 && bytes.size() - at >= static_cast<size_t>(size);
    if (!ok) return {};
    at += static_cast<size_t>(size);
    return bytes.substr(at - static_cast<size_t>(size), static_cast<size_t>(size));
  }
};

template <class T, class List>
std::string numbers(const List& list) {
  std::string out;
  for (const auto& v : list) {
    const T value = static_cast<T>(v);
    put(out, &value, sizeof(value));
  }
  return out;
}

// Numbers in the field's type.
template <class List>
std::string converted(const List& list, Type type) {
  switch (type) {
    case Type::kFLOAT32:
      return numbers<float>(list);
    case Type::kFLOAT64:
      return numbers<double>(list);
    case Type::kINT8:
      return numbers<int8_t>(list);
    case Type::kINT16:
      return numbers<int16_t>(list);
#if NV_TENSORRT_MAJOR >= 10
    case Type::kINT64:
      return numbers<int64_t>(list);
#endif
    default:
      return numbers<int32_t>(list);
  }
}

}  // namespace

std::string pack_fields(const nvinfer1::PluginFieldCollection& fields) {
  std::string out;
  put_number(out, fields.nbFields);
  for (int32_t i = 0; i < fields.nbFields; ++i) {
    const nvinfer1::PluginField& f = fields.fields[i];
    put_text(out, f.name == nullptr ? "" : f.name);
    put_number(out, static_cast<int64_t>(f.type));
    put_number(out, f.length);
    const size_t size =
        f.data == nullptr ? 0 : element_size(f.type) * static_cast<size_t>(std::max(f.length, 0));
    put_text(out, std::string(static_cast<const char*>(f.data), size));
  }
  return out;
}

Fields Fields::unpack(const std::string& bytes) {
  Fields out;
  if (bytes.empty()) return out;
  Reader in{bytes};
  for (int64_t left = in.number(); in.ok && left > 0; --left) {
    Field f;
    f.name = in.text();
    f.type = static_cast<Type>(in.number());
    f.length = static_cast<int32_t>(in.number());
    f.bytes = in.text();
    if (in.ok) out.fields_.push_back(std::move(f));
  }
  return out;
}

Fields Fields::of(const std::map<std::string, NetworkAttr>& attrs,
                  const nvinfer1::PluginFieldCollection* wanted) {
  Fields out;
  const auto add = [&](const std::string& name, const NetworkAttr& value, Type type) {
    const bool any = type == Type::kUNKNOWN;
    std::visit(
        [&](const auto& v) {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<T, std::string>) {
            out.fields_.push_back({name, v + '\0', Type::kCHAR, static_cast<int32_t>(v.size())});
          } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
            std::string all;
            for (const std::string& s : v) all += s + '\0';
            out.fields_.push_back({name, all, Type::kCHAR, static_cast<int32_t>(all.size())});
          } else if constexpr (std::is_arithmetic_v<T>) {
            const Type as = !any ? type : std::is_same_v<T, float> ? Type::kFLOAT32 : Type::kINT32;
            out.fields_.push_back({name, converted(std::vector<T>{v}, as), as, 1});
          } else {
            const Type as = !any                                    ? type
                            : std::is_same_v<T, std::vector<float>> ? Type::kFLOAT32
                                                                    : Type::kINT32;
            out.fields_.push_back({name, converted(v, as), as, static_cast<int32_t>(v.size())});
          }
        },
        value);
  };
  if (wanted == nullptr || wanted->nbFields == 0) {
    for (const auto& [name, value] : attrs) add(name, value, Type::kUNKNOWN);
    return out;
  }
  for (int32_t i = 0; i < wanted->nbFields; ++i)
    if (const auto it = attrs.find(wanted->fields[i].name); it != attrs.end())
      add(it->first, it->second, wanted->fields[i].type);
  return out;
}

const nvinfer1::PluginFieldCollection& Fields::collection() {
  list_.clear();
  for (const Field& f : fields_) list_.emplace_back(f.name.c_str(), f.bytes.data(), f.type, f.length);
  collection_ = {static_cast<int32_t>(list_.size()), list_.data()};
  return collection_;
}

}  // namespace ingot::tensorrt
