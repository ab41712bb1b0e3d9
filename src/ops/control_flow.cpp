#include "ops/control_flow.h"

#include <algorithm>

#include "ops/strided.h"

namespace ingot::ops {

Result<TensorType> join(InferContext& c, const TensorType& a, const TensorType& b) {
  if (a.dtype != b.dtype)
    return invalid_argument("a value has type ", data_type_name(a.dtype), " on one way and ",
                            data_type_name(b.dtype), " on another");
  if (!a.ranked || !b.ranked || a.shape.size() != b.shape.size()) return TensorType::unranked(a.dtype);
  TensorType joined = a;
  for (size_t d = 0; d < a.shape.size(); ++d)
    if (!(a.shape[d] == b.shape[d])) joined.shape[d] = c.fresh_dim();
  return joined;
}

std::set<std::string> outer_symbols(const InferContext& c) {
  std::vector<std::string> names;
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (c.has(i))
      for (const Dim& d : c.shape(i)) d.collect_symbols(names);
  return {names.begin(), names.end()};
}

Shape outside(InferContext& c, const Shape& shape, const std::set<std::string>& known) {
  Shape result;
  for (const Dim& d : shape) {
    std::vector<std::string> names;
    d.collect_symbols(names);
    bool visible = true;
    for (const std::string& name : names) visible = visible && known.contains(name);
    result.push_back(visible ? d : c.fresh_dim());
  }
  return result;
}

Status own(std::vector<Tensor>& tensors, std::span<const TensorView> formals) {
  for (Tensor& t : tensors) {
    bool borrowed = false;
    for (const TensorView& f : formals) {
      const auto begin = reinterpret_cast<uintptr_t>(f.data), p = reinterpret_cast<uintptr_t>(t.data());
      borrowed = borrowed || (p >= begin && p < begin + std::max<size_t>(f.bytes(), 1));
    }
    if (!borrowed) continue;
    INGOT_ASSIGN_OR_RETURN(Tensor copy, Tensor::allocate(t.dtype(), t.dims()));
    copy_bytes(copy.mutable_data(), t.data(), static_cast<int64_t>(t.bytes()));
    t = std::move(copy);
  }
  return {};
}

Status set_output(EvalContext& c, size_t i, const TensorView& value) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(i, value.dtype, value.dims));
  copy_bytes(y.data, value.data, static_cast<int64_t>(value.bytes()));
  return {};
}

Status set_stacked(EvalContext& c, size_t i, std::string_view subgraph, size_t k,
                   const std::vector<Tensor>& slices, int64_t axis_given) {
  if (slices.empty()) {
    INGOT_ASSIGN_OR_RETURN(const TensorType t, c.subgraph_output_type(subgraph, k));
    INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(axis_given, t.rank() + 1));
    Dims dims;  // nothing ran: what is not known counts as empty
    for (const Dim& d : t.shape) dims.push_back(d.is_const() ? d.value() : 0);
    dims.insert(dims.begin() + axis, 0);
    return c.output(i, t.dtype, dims).status();
  }
  const Tensor& first = slices.front();
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(axis_given, first.rank() + 1));
  Dims dims = first.dims();
  dims.insert(dims.begin() + axis, static_cast<int64_t>(slices.size()));
  for (const Tensor& t : slices)
    if (t.dims() != first.dims() || t.dtype() != first.dtype())
      return invalid_argument("iterations give ", first.view().type_string(), " and ", t.view().type_string(),
                              ", which do not stack");
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(i, first.dtype(), dims));
  INGOT_ASSIGN_OR_RETURN(const int64_t size, element_bytes(y));
  const AxisSplit s = split_at(dims, axis);
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t slice = 0; slice < s.n; ++slice)
      copy_bytes(at(y, (o * s.n + slice) * s.inner, size),
                 at(slices[static_cast<size_t>(slice)].view(), o * s.inner, size), s.inner * size);
  return {};
}

}  // namespace ingot::ops
