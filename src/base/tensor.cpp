#include "base/tensor.h"

#include <cstdlib>
#include <cstring>

namespace ingot {

std::string TensorType::to_string() const {
  return str(data_type_name(dtype), ranked ? ingot::to_string(shape) : "[*]");
}

std::string TensorView::type_string() const { return str(data_type_name(dtype), dims_to_string(dims)); }

Result<size_t> checked_bytes(DataType dtype, const Dims& dims) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t d : dims) {
    if (d < 0) return invalid_argument("shape ", dims_to_string(dims), " has a negative dimension");
    empty = empty || d == 0;
  }
  for (int64_t d : dims) {
    if (!empty && __builtin_mul_overflow(count, d, &count))
      return invalid_argument("shape ", dims_to_string(dims), " has too many elements");
  }
  if (empty) return size_t{0};
  if (count > (int64_t{1} << 58))
    return invalid_argument("shape ", dims_to_string(dims), " has too many elements");
  return byte_size(dtype, count);
}

Result<Tensor> Tensor::allocate(DataType dtype, Dims dims) {
  INGOT_ASSIGN_OR_RETURN(const size_t bytes, checked_bytes(dtype, dims));
  const size_t rounded = (bytes + 63) / 64 * 64;
  void* data = std::aligned_alloc(64, rounded == 0 ? 64 : rounded);
  if (data == nullptr)
    return out_of_memory("cannot allocate ", bytes, " bytes for ", data_type_name(dtype),
                         dims_to_string(dims));
  std::memset(data, 0, rounded == 0 ? 64 : rounded);
  return wrap(dtype, std::move(dims), data,
              std::shared_ptr<const void>(data, [](const void* p) { std::free(const_cast<void*>(p)); }));
}

Tensor Tensor::wrap(DataType dtype, Dims dims, const void* data, std::shared_ptr<const void> owner) {
  Tensor t;
  t.view_ = {dtype, std::move(dims), const_cast<void*>(data)};
  t.owner_ = std::move(owner);
  return t;
}

namespace {

template <class T>
Tensor from_values(Dims dims, std::span<const T> values) {
  auto result = Tensor::allocate(data_type_of<T>(), std::move(dims));
  INGOT_CHECK(result.ok());
  Tensor t = std::move(result).value();
  if (!values.empty()) std::memcpy(t.mutable_data(), values.data(), values.size_bytes());
  return t;
}

}  // namespace

Tensor Tensor::scalar_i64(int64_t value) { return from_values<int64_t>({}, {&value, 1}); }
Tensor Tensor::scalar_f32(float value) { return from_values<float>({}, {&value, 1}); }
Tensor Tensor::vector_i64(std::span<const int64_t> v) {
  return from_values({static_cast<int64_t>(v.size())}, v);
}
Tensor Tensor::vector_f32(std::span<const float> v) {
  return from_values({static_cast<int64_t>(v.size())}, v);
}

Tensor Tensor::reshaped(Dims dims) const {
  INGOT_CHECK(num_elements(dims) == size());
  Tensor t = *this;
  t.view_.dims = std::move(dims);
  return t;
}

Dims to_int64s(const TensorView& tensor) {
  Dims out;
  out.reserve(static_cast<size_t>(tensor.size()));
  dispatch_type(tensor.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < tensor.size(); ++i)
      out.push_back(static_cast<int64_t>(static_cast<const T*>(tensor.data)[i]));
  });
  return out;
}

}  // namespace ingot
