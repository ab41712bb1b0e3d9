#include "target/channels_last.h"

#include <cstring>

namespace ingot {
namespace {

struct Filter {
  int64_t outer, channels, pixels;
  size_t size;  // of an element
  explicit Filter(const Dims& plain, DataType type)
      : outer(plain[0]),
        channels(plain[1]),
        pixels(num_elements(plain) / std::max<int64_t>(plain[0] * plain[1], 1)),
        size(byte_size(type, 1)) {}
  // fn(offset in the plain form, offset in the packed form with `wide` channels), in bytes.
  template <class F>
  void for_each(int64_t wide, F&& fn) const {
    for (int64_t k = 0; k < outer; ++k)
      for (int64_t p = 0; p < pixels; ++p)
        for (int64_t c = 0; c < channels; ++c)
          fn(static_cast<size_t>((k * channels + c) * pixels + p) * size,
             static_cast<size_t>((k * pixels + p) * wide + c) * size);
  }
};

}  // namespace

PackedInput pack_channels_last(size_t input, const Value& weights, int64_t channels) {
  const Tensor& data = weights.constant();
  const bool padded = channels > data.dims()[1];
  PackedInput out;
  out.input = input;
  out.packing = padded ? str("channels_last_of_", channels) : "channels_last";
  out.permutation = !padded;
  out.pack = [data, channels, padded]() -> Result<Tensor> {
    Dims dims = data.dims();
    if (padded) dims[1] = channels;
    INGOT_ASSIGN_OR_RETURN(Tensor packed, Tensor::allocate(data.dtype(), dims));
    const Filter filter(data.dims(), data.dtype());
    const auto* from = static_cast<const std::byte*>(data.data());
    auto* to = static_cast<std::byte*>(packed.mutable_data());
    filter.for_each(dims[1], [&](size_t a, size_t b) { std::memcpy(to + b, from + a, filter.size); });
    return packed;
  };
  return out;
}

PackedInput pack_image_filter(size_t input, const Value& weights) {
  const Tensor data = weights.constant();
  return {input, "image_filter", [data]() -> Result<Tensor> {
            const Dims& d = data.dims();
            const int64_t taps = (d[3] + 3) / 4 * 4;
            INGOT_ASSIGN_OR_RETURN(Tensor packed, Tensor::allocate(data.dtype(), {d[0], d[2], taps * 4}));
            const size_t size = byte_size(data.dtype(), 1);
            const auto* from = static_cast<const std::byte*>(data.data());
            auto* to = static_cast<std::byte*>(packed.mutable_data());
            std::memset(to, 0, packed.bytes());
            for (int64_t k = 0; k < d[0]; ++k)
              for (int64_t c = 0; c < d[1]; ++c)
                for (int64_t h = 0; h < d[2]; ++h)
                  for (int64_t w = 0; w < d[3]; ++w, from += size)
                    std::memcpy(to + static_cast<size_t>(((k * d[2] + h) * taps + w) * 4 + c) * size, from,
                                size);
            return packed;
          }};
}

Result<Tensor> unpack_channels_last(const Tensor& packed, const Dims& plain) {
  if (plain.size() < 2 || packed.size() != num_elements(plain))
    return corrupt("a filter of ", dims_to_string(plain), " has ", packed.size(), " packed elements");
  INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(packed.dtype(), plain));
  const Filter filter(plain, packed.dtype());
  const auto* from = static_cast<const std::byte*>(packed.data());
  auto* to = static_cast<std::byte*>(out.mutable_data());
  filter.for_each(filter.channels, [&](size_t a, size_t b) { std::memcpy(to + a, from + b, filter.size); });
  return out;
}

namespace {

// [rows, columns] as [columns, rows].
Result<Tensor> transposed(const Tensor& from, int64_t rows, int64_t columns, Dims dims) {
  INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(from.dtype(), std::move(dims)));
  const size_t size = byte_size(from.dtype(), 1);
  const auto* src = static_cast<const std::byte*>(from.data());
  auto* dst = static_cast<std::byte*>(out.mutable_data());
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t r = 0; r < rows; ++r, dst += size)
      std::memcpy(dst, src + static_cast<size_t>(r * columns + c) * size, size);
  return out;
}

}  // namespace

PackedInput pack_channels_inner(size_t input, const Value& weights) {
  const Tensor& data = weights.constant();
  const int64_t channels = data.dims()[0];
  auto pack = [data, channels] { return transposed(data, channels, data.size() / channels, data.dims()); };
  return {input, "channels_inner", pack};
}

PackedInput pack_transposed(size_t input, const Value& weights) {
  const Tensor& data = weights.constant();
  const Dims d = data.dims();
  return {input, "transposed", [data, d] { return transposed(data, d[0], d[1], {d[1], d[0]}); }, true};
}

Result<Tensor> unpack_transposed(const Tensor& packed, const Dims& plain) {
  if (plain.size() != 2 || packed.size() != num_elements(plain))
    return corrupt("a matrix of ", dims_to_string(plain), " has ", packed.size(), " packed elements");
  return transposed(packed, plain[1], plain[0], plain);
}

}  // namespace ingot
