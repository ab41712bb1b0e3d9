// Everything that moves elements: conversions, changes of layout, transposes, slices, parts of a concat,
// gathers.
#include "backends/cuda/kernels/copy/copy.h"

#include <algorithm>

#include "backends/cuda/steps/step.h"
#include "ops/common.h"

namespace ingot::cuda {
namespace {

size_t offset_bytes(const TensorArg& a, int64_t elements) {
  return static_cast<size_t>(elements) * byte_size(a.dtype, 1);
}

// One side of a copy.
struct Side {
  DataType type;
  Dims strides;
  Pointer pointer;
};

Status add_copy(Launches& all, const Dims& dims, const Side& from, const Side& to) {
  if (num_elements(dims) == 0) return {};
  CopyProblem p{from.type, to.type, dims, from.strides, to.strides};
  p.alignment = std::min(alignment_of(from.pointer.offset), alignment_of(to.pointer.offset));
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, copy_kernel(p));
  all.push_back({std::move(spec), {from.pointer, to.pointer}});
  return {};
}

Result<Launches> copy(const Dims& dims, const Side& from, const Side& to) {
  Launches all;
  INGOT_RETURN_IF_ERROR(add_copy(all, dims, from, to));
  return all;
}

Side whole(const TensorArg& a, Pointer pointer) { return {a.dtype, strides_of(a), pointer}; }

// The same elements in the same order: layouts or types differ.
Result<Launches> same_elements(const StepView& step) {
  return copy(step.out(0).dims, whole(step.in(0), input(0)), whole(step.out(0), output(0)));
}

}  // namespace

Result<Launches> convert_launches(const StepView& step) { return same_elements(step); }
Result<Launches> reorder_launches(const StepView& step) { return same_elements(step); }

// A Reshape that could not be a view: dense on both sides.
Result<Launches> reshape_launches(const StepView& step) {
  const TensorArg &x = step.in(0), &y = step.out(0);
  const Dims flat = {num_elements(x.dims)};
  return copy(flat, {x.dtype, {1}, input(0)}, {y.dtype, {1}, output(0)});
}

// Input 0 repeated to the output's dims.
Result<Launches> expand_launches(const StepView& step) {
  const TensorArg &x = step.in(0), &y = step.out(0);
  Side from{x.dtype, Dims(y.dims.size(), 0), input(0)};
  const Dims strides = strides_of(x);
  const size_t skipped = y.dims.size() - x.dims.size();
  for (size_t d = 0; d < x.dims.size(); ++d)
    if (x.dims[d] != 1) from.strides[skipped + d] = strides[d];
  return copy(y.dims, from, whole(y, output(0)));
}

// args: perm.
Result<Launches> transpose_launches(const StepView& step) {
  const TensorArg &x = step.in(0), &y = step.out(0);
  const size_t rank = x.dims.size();
  Ints perm = step.args.get_ints("perm");
  if (perm.empty())
    for (size_t d = rank; d-- > 0;) perm.push_back(static_cast<int64_t>(d));
  const Dims strides = strides_of(x);
  Side from{x.dtype, Dims(rank), input(0)};
  for (size_t d = 0; d < rank; ++d) from.strides[d] = strides[static_cast<size_t>(perm[d])];
  return copy(y.dims, from, whole(y, output(0)));
}

// args: axis.
Result<Launches> concat_launches(const StepView& step) {
  const TensorArg& y = step.out(0);
  const auto axis = static_cast<size_t>(step.args.get_int("axis"));
  const Dims strides = strides_of(y);
  if (axis >= y.dims.size()) return corrupt("axis ", axis, " for ", y.dims.size(), " dims");
  Launches all;
  int64_t at = 0;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    const TensorArg& x = step.in(i);
    INGOT_RETURN_IF_ERROR(add_copy(all, x.dims, whole(x, input(i)),
                                   {y.dtype, strides, output(0, offset_bytes(y, at * strides[axis]))}));
    at += x.dims[axis];
  }
  if (at != y.dims[axis])
    return invalid_argument("the parts of a concat have ", at, " along axis ", axis, ", its result ",
                            y.dims[axis]);
  return all;
}

// args: axis, starts (one for each output).
Result<Launches> slice_launches(const StepView& step) {
  const TensorArg& x = step.in(0);
  const auto axis = static_cast<size_t>(step.args.get_int("axis"));
  const Ints starts = step.args.get_ints("starts");
  const Dims strides = strides_of(x);
  if (axis >= x.dims.size() || starts.size() != step.outputs.size())
    return corrupt("a slice has the wrong axis or outputs");
  Launches all;
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    const TensorArg& y = step.out(i);
    if (!y.given()) continue;
    if (starts[i] < 0 || starts[i] + y.dims[axis] > x.dims[axis])
      return invalid_argument("a slice of ", dims_to_string(y.dims), " from ", starts[i], " lies outside of ",
                              dims_to_string(x.dims));
    const Pointer from = input(0, offset_bytes(x, starts[i] * strides[axis]));
    INGOT_RETURN_IF_ERROR(add_copy(all, y.dims, {x.dtype, strides, from}, whole(y, output(i))));
  }
  return all;
}

