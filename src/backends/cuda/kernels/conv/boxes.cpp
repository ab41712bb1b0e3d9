// Convolutions whose factors the copy engine brings: warp_specialized.cu and one_tile.cu.
#include <algorithm>

#include "backends/cuda/kernels/conv/conv_text.h"

namespace ingot::cuda {
namespace {

constexpr int64_t kMultiprocessors = 132;

// Whether these are whole pieces of 16 bytes.
bool in_pieces(DataType type, std::initializer_list<int64_t> values) {
  return vector_width(type, values) * bit_width(type) == 128;
}

struct Geometry {
  Dims x_strides;  // of image, row, column
  int64_t weight_row, y_row;
  bool im2col;
};

// Whether an extra lies as y does.
bool is_residual(const ConvProblem& p, const ConvExtra& e) {
  return e.type == p.y_type && e.filter == 1 && e.pixel > 0 && in_pieces(e.type, {e.pixel}) &&
         (p.images == 1 || e.image == e.pixel * p.out_h * p.out_w);
}

Result<Geometry> geometry_of(const ConvProblem& p) {
  const Dims strides = x_strides_of(p);
  Geometry g{{strides[0], strides[1], strides[2]},
             p.weight_row > 0 ? p.weight_row : p.depth(),
             p.y_row > 0 ? p.y_row : p.filters,
             true};
  const bool bytes = p.type == DataType::kI8 && p.x_type == DataType::kU8;
  if (p.exact || p.batch != 1 || (p.x_type != p.type && !bytes) || strides[3] != 1 ||
      p.type == DataType::kF8E4M3)
    return unsupported("factors of another type or order than the copy engine brings them in");
  if (!in_pieces(p.type, {p.channels, strides[0], strides[1], strides[2], g.weight_row}))
    return unsupported("rows that do not begin at multiples of 16 bytes");
  const bool rows_follow = (p.height == 1 || strides[1] == p.width * strides[2]) &&
                           (p.images == 1 || strides[0] == p.height * p.width * strides[2]);
  const bool same_pixels = p.kernel_h * p.kernel_w == 1 && p.out_h == p.height && p.out_w == p.width &&
                           p.pad_top == 0 && p.pad_left == 0 && p.stride_h == 1 && p.stride_w == 1;
  g.im2col = !(rows_follow && same_pixels);
  if (p.gated && (g.im2col || bytes || bit_width(p.type) != 16))
    return unsupported("gates of a convolution of type ", data_type_name(p.type), ", other than 1x1");
  return g;
}

// Where windows begin in the last row and column, relative to those.
int64_t upper_corner(int64_t outputs, int64_t stride, int64_t pad, int64_t size) {
  return (outputs - 1) * stride - pad - (size - 1);
}

Result<TensorMap> map_of_x(const ConvProblem& p, const Geometry& g, int64_t depth, int64_t rows) {
  TensorMap map{.pointer = 0, .type = p.type};
  if (!g.im2col) {
    map.dims = {p.channels, p.rows()};
    map.strides = {g.x_strides[2]};
    map.box = {depth, rows};
    return map;
  }
  map.dims = {p.channels, p.width, p.height, p.images};
  map.strides = {g.x_strides[2], g.x_strides[1], g.x_strides[0]};
  map.box = {depth, rows};
  map.lower = {-p.pad_left, -p.pad_top};
  map.upper = {upper_corner(p.out_w, p.stride_w, p.pad_left, p.width),
               upper_corner(p.out_h, p.stride_h, p.pad_top, p.height)};
  map.steps = {p.stride_w, p.stride_h};
  const auto all = [](const Dims& values, int64_t low, int64_t high) {
    return std::all_of(values.begin(), values.end(), [&](int64_t v) { return v >= low && v <= high; });
  };
  const Dims reach = {(p.kernel_w - 1) * p.dilation_w, (p.kernel_h - 1) * p.dilation_h};
  if (!all(map.lower, -128, 127) || !all(map.upper, -128, 127) || !all(map.steps, 1, 8) ||
      !all(reach, 0, 255))
    return unsupported("windows that the copy engine cannot walk");
  return map;
}

TensorMap map_of_weights(const ConvProblem& p, const Geometry& g, int64_t depth, int64_t filters) {
  const int64_t taps = p.kernel_h * p.kernel_w;
  return {.pointer = 1,
          .type = p.type,
          .dims = {p.channels, taps, p.filters},
          .strides = {taps == 1 ? g.weight_row : p.channels, g.weight_row},
          .box = {depth, 1, filters}};
}

// What both kernels are compiled with.
Status define(KernelSpec& spec, const ConvProblem& p, const ConvConfig& c, const Geometry& g) {
  INGOT_ASSIGN_OR_RETURN(spec.prelude, conv_prelude(p));
  spec.prelude += wgmma_text({p.type, p.x_type, c.bn, p.gated});
  constexpr int kMostRegisters = 200;  // of a thread: sums, a row's elements, their gates
  if (p.gated && c.bm / c.warps_m / 64 * (c.bn / 2 + 32) > kMostRegisters)
    return unsupported("gates of a tile of ", c.bm, "x", c.bn);
  INGOT_RETURN_IF_ERROR(define_types(spec, p));
  spec.define("SCALE", int64_t{p.scale});
  spec.define("NARROW_RESULT", bit_width(p.y_type) <= 16);
  spec.define("CONSTANT_WEIGHTS", p.constant_weights);
  spec.define("GATED", p.gated);
  spec.define("IM2COL", g.im2col);
  spec.define("BM", c.bm);
  spec.define("BN", c.bn);
  spec.define("WARPGROUPS", c.warps_m);
  spec.define("STAGES", c.stages);
  // Past the channels of a tap that has less than a whole tile of depth there are zeros.
  spec.define("STEPS", std::min<int64_t>(4, ceil_div(p.channels * bit_width(p.type), 256)));
  return {};
}

ConvParams params_of(const ConvProblem& p, const ConvConfig& c, int64_t depth) {
  ConvParams params = conv_params(p);
  const int64_t channel_tiles = ceil_div(p.channels, depth), filter_tiles = ceil_div(p.filters, c.bn);
  params.depth_tiles = static_cast<int>(channel_tiles * p.kernel_h * p.kernel_w);
  params.channel_tiles = make_divisor(channel_tiles);
  params.filter_tiles = make_divisor(filter_tiles);
  params.tiles = static_cast<int>(ceil_div(p.rows(), c.bm) * filter_tiles);
  return params;
}

// How the shared memory of warp_specialized.cu is used.
struct Room {
  int stages;
  int64_t kept;  // tiles of depth whose weights stay
  bool two;      // blocks on a multiprocessor
  int64_t bytes;
};

Result<Room> room_of(const ConvConfig& c, bool gated, bool all_filters, int64_t depth_tiles) {
  const int64_t slots = 2 * c.groups, block = 128 * (1 + c.groups * c.warps_m);
  const auto bytes = [&](int64_t stages, int64_t kept) {  // weights, ring, slots, barriers
    return 1024 + kept * c.bn * 128 + stages * (c.bm + (kept > 0 ? 0 : c.bn)) * 128 + slots * c.bm * 128 +
           (2 * stages + 3 * slots + c.groups + kept) * 8;
  };
  // Two blocks share a multiprocessor where their sums leave them registers enough.
  const bool few_registers = !gated && block <= 384 && c.bm / c.warps_m * c.bn <= 64 * 64;
  const auto fits_twice = [&](int64_t shared) {
    return few_registers && 2 * (shared + 1024) <= kMostSharedBytes;
  };
  Room room{c.stages, 0, fits_twice(bytes(c.stages, 0)), bytes(c.stages, 0)};
  constexpr int kFewestStages = 3;
  for (int stages = c.stages; all_filters && stages >= kFewestStages && room.kept == 0; --stages)
    if (const int64_t shared = bytes(stages, depth_tiles);
        room.two ? fits_twice(shared) : shared <= kMostSharedBytes)
      room = {stages, depth_tiles, room.two, shared};
  if (room.bytes > kMostSharedBytes)
    return unsupported("a tile of ", c.bm, "x", c.bn, " in ", c.stages, " stages");
  return room;
}

std::string name_of(const ConvProblem& p, const ConvConfig& c, std::string_view way) {
  return str(p.kernel_h * p.kernel_w > 1 ? "conv_" : "gemm_", data_type_name(p.type), "_", c.bm, "x", c.bn,
             "x", c.stages, "_", way, "__sm90");
}

}  // namespace

Result<KernelSpec> warp_specialized_kernel(const ConvProblem& p, const ConvConfig& c) {
  INGOT_ASSIGN_OR_RETURN(const Geometry g, geometry_of(p));
  const int64_t depth = 1024 / bit_width(p.type), panel = 1024 / bit_width(p.y_type);
  // What a last panel has besides the tile's columns must not be there to store.
  if (bit_width(p.y_type) > 32 || (c.bn % panel != 0 && c.bn < p.filters) || !in_pieces(p.y_type, {g.y_row}))
    return unsupported("results in tiles of ", c.bn, " columns, rows of ", g.y_row);
  const ConvParams params = params_of(p, c, depth);
  INGOT_ASSIGN_OR_RETURN(const Room room, room_of(c, p.gated, c.bn >= p.filters, params.depth_tiles));
  ConvConfig fitting = c;
  fitting.stages = room.stages;
  KernelSpec spec{.source = "conv/warp_specialized.cu", .entry = "conv_specialized"};
  INGOT_RETURN_IF_ERROR(define(spec, p, fitting, g));
  const auto residual =
      std::find_if(p.extras.begin(), p.extras.end(), [&](const ConvExtra& e) { return is_residual(p, e); });
  const bool has_residual = residual != p.extras.end();
  const int64_t residual_index = residual - p.extras.begin();
  spec.define("RESIDUAL", has_residual ? residual_index : -1);
  spec.define("EVEN",
              p.filters % 2 == 0 && std::all_of(p.extras.begin(), p.extras.end(), [](const ConvExtra& e) {
                return e.filter == 0 || (e.image % 2 == 0 && e.pixel % 2 == 0);
              }));
  const int block = 128 * (1 + c.groups * c.warps_m);
  spec.define("GROUPS", c.groups);
  spec.define("BLOCK", block);
  spec.define("RESIDENT", room.two ? 2 : 1);
  spec.define("KEEP_WEIGHTS", room.kept > 0);
  spec.set_params(params);

  INGOT_ASSIGN_OR_RETURN(TensorMap x, map_of_x(p, g, depth, c.bm));
  const size_t extras = 3 + (p.scale != ConvProblem::kAlpha) + p.gated;  // pointers before them
  const TensorMap y{.pointer = extras + p.extras.size(),
                    .type = p.y_type,
                    .dims = {p.filters, p.rows()},
                    .strides = {g.y_row},
                    .box = {panel, c.bm}};
  spec.maps = {std::move(x), map_of_weights(p, g, depth, c.bn), y};
  if (has_residual) {
    spec.maps.push_back(y);
    spec.maps.back().pointer = extras + static_cast<size_t>(residual_index);
    spec.maps.back().strides = {residual->pixel};
  }
  spec.shared_bytes = static_cast<unsigned>(room.bytes);
  spec.grid.x = static_cast<unsigned>(std::min<int64_t>(params.tiles, kMultiprocessors * (room.two ? 2 : 1)));
  spec.block.x = static_cast<unsigned>(block);
  spec.name = name_of(p, c, c.groups == 2 ? "pingpong" : "cooperative");
  return spec;
}

Result<KernelSpec> one_tile_kernel(const ConvProblem& p, const ConvConfig& c) {
  constexpr int kMostSplits = 8;  // that all GPUs form clusters of
  INGOT_ASSIGN_OR_RETURN(const Geometry g, geometry_of(p));
  const int64_t depth = 1024 / bit_width(p.type);
  KernelSpec spec{.source = "conv/one_tile.cu", .entry = "conv_one_tile"};
  INGOT_RETURN_IF_ERROR(define(spec, p, c, g));
  ConvParams params = params_of(p, c, depth);
  params.tiles = params.depth_tiles;
  params.depth_tiles = static_cast<int>(ceil_div(params.tiles, c.splits));
  params.splits = static_cast<int>(ceil_div(params.tiles, params.depth_tiles));
  if (params.splits > kMostSplits) return unsupported("a cluster of ", params.splits, " blocks");
  const int64_t ring = std::min(c.stages, params.depth_tiles) * (c.bm + c.bn) * 128;
  const int64_t shared = 2048 + std::max<int64_t>(ring, c.bm * (c.bn + 8) * 4);
  if (shared > kMostSharedBytes)
    return unsupported("a tile of ", c.bm, "x", c.bn, " in ", c.stages, " stages");
  const int block = 128 * c.warps_m + 32;
  spec.define("VEC_Y", vector_of_y(p, g.y_row));
  spec.define("CLUSTER", params.splits);
  spec.define("BLOCK", block);
  spec.set_params(params);
  INGOT_ASSIGN_OR_RETURN(TensorMap x, map_of_x(p, g, depth, c.bm));
  spec.maps = {std::move(x), map_of_weights(p, g, depth, c.bn)};
  spec.shared_bytes = static_cast<unsigned>(shared);
  spec.grid = {static_cast<unsigned>(ceil_div(p.filters, c.bn)),
               static_cast<unsigned>(ceil_div(p.rows(), c.bm)), static_cast<unsigned>(params.splits)};
  if (spec.grid.y > 65535) return unsupported("a grid of ", spec.grid.y);
  spec.cluster.z = static_cast<unsigned>(params.splits);
  spec.block.x = static_cast<unsigned>(block);
  spec.name = name_of(p, c, str("one_tile_k", params.splits));
  return spec;
}

}  // namespace ingot::cuda
