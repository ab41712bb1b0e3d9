// Arithmetic on constants, for passes that fold one operation into another's weights. Sums and products are
// done in double and rounded once.
#pragma once

#include "passes/rewrite.h"

namespace ingot::passes {

std::vector<double> to_doubles(const Tensor& t);
/// A tensor of a floating type.
Result<Tensor> from_doubles(DataType dtype, Dims dims, std::span<const double> values);
/// All elements `value`.
Result<Tensor> filled(DataType dtype, Dims dims, double value);
/// `t` times factors[index along `axis`].
Result<Tensor> scale_axis(const Tensor& t, size_t axis, std::span<const double> factors);
/// The tensors, which differ along `axis` at most, one after the other along it.
Result<Tensor> concatenate(std::span<const Tensor> parts, size_t axis);

/// The elements of a float constant that, broadcast to `shape`, differs along `axis` only: one for each of
/// the `count` places there.
std::optional<std::vector<double>> along_axis(const Value* constant, const Shape& shape, size_t axis,
                                              int64_t count);

}  // namespace ingot::passes
