#include "backends/cuda/kernels/copy/copy.h"

#include <algorithm>

#include "backends/cuda/kernels/copy/copy_params.h"
#include "backends/cuda/kernels/pointwise/pointwise.h"

namespace ingot::cuda {
namespace {

Result<KernelSpec> row_copy(const CopyProblem& p) {
  return pointwise_kernel({{}, p.dims, {{p.from, p.from_strides}}, {p.to, p.to_strides}, p.alignment});
}

bool half_sized(DataType type) { return bit_width(type) == 16; }

}  // namespace

Result<KernelSpec> copy_kernel(const CopyProblem& p) {
  const size_t rank = p.dims.size();
  const bool padded = p.valid >= 0 && p.valid < p.dims.back();
  // The dim along which x is contiguous, if it is another than y's, of the two that make tiles.
  size_t row = rank;
  for (size_t d = 0; d + 1 < rank; ++d)
    if (p.from_strides[d] == 1 && (p.dims[d] > 1 || row == rank)) row = d;
  const bool tiles = row < rank && p.to_strides.back() == 1 && p.from_strides.back() != 0 &&
                     (p.from_strides.back() != 1 || p.dims.back() == 1) && (p.dims.back() > 1 || padded);
  const bool exact = !is_integer(p.from) || bit_width(p.from) <= 16;  // through float
  if (padded && !(tiles && exact)) return unsupported("a copy pads only what it transposes");
  if (!tiles || !exact || p.from == DataType::kF64 || p.to == DataType::kF64 ||
      rank - 2 > TileCopyParams::kMaxRank)
    return row_copy(p);

  KernelSpec spec{
      .name = str("transpose_", data_type_name(p.to)), .source = "copy/tile_copy.cu", .entry = "tile_copy"};
  INGOT_ASSIGN_OR_RETURN(const std::string from, checked_device_type(p.from));
  INGOT_ASSIGN_OR_RETURN(const std::string to, checked_device_type(p.to));
  TileCopyParams params{};
  const int64_t rows = p.dims[row], columns = p.dims.back();
  bool pairs = half_sized(p.from) && half_sized(p.to) && rows % 2 == 0 && columns % 2 == 0 &&
               p.from_strides.back() % 2 == 0 && p.to_strides[row] % 2 == 0 && p.alignment >= 4;
  int64_t blocks = 1;
  for (size_t d = rank - 1; d-- > 0;) {
    if (d == row) continue;
    pairs = pairs && p.from_strides[d] % 2 == 0 && p.to_strides[d] % 2 == 0;
    params.sizes[params.rank] = make_divisor(std::max<int64_t>(1, p.dims[d]));
    params.from[params.rank] = p.from_strides[d];
    params.to[params.rank++] = p.to_strides[d];
    blocks *= p.dims[d];
  }
  const int tile = pairs ? 64 : 32;
  params.rows = static_cast<unsigned>(rows);
  params.columns = static_cast<unsigned>(columns);
  params.valid = static_cast<unsigned>(padded ? p.valid : columns);
  params.from_column = p.from_strides.back();
  params.to_row = p.to_strides[row];
  params.row_tiles = make_divisor(ceil_div(rows, tile));
  params.column_tiles = make_divisor(ceil_div(columns, tile));
  blocks *= ceil_div(rows, tile) * ceil_div(columns, tile);
  if (blocks >= int64_t{1} << 31) return unsupported("a transpose of ", blocks, " tiles is too large");
  spec.define("FROM", from);
  spec.define("TO", to);
  spec.define("TILE", tile);
  spec.define("VEC", pairs ? 2 : 1);
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, blocks));
  spec.block.x = 256;
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
