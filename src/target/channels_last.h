// Filters [K, C / groups, spatial...] as [K, spatial..., C / groups]: the packing "channels_last", which
// every backend can take back.
#pragma once

#include "target/target.h"

namespace ingot {

/// The filter channels last, its channels filled up with zeros to `channels` where that is more.
PackedInput pack_channels_last(size_t input, const Value& weights, int64_t channels);
Result<Tensor> unpack_channels_last(const Tensor& packed, const Dims& plain);

/// Filters [K, C, height, width] of up to four channels as [K, height, taps * 4], each tap's channels filled
/// up to four, and each row's taps to a multiple of four, with zeros.
PackedInput pack_image_filter(size_t input, const Value& weights);

/// Filters [C, 1, spatial...] of one channel each as [spatial..., C].
PackedInput pack_channels_inner(size_t input, const Value& weights);
/// A matrix [k, n] as [n, k]: the packing "transposed".
PackedInput pack_transposed(size_t input, const Value& weights);
Result<Tensor> unpack_transposed(const Tensor& packed, const Dims& plain);

}  // namespace ingot
