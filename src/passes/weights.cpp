#include "passes/weights.h"

#include <cstring>

namespace ingot::passes {

std::vector<double> to_doubles(const Tensor& t) {
  std::vector<double> out;
  out.reserve(static_cast<size_t>(t.size()));
  dispatch_type(t.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (T v : t.span<T>()) out.push_back(static_cast<double>(v));
  });
  return out;
}

Result<Tensor> from_doubles(DataType dtype, Dims dims, std::span<const double> values) {
  INGOT_ASSIGN_OR_RETURN(Tensor t, Tensor::allocate(dtype, std::move(dims)));
  INGOT_CHECK(t.size() == static_cast<int64_t>(values.size()));
  dispatch_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    size_t i = 0;
    for (T& v : t.mutable_span<T>()) v = static_cast<T>(values[i++]);
  });
  return t;
}

Result<Tensor> filled(DataType dtype, Dims dims, double value) {
  INGOT_ASSIGN_OR_RETURN(Tensor t, Tensor::allocate(dtype, std::move(dims)));
  dispatch_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (T& v : t.mutable_span<T>()) v = static_cast<T>(value);
  });
  return t;
}

namespace {

int64_t product(const Dims& dims, size_t begin, size_t end) {
  int64_t out = 1;
  for (size_t i = begin; i < end; ++i) out *= dims[i];
  return out;
}

}  // namespace

Result<Tensor> scale_axis(const Tensor& t, size_t axis, std::span<const double> factors) {
  INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(t.dtype(), t.dims()));
  const int64_t n = t.dims()[axis], inner = product(t.dims(), axis + 1, t.dims().size());
  const int64_t outer = product(t.dims(), 0, axis);
  INGOT_CHECK(n == static_cast<int64_t>(factors.size()));
  dispatch_type(t.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* from = t.span<T>().data();
    T* to = out.mutable_span<T>().data();
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t k = 0; k < n; ++k) {
        const double factor = factors[static_cast<size_t>(k)];
        for (int64_t i = 0; i < inner; ++i) *to++ = static_cast<T>(static_cast<double>(*from++) * factor);
      }
    }
  });
  return out;
}

Result<Tensor> concatenate(std::span<const Tensor> parts, size_t axis) {
  Dims dims = parts[0].dims();
  dims[axis] = 0;
  for (const Tensor& p : parts) dims[axis] += p.dims()[axis];
  INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(parts[0].dtype(), dims));
  auto* to = static_cast<char*>(out.mutable_data());
  for (int64_t o = 0, outer = product(dims, 0, axis); o < outer; ++o) {
    for (const Tensor& p : parts) {
      const size_t row = p.bytes() / static_cast<size_t>(outer);
      std::memcpy(to, static_cast<const char*>(p.data()) + static_cast<size_t>(o) * row, row);
      to += row;
    }
  }
  return out;
}

std::optional<std::vector<double>> along_axis(const Value* constant, const Shape& shape, size_t axis,
                                              int64_t count) {
  if (!constant || !constant->is_constant() || !is_float(constant->dtype())) return std::nullopt;
  const Tensor& t = constant->constant();
  if (t.dims().size() > shape.size()) return std::nullopt;
  const size_t shift = shape.size() - t.dims().size();
  for (size_t i = 0; i < t.dims().size(); ++i)
    if (t.dims()[i] != 1 && !(i + shift == axis && t.dims()[i] == count)) return std::nullopt;
  std::vector<double> values = to_doubles(t);
  if (values.size() == 1) values.assign(static_cast<size_t>(count), values[0]);
  return values;
}

}  // namespace ingot::passes
