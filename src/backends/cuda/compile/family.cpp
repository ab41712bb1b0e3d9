#include "backends/cuda/compile/family.h"

#include <algorithm>
#include <map>

#include "target/cut.h"

namespace ingot::cuda {
namespace {

// Whether the constant has the result's shape, of one image or of all.
bool is_image_like(const Value& constant, const Value& result) {
  Shape shape = constant.shape();
  if (!shape.empty() && shape[0].is(1)) shape[0] = result.shape()[0];
  return shape == result.shape();
}

}  // namespace

OptStep::OptStep(const Request& request, const Candidate& candidate) : candidate_(candidate) {
  const Node& node = request.node;
  args_.reserve(node.inputs().size() + node.outputs().size());
  const auto add = [&](const Value* v, Layout layout, std::vector<const TensorArg*>& list) {
    args_.emplace_back();
    if (v != nullptr) args_.back() = {v->dtype(), layout, 0, request.shapes.dims(*v), nullptr};
    list.push_back(&args_.back());
  };
  for (size_t i = 0; i < node.inputs().size(); ++i) add(node.inputs()[i], candidate.inputs[i], inputs_);
  for (size_t i = 0; i < node.outputs().size(); ++i) add(node.outputs()[i], candidate.outputs[i], outputs_);
}

Candidate candidate_for(const Request& request, std::string op) {
  const Node& node = request.node;
  Candidate c;
  c.op = std::move(op);
  c.kernel = std::string(node.op().name);
  c.args = node.attrs();
  c.outputs.assign(node.outputs().size(), request.layout);
  const int rank = node.output() != nullptr ? node.output()->type().rank() : -1;
  for (const Value* v : node.inputs()) {
    const bool follows =
        v != nullptr && v->type().rank() == rank && (!v->is_constant() || is_image_like(*v, *node.output()));
    c.inputs.push_back(follows ? request.layout : Layout::kPlain);
  }
  return c;
}

void offer_if_possible(const Request& request, Candidate candidate, Offer& offer) {
  const LaunchFunction launches = find_launches(candidate.op);
  const auto made = launches(OptStep(request, candidate).view());
  if (made.ok())
    offer.candidates.push_back(std::move(candidate));
  else
    offer.skipped.push_back({candidate.op, std::string(made.status().message())});
}

void offer_launches(const Request& r, std::string_view family, Offer& offer) {
  offer_if_possible(r, candidate_for(r, std::string(family)), offer);
}

void offer_elementwise(const Request& r, std::string_view family, Offer& offer) {
  static const std::map<std::string_view, std::string_view> kPrograms = {
#define INGOT_CUDA_ELEMENTWISE(op, program) {#op, program},
#include "backends/cuda/compile/elementwise.inc"
#undef INGOT_CUDA_ELEMENTWISE
  };
  const std::string_view program = kPrograms.at(r.node.op().name);
  size_t operands = 1;
  while (program.find(str('x', operands)) != std::string_view::npos) ++operands;
  if (r.node.inputs().size() != operands)  // Max of three, say
    return offer.skipped.push_back({"pointwise", "it has more operands than the kernel's function"});
  Candidate c = candidate_for(r, std::string(family));
  c.args = {{"program", std::string(program)}};
  offer_if_possible(r, std::move(c), offer);
}

namespace {

// Indices that are constants: as places in the flattened data, of slices that follow each other.
void offer_flat_gather(const Request& r, Offer& offer) {
  const Value &data = *r.node.input(0), &indices = *r.node.input(1);
  const auto skip = [&](const char* why) { offer.skipped.push_back({"gather", why}); };
  if (!indices.is_constant() || indices.dtype() != DataType::kI64)
    return skip("the indices are not constant");
  if (r.node.attrs().get_int("batch_dims") != 0) return skip("it has batch dims");
  const auto depth =
      static_cast<size_t>(indices.constant().dims().empty() ? 0 : indices.constant().dims().back());
  if (!is_static(data.shape()) || depth != data.shape().size())
    return skip("the indices do not name single elements of a tensor of fixed size");
  Candidate c = candidate_for(r, "gather");
  c.kernel = "flat";
  const Tensor constant = indices.constant();
  const Dims dims = r.shapes.dims(data);
  c.packed.push_back({1, str("flat_indices", dims_to_string(dims)), [constant, dims]() -> Result<Tensor> {
                        const std::span<const int64_t> from = constant.span<int64_t>();
                        const size_t depth = dims.size();
                        INGOT_ASSIGN_OR_RETURN(
                            Tensor flat,
                            Tensor::allocate(DataType::kI64, {static_cast<int64_t>(from.size() / depth)}));
                        std::span<int64_t> to = flat.mutable_span<int64_t>();
                        for (size_t i = 0; i < to.size(); ++i)
                          for (size_t d = 0; d < depth; ++d) {
                            const int64_t index = from[i * depth + d];
                            to[i] = to[i] * dims[d] + (index < 0 ? index + dims[d] : index);
                          }
                        return flat;
                      }});
  offer_if_possible(r, std::move(c), offer);
}

}  // namespace

void offer_gather_nd(const Request& r, std::string_view family, Offer& offer) {
  offer_flat_gather(r, offer);
  offer_launches(r, family, offer);
}

void offer_grid_sample(const Request& r, std::string_view family, Offer& offer) {
  Candidate c = candidate_for(r, std::string(family));
  c.inputs[1] = Layout::kPlain;  // places are no image, as many dims as they have
  offer_if_possible(r, std::move(c), offer);
}

void offer_concat(const Request& r, std::string_view family, Offer& offer) {
  Candidate c = candidate_for(r, std::string(family));
  const int64_t axis = r.node.attrs().get_int("axis");
  c.args.set("axis", axis < 0 ? axis + r.node.output()->type().rank() : axis);
  offer_if_possible(r, std::move(c), offer);
}

void offer_slice(const Request& r, std::string_view family, Offer& offer) {
  const auto cut = cut_of(r.node);
  if (!cut) {
    offer.skipped.push_back({"slice", "it is not a cut along one axis at fixed places with step 1"});
    return r.node.is("Slice") ? offer_strided_slice(r, offer) : void();
  }
  Candidate c = candidate_for(r, std::string(family));
  for (size_t i = 1; i < c.inputs.size(); ++i) c.inputs[i] = Layout::kPlain;
  c.args.set("axis", cut->axis);
  c.args.set("starts", cut->starts);
  offer_if_possible(r, std::move(c), offer);
}

void offer_reduce(const Request& r, std::string_view family, Offer& offer) {
  const int64_t rank = r.node.input(0)->type().rank();
  const Value* given = r.node.input(1);
  if (given != nullptr && !given->is_constant())
    return offer.skipped.push_back({"reduce", "the axes are not constant"});
  Ints axes;
  if (given != nullptr)
    for (int64_t axis : to_int64s(given->constant().view())) axes.push_back(axis < 0 ? axis + rank : axis);
  if (axes.empty()) {
    if (r.node.attrs().get_int("noop_with_empty_axes") != 0)
      return offer.skipped.push_back({"reduce", "no axis is reduced"});
    for (int64_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
  }
  Candidate c = candidate_for(r, std::string(family));
  c.args.set("axes", std::move(axes));
  offer_if_possible(r, std::move(c), offer);
}

}  // namespace ingot::cuda
