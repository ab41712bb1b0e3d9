// Scan: a body applied to each slice of the scan inputs, with state passed along and outputs stacked.
// Inputs: states, then num_scan_inputs scan inputs. Body: (states..., slices...) -> (states..., slices...).
#include <algorithm>

#include "ops/control_flow.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

struct Layout {
  size_t states, scans;
};

Result<Layout> layout(const Attrs& attrs, size_t inputs, size_t outputs) {
  const int64_t scans = attrs.get_int("num_scan_inputs");
  if (scans < 1 || scans > static_cast<int64_t>(inputs))
    return invalid_argument("num_scan_inputs is ", scans, ", the node has ", inputs, " inputs");
  const Layout l{inputs - static_cast<size_t>(scans), static_cast<size_t>(scans)};
  if (outputs < l.states)
    return invalid_argument("the node has ", outputs, " outputs for ", l.states, " states");
  auto check = [&](const char* name, size_t expected) -> Status {
    const size_t got = attrs.get_ints(name).size();
    if (got == 0 || got == expected) return {};
    return invalid_argument(name, " has ", got, " numbers, expected ", expected);
  };
  INGOT_RETURN_IF_ERROR(check("scan_input_axes", l.scans));
  INGOT_RETURN_IF_ERROR(check("scan_input_directions", l.scans));
  INGOT_RETURN_IF_ERROR(check("scan_output_axes", outputs - l.states));
  INGOT_RETURN_IF_ERROR(check("scan_output_directions", outputs - l.states));
  return l;
}

int64_t entry(const Attrs& attrs, const char* name, size_t i) {
  const Ints values = attrs.get_ints(name);
  return i < values.size() ? values[i] : 0;
}

Status infer(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const Layout l, layout(c.attrs, c.inputs.size(), c.outputs.size()));
  std::vector<TensorType> formals;
  std::optional<Dim> steps;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    if (!c.has(i)) return invalid_argument("input ", i, " is missing");
    TensorType t = c.type(i);
    if (i >= l.states && t.ranked) {
      const size_t k = i - l.states;
      INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(entry(c.attrs, "scan_input_axes", k), t.rank()));
      const Dim n = t.shape[static_cast<size_t>(axis)];
      if (steps && steps->is_const() && n.is_const() && !(*steps == n))
        return invalid_argument("scan inputs have ", steps->value(), " and ", n.value(), " steps");
      if (!steps || n.is_const()) steps = n;
      t.shape.erase(t.shape.begin() + axis);
    }
    formals.push_back(std::move(t));
  }
  INGOT_ASSIGN_OR_RETURN(auto results, c.infer_subgraph("body", formals));
  if (results.size() != c.outputs.size())
    return invalid_argument("the body has ", results.size(), " outputs, the node has ", c.outputs.size());
  // States keep their shapes; where inference sees a change it knows less than the model, and says so.
  bool weaker = false;
  for (size_t i = 0; i < l.states; ++i) {
    INGOT_ASSIGN_OR_RETURN(TensorType both, join(c, formals[i], results[i]));
    weaker = weaker || !(both == formals[i]);
    formals[i] = std::move(both);
  }
  if (weaker) {
    INGOT_ASSIGN_OR_RETURN(results, c.infer_subgraph("body", formals));
  }
  const std::set<std::string> known = outer_symbols(c);
  for (size_t i = 0; i < c.outputs.size(); ++i) {
    const TensorType& t = i < l.states ? formals[i] : results[i];
    if (!t.ranked) {
      c.set_unranked(i, t.dtype);
      continue;
    }
    Shape shape = outside(c, t.shape, known);
    if (i >= l.states) {
      INGOT_ASSIGN_OR_RETURN(const int axis,
                             normalize_axis(entry(c.attrs, "scan_output_axes", i - l.states), t.rank() + 1));
      shape.insert(shape.begin() + axis, steps ? *steps : c.fresh_dim());
    }
    c.set(i, t.dtype, std::move(shape));
  }
  return {};
}

// Slice `step` of x along the axis.
Result<Tensor> take_slice(const TensorView& x, int axis, int64_t step) {
  Dims dims = x.dims;
  dims.erase(dims.begin() + axis);
  INGOT_ASSIGN_OR_RETURN(const int64_t size, element_bytes(x));
  INGOT_ASSIGN_OR_RETURN(Tensor slice, Tensor::allocate(x.dtype, dims));
  const AxisSplit s = split_at(x.dims, axis);
  for (int64_t o = 0; o < s.outer; ++o)
    copy_bytes(at(slice.view(), o * s.inner, size), at(x, (o * s.n + step) * s.inner, size), s.inner * size);
  return slice;
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const Layout l, layout(c.attrs, c.inputs.size(), c.num_outputs));
  std::vector<Tensor> state, results;
  for (size_t i = 0; i < l.states; ++i) {
    const TensorView& v = c.input(i);
    state.push_back(Tensor::wrap(v.dtype, v.dims, v.data, nullptr));
  }
  std::vector<int> axes;
  int64_t steps = 0;
  for (size_t k = 0; k < l.scans; ++k) {
    const TensorView& x = c.input(l.states + k);
    INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(entry(c.attrs, "scan_input_axes", k), x.rank()));
    const int64_t n = x.dims[static_cast<size_t>(axis)];
    if (k > 0 && n != steps) return invalid_argument("scan inputs have ", steps, " and ", n, " steps");
    steps = n;
    axes.push_back(axis);
  }
  std::vector<std::vector<Tensor>> collected(c.num_outputs - l.states);
  for (int64_t t = 0; t < steps; ++t) {
    std::vector<Tensor> slices;
    std::vector<TensorView> formals;
    for (const Tensor& s : state) formals.push_back(s.view());
    for (size_t k = 0; k < l.scans; ++k) {
      const bool reverse = entry(c.attrs, "scan_input_directions", k) != 0;
      INGOT_ASSIGN_OR_RETURN(Tensor slice,
                             take_slice(c.input(l.states + k), axes[k], reverse ? steps - 1 - t : t));
      slices.push_back(std::move(slice));
      formals.push_back(slices.back().view());
    }
    INGOT_RETURN_IF_ERROR(c.run_subgraph("body", formals, results));
    INGOT_RETURN_IF_ERROR(own(results, formals));
    state.assign(results.begin(), results.begin() + static_cast<int64_t>(l.states));
    for (size_t i = 0; i < collected.size(); ++i) collected[i].push_back(results[l.states + i]);
  }
  for (size_t i = 0; i < l.states; ++i) INGOT_RETURN_IF_ERROR(set_output(c, i, state[i].view()));
  for (size_t i = 0; i < collected.size(); ++i) {
    if (entry(c.attrs, "scan_output_directions", i) != 0)
      std::reverse(collected[i].begin(), collected[i].end());
    INGOT_RETURN_IF_ERROR(set_stacked(c, l.states + i, "body", l.states + i, collected[i],
                                      entry(c.attrs, "scan_output_axes", i)));
  }
  return {};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Scan() {
  static const OpDef op{"Scan",
                        1,
                        kVariadic,
                        1,
                        kVariadic,
                        {required<int64_t>("num_scan_inputs"), absent_or<Ints>("scan_input_axes"),
                         absent_or<Ints>("scan_input_directions"), absent_or<Ints>("scan_output_axes"),
                         absent_or<Ints>("scan_output_directions")},
                        ops::infer,
                        ops::eval,
                        nullptr,
                        {"body"}};
  return op;
}

std::vector<OpCase> cases_Scan() { return {}; }  // networks_test.cpp

}  // namespace ingot