// args: axes, starts, steps: how Slice walks, before sizes are known.
Result<Launches> strided_slice_launches(const StepView& step) {
  const TensorArg &x = step.in(0), &y = step.out(0);
  if (num_elements(y.dims) == 0) return Launches{};
  const Ints axes = step.args.get_ints("axes"), starts = step.args.get_ints("starts"),
             steps = step.args.get_ints("steps");
  if (starts.size() != axes.size() || steps.size() != axes.size())
    return corrupt("a slice of ", axes.size(), " axes");
  Side from = whole(x, input(0));
  int64_t first = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const int axis, ops::normalize_axis(axes[i], static_cast<int>(x.dims.size())));
    const auto a = static_cast<size_t>(axis);
    const int64_t n = x.dims[a], start = starts[i] < 0 ? starts[i] + n : starts[i];
    first += std::clamp<int64_t>(start, 0, steps[i] > 0 ? n : n - 1) * from.strides[a];
    from.strides[a] = y.dims[a] > 1 ? from.strides[a] * steps[i] : 0;  // a far step is never taken
  }
  from.pointer.offset = offset_bytes(x, first);
  return copy(y.dims, from, whole(y, output(0)));
}

Result<Launches> tile_launches(const StepView& step) {
  const TensorArg &x = step.in(0), &y = step.out(0);
  const Dims x_strides = strides_of(x), y_strides = strides_of(y);
  Dims dims;  // of each dim: how often, then itself
  Side from{x.dtype, {}, input(0)}, to{y.dtype, {}, output(0)};
  for (size_t d = 0; d < x.dims.size(); ++d) {
    dims.insert(dims.end(), {x.dims[d] == 0 ? 0 : y.dims[d] / x.dims[d], x.dims[d]});
    from.strides.insert(from.strides.end(), {0, x_strides[d]});
    to.strides.insert(to.strides.end(), {y_strides[d] * x.dims[d], y_strides[d]});
  }
  return copy(dims, from, to);
}

// args: blocksize, mode. Blocks of channels become pixels, or the other way around.
Result<Launches> depth_space_launches(const StepView& step) {
  const bool to_space = step.kernel == "DepthToSpace";
  const TensorArg& d = to_space ? step.in(0) : step.out(0);  // with more channels
  const TensorArg& w = to_space ? step.out(0) : step.in(0);  // with more pixels
  const int64_t b = step.args.get_int("blocksize");
  if (d.dims.size() != 4 || w.dims.size() != 4 || b < 1)
    return unsupported("an image of ", d.dims.size(), " dims");
  const Dims ds = strides_of(d), ws = strides_of(w);
  const int64_t channels = w.dims[1];
  const bool crd = step.args.get_string("mode", "DCR") == "CRD";
  // Image, channel, row, row within the block, column, column within the block.
  const Dims dims = {d.dims[0], channels, d.dims[2], b, d.dims[3], b};
  const Dims of_deep = {ds[0], (crd ? b * b : 1) * ds[1],   ds[2], (crd ? b : b * channels) * ds[1],
                        ds[3], (crd ? 1 : channels) * ds[1]};
  const Dims of_wide = {ws[0], ws[1], ws[2] * b, ws[2], ws[3] * b, ws[3]};
  return copy(dims, {step.in(0).dtype, to_space ? of_deep : of_wide, input(0)},
              {step.out(0).dtype, to_space ? of_wide : of_deep, output(0)});
}

// args: mode, margins (before and after each dim), value.
Result<Launches> pad_launches(const StepView& step) {
  const TensorArg &x = step.in(0), &y = step.out(0);
  if (num_elements(y.dims) == 0) return Launches{};
  const Ints margins = step.args.get_ints("margins");
  const std::string mode = step.args.get_string("mode", "constant");
  const size_t rank = x.dims.size();
  if (margins.size() != 2 * rank) return corrupt(margins.size(), " margins for ", rank, " dims");
  PadProblem p{x.dtype,
               x.dims,
               {margins.begin(), margins.begin() + static_cast<std::ptrdiff_t>(rank)},
               {margins.begin() + static_cast<std::ptrdiff_t>(rank), margins.end()}};
  p.mode = mode == "edge"      ? PadMode::kEdge
           : mode == "reflect" ? PadMode::kReflect
           : mode == "wrap"    ? PadMode::kWrap
                               : PadMode::kConstant;
  p.value = static_cast<double>(step.args.get_float("value"));
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, pad_kernel(p));
  Launches out;
  out.push_back({std::move(spec), {input(0), output(0)}});
  return out;
}

// args: axis. Kernel "flat": the indices count in the flattened data.
Result<Launches> gather_launches(const StepView& step) {
  const Dims d = step.kernel == "flat" ? Dims{num_elements(step.in(0).dims)} : step.in(0).dims;
  const int64_t indices = num_elements(step.kernel == "flat" ? step.out(0).dims : step.in(1).dims);
  int64_t axis = step.args.get_int("axis");
  if (axis < 0) axis += static_cast<int64_t>(d.size());
  if (axis < 0 || axis >= static_cast<int64_t>(d.size()))
    return corrupt("axis ", axis, " for ", d.size(), " dims");
  GatherProblem p{step.in(0).dtype, step.in(1).dtype, 1, d[static_cast<size_t>(axis)], 1, indices};
  for (size_t i = 0; i < d.size(); ++i)
    if (i != static_cast<size_t>(axis)) (i < static_cast<size_t>(axis) ? p.outer : p.inner) *= d[i];
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, gather_kernel(p));
  Launches out;
  out.push_back({std::move(spec), {input(0), input(1), output(0)}});
  return out;
}

}  // namespace ingot::cuda
