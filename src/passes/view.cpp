#include "passes/view.h"

#include <algorithm>

namespace ingot::passes {

bool is_reshape(const Node& n) { return is_any(n, {"Reshape", "Squeeze", "Unsqueeze", "Flatten"}); }
bool is_rearrangement(const Node& n) { return is_reshape(n) || n.is("Transpose"); }
bool is_movement(const Node& n) { return is_rearrangement(n) || is_any(n, {"Split", "Slice", "Gather"}); }

Ints perm_of(const Node& transpose) {
  Ints perm = transpose.attrs().get_ints("perm");
  if (perm.empty())
    for (int64_t i = transpose.input(0)->type().rank(); i-- > 0;) perm.push_back(i);
  return perm;
}

std::optional<Dim> divide_exactly(const Dim& a, const Dim& b) {
  if (a == b) return Dim(1);
  if (b.is(0)) return std::nullopt;
  Dim quotient = floor_div(a, b);
  if (quotient * b == a) return quotient;
  return std::nullopt;
}

namespace {

// Neighbours that lie together become one.
void normalize(ViewDim& dim) {
  std::erase_if(dim, [](const Atom& a) { return a.extent.is(1); });
  for (size_t i = 0; i + 1 < dim.size();) {
    if (dim[i].stride == dim[i + 1].stride * dim[i + 1].extent) {
      dim[i] = {dim[i].extent * dim[i + 1].extent, dim[i + 1].stride};
      dim.erase(dim.begin() + static_cast<ptrdiff_t>(i) + 1);
    } else {
      ++i;
    }
  }
}

// Takes the first `count` places off the front of `atoms`, splitting one where need be.
std::optional<ViewDim> take(ViewDim& atoms, Dim count) {
  ViewDim taken;
  while (!count.is(1)) {
    if (atoms.empty()) return std::nullopt;
    Atom& next = atoms.front();
    if (const auto rest = divide_exactly(count, next.extent)) {
      count = *rest;
      taken.push_back(next);
      atoms.erase(atoms.begin());
    } else if (const auto inner = divide_exactly(next.extent, count)) {
      taken.push_back({count, next.stride * *inner});
      next.extent = *inner;
      count = 1;
    } else {
      return std::nullopt;
    }
  }
  normalize(taken);
  return taken;
}

// The part of one dimension from `start` on, `extent` long.
bool narrow(View& view, int axis, const Dim& start, const Dim& extent) {
  ViewDim& dim = view.dims[static_cast<size_t>(axis)];
  if (dim.size() != 1) return false;
  view.offset = view.offset + start * dim[0].stride;
  dim[0].extent = extent;
  normalize(dim);
  return true;
}

// Where output `index` of a Split begins.
std::optional<Dim> split_start(const Node& split, size_t index, size_t axis) {
  Dim start = 0;
  for (size_t i = 0; i < index; ++i) {
    if (split.output(i)) {
      start = start + split.output(i)->shape()[axis];
    } else if (const auto sizes = ints(split.input(1)); sizes && i < sizes->size()) {
      start = start + (*sizes)[i];
    } else {
      return std::nullopt;
    }
  }
  return start;
}

bool apply_slice(View& view, const Node& n) {
  const auto starts = ints(n.input(1)), axes = n.input(3) ? ints(n.input(3)) : Ints{0};
  const auto steps = n.input(4) ? ints(n.input(4)) : Ints{1};
  if (!starts || !axes || !steps || starts->size() != 1 || axes->size() != 1 || *steps != Ints{1})
    return false;
  const int rank = n.input(0)->type().rank();
  const int axis = static_cast<int>((*axes)[0] < 0 ? (*axes)[0] + rank : (*axes)[0]);
  if ((*starts)[0] < 0 || axis < 0 || axis >= rank) return false;
  const Dim& size = n.input(0)->shape()[static_cast<size_t>(axis)];
  if (!size.is_const() || (*starts)[0] > size.value()) return false;  // a start that is cut to the size
  return narrow(view, axis, (*starts)[0], n.output()->shape()[static_cast<size_t>(axis)]);
}

bool apply_gather(View& view, const Node& n) {
  const int axis = axis_of(n, "axis", 0, n.input(0));
  const auto index = ints(n.input(1));
  if (axis < 0 || !index || index->size() != 1 || n.input(1)->type().rank() != 0 || (*index)[0] < 0)
    return false;
  if (!narrow(view, axis, (*index)[0], 1)) return false;
  view.dims.erase(view.dims.begin() + axis);
  return true;
}

}  // namespace

View View::whole(Value* root) {
  View view{root, 0, std::vector<ViewDim>(root->shape().size())};
  Dim stride = 1;
  for (size_t i = root->shape().size(); i-- > 0;) {
    const Dim& extent = root->shape()[i];
    if (!extent.is(1)) view.dims[i] = {{extent, stride}};
    stride = stride * extent;
  }
  return view;
}

bool View::reshape(const Shape& shape) {
  ViewDim atoms;
  for (const ViewDim& d : dims) atoms.insert(atoms.end(), d.begin(), d.end());
  std::vector<ViewDim> result;
  for (const Dim& extent : shape) {
    auto taken = take(atoms, extent);
    if (!taken) return false;
    result.push_back(std::move(*taken));
  }
  if (!atoms.empty()) return false;
  dims = std::move(result);
  return true;
}

bool View::apply(const Node& n, size_t output) {
  const Value* result = n.output(output);
  if (!n.input(0)->type().ranked || !result->type().ranked) return false;
  if (is_reshape(n)) return reshape(result->shape());
  if (n.is("Transpose")) {
    std::vector<ViewDim> permuted;
    for (int64_t p : perm_of(n)) permuted.push_back(dims[static_cast<size_t>(p)]);
    dims = std::move(permuted);
    return true;
  }
  if (n.is("Slice")) return apply_slice(*this, n);
  if (n.is("Gather")) return apply_gather(*this, n);
  if (!n.is("Split")) return false;
  const int axis = axis_of(n, "axis", 0, n.input(0));
  if (axis < 0) return false;
  const auto start = split_start(n, output, static_cast<size_t>(axis));
  return start && narrow(*this, axis, *start, result->shape()[static_cast<size_t>(axis)]);
}

}  // namespace ingot::passes
