#include "ir/text_tensor.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/tensor_hash.h"

namespace ingot {
namespace {

constexpr int64_t kInlineElements = 16;
constexpr size_t kGeneratedBytes = size_t{64} << 20;  // what text without a table may ask for

template <class T>
using Printed = std::conditional_t<
    std::is_same_v<T, double>, double,
    std::conditional_t<std::is_integral_v<T>,
                       std::conditional_t<std::is_same_v<T, uint64_t>, uint64_t, int64_t>, float>>;

// Few elements whose text gives back the same bits: NaN has many forms, 4-bit types no C++ type.
bool fits_inline(const Tensor& t) {
  if (t.size() > kInlineElements) return false;
  bool exact = true;
  const bool known = dispatch_type(t.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (!std::is_integral_v<T>)
      for (T v : t.span<T>()) exact = exact && !std::isnan(static_cast<Printed<T>>(v));
  });
  return known && exact;
}

void print_elements(const Tensor& t, std::string& out) {
  dispatch_type(t.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    char buffer[40];
    for (T v : t.span<T>()) {
      if (out.back() != '{') out += ", ";
      out.append(buffer, std::to_chars(buffer, std::end(buffer), static_cast<Printed<T>>(v)).ptr);
    }
  });
}

uint64_t next_random(uint64_t& state) {  // splitmix64
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Near enough to normal for weights: four uniform numbers summed, the same on every machine.
double next_normal(uint64_t& state) {
  double sum = 0;
  for (int i = 0; i < 4; ++i) sum += static_cast<double>(next_random(state) >> 11) * 0x1p-53;
  return (sum - 2) * std::sqrt(3.0);
}

// Out of range becomes the nearest value: a conversion that overflows is undefined.
template <class T>
T convert(double v) {
  if constexpr (std::is_same_v<T, bool>) return v != 0;
  if constexpr (std::is_integral_v<T>) {
    if (!(v > static_cast<double>(std::numeric_limits<T>::min()))) return std::numeric_limits<T>::min();
    if (v >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return static_cast<T>(std::nearbyint(v));
  } else {
    return static_cast<T>(static_cast<Printed<T>>(v));
  }
}

template <class T>
Result<T> read_element(Scanner& scanner) {
  INGOT_ASSIGN_OR_RETURN(const Printed<T> value, scanner.number<Printed<T>>());
  if constexpr (std::is_integral_v<T>)
    if (value != static_cast<Printed<T>>(static_cast<T>(value)))
      return scanner.fail(str(value, " is no ", data_type_name(data_type_of<T>())));
  return static_cast<T>(value);
}

Status read_elements(Scanner& scanner, Tensor& t) {
  Status status;
  const bool known = dispatch_type(t.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    bool first = true;
    for (T& v : t.mutable_span<T>()) {
      if (!first && !(status = scanner.expect(',')).ok()) return;
      first = false;
      auto value = read_element<T>(scanner);
      if (!(status = value.status()).ok()) return;
      v = *value;
    }
  });
  if (!known) return scanner.fail("constants of 4-bit types are kept in the table only");
  INGOT_RETURN_IF_ERROR(status);
  return scanner.expect('}');
}

template <class F>
void fill(Tensor& t, F&& next) {
  dispatch_type(t.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (T& v : t.mutable_span<T>()) v = convert<T>(next());
  });
}

}  // namespace

TensorTable::TensorTable(std::vector<Tensor>& tensors) : tensors_(tensors) {
  for (size_t i = 0; i < tensors.size(); ++i) by_hash_.emplace(content_hash(tensors[i]), i);
}

size_t TensorTable::add(const Tensor& tensor) {
  const uint64_t hash = content_hash(tensor);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto it = first; it != last; ++it)
    if (same_bytes(tensors_[it->second], tensor)) return it->second;
  tensors_.push_back(tensor);
  by_hash_.emplace(hash, tensors_.size() - 1);
  return tensors_.size() - 1;
}

void print_tensor(const Tensor& t, TensorTable* table, std::string& out) {
  out += t.view().type_string();
  if (fits_inline(t)) {
    out += " {";
    print_elements(t, out);
    out += "}";
  } else {
    out += table ? " @" + std::to_string(table->add(t)) : " ...";
  }
}

Result<Tensor> TensorParser::allocate(const TensorType& type, const Dims& dims) {
  const auto bytes = checked_bytes(type.dtype, dims);
  if (!bytes.ok() || *bytes > kGeneratedBytes - generated_bytes_)
    return corrupt("graph text: constants of more than ", kGeneratedBytes, " bytes without a table");
  generated_bytes_ += *bytes;
  return Tensor::allocate(type.dtype, dims);
}

Result<Tensor> TensorParser::parse(Scanner& scanner) {
  INGOT_ASSIGN_OR_RETURN(const TensorType type, scanner.type());
  if (!type.is_static()) return scanner.error("a constant of known shape");
  INGOT_ASSIGN_OR_RETURN(const Dims dims, eval(type.shape, {}));
  if (scanner.accept('@')) {
    INGOT_ASSIGN_OR_RETURN(const uint64_t index, scanner.number<uint64_t>());
    if (index >= weights_.size())
      return scanner.fail(str("no tensor @", index, " among the ", weights_.size(), " of the table"));
    const Tensor& weight = weights_[index];
    if (weight.dtype() != type.dtype || !checked_bytes(type.dtype, dims).ok() ||
        weight.size() != num_elements(dims))
      return scanner.fail(
          str("tensor @", index, " is ", weight.view().type_string(), ", not ", type.to_string()));
    return weight.reshaped(dims);
  }
  if (scanner.accept('{')) {
    INGOT_ASSIGN_OR_RETURN(Tensor t, allocate(type, dims));
    INGOT_RETURN_IF_ERROR(read_elements(scanner, t));
    return t;
  }
  const bool splat = scanner.accept_word("splat");
  if (!splat && !scanner.accept_word("random")) return scanner.error("'{', '@', 'splat' or 'random'");
  INGOT_RETURN_IF_ERROR(scanner.expect('('));
  INGOT_ASSIGN_OR_RETURN(Tensor t, allocate(type, dims));
  if (splat) {
    INGOT_ASSIGN_OR_RETURN(const double value, scanner.number<double>());
    fill(t, [&] { return value; });
  } else {
    INGOT_ASSIGN_OR_RETURN(uint64_t seed, scanner.number<uint64_t>());
    INGOT_RETURN_IF_ERROR(scanner.expect(','));
    INGOT_ASSIGN_OR_RETURN(const double mean, scanner.number<double>());
    INGOT_RETURN_IF_ERROR(scanner.expect(','));
    INGOT_ASSIGN_OR_RETURN(const double deviation, scanner.number<double>());
    fill(t, [&] { return mean + deviation * next_normal(seed); });
  }
  INGOT_RETURN_IF_ERROR(scanner.expect(')'));
  return t;
}

}  // namespace ingot
