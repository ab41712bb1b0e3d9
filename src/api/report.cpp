// Engine::report_json: what the engine is and why.
#include <nlohmann/json.hpp>
#include <set>

#include "api/engine_impl.h"
#include "base/data_type.h"

namespace ingot {
namespace {

using Json = nlohmann::ordered_json;

Json describe(const std::vector<TensorInfo>& infos) {
  Json out = Json::array();
  for (const TensorInfo& i : infos) {
    Json one = {{"name", i.name}, {"type", data_type_name(i.dtype)}};
    one["dims"] = i.ranked ? Json(i.dims) : Json();
    out.push_back(std::move(one));
  }
  return out;
}

Json describe(const Plan& plan, const PlanTensor& tensor) {
  Json dims;  // null: the rank is not known
  if (tensor.type.ranked) dims = Json::array();
  for (const Dim& d : tensor.type.shape) dims.push_back(d.is_const() ? Json(d.value()) : Json(d.to_string()));
  Json out = {{"name", tensor.name},
              {"type", data_type_name(tensor.type.dtype)},
              {"dims", std::move(dims)},
              {"layout", layout_name(tensor.layout)}};
  if (tensor.layout == Layout::kBlocked) out["block"] = plan.block;
  if (tensor.alias_of != kNoTensor) out["in_place"] = true;
  return out;
}

// Operands of a step that are no constants.
Json describe(const Plan& plan, const std::vector<TensorId>& operands) {
  Json out = Json::array();
  for (TensorId t : operands) {
    if (t == kNoTensor) continue;
    const PlanTensor& tensor = plan.tensors[static_cast<size_t>(t)];
    if (tensor.weight < 0) out.push_back(describe(plan, tensor));
  }
  return out;
}

// The steps of a plan, those of bodies inside their If, Loop or Scan, whose `flops` are those of its largest
// body, run once. `reference` collects what runs on reference kernels, at any depth.
Json describe_steps(const Plan& plan, Json& reference, double& flops) {
  Json steps = Json::array();
  for (const PlanStep& s : plan.steps) {
    const bool control = !s.subplans.empty(), fails = s.op == "eval" && s.kernel == "Fail";
    const std::string_view op = control ? "control_flow" : fails ? "fail" : std::string_view(s.op);
    Json one = {{"name", s.name}, {"op", op}, {"kernel", s.kernel}, {"bytes", s.bytes}};
    one["inputs"] = describe(plan, s.inputs);
    one["outputs"] = describe(plan, s.outputs);
    for (const KernelTime& k : s.timed)
      one["timed"].push_back({{"kernel", k.kernel}, {"ms", k.seconds * 1e3}, {"picked", k.picked}});
    double largest = control ? 0 : s.flops;
    for (const auto& [name, body] : s.subplans) {
      double inside = 0;
      one["bodies"][name] = describe_steps(plan.subplans[static_cast<size_t>(body)], reference, inside);
      largest = std::max(largest, inside);
    }
    if (op == "eval") reference.push_back({{"name", s.name}, {"op", s.kernel}});
    one["flops"] = largest;
    flops += largest;
    steps.push_back(std::move(one));
  }
  return steps;
}

Json describe(const Plan& plan) {
  Json reference = Json::array();
  double flops = 0;
  Json steps = describe_steps(plan, reference, flops);
  Json profile = Json::array();
  for (const ProfileInput& p : plan.profile)
    profile.push_back({{"input", p.name}, {"min", p.min}, {"opt", p.opt}, {"max", p.max}});
  return {{"device", plan.device}, {"arch", plan.arch}, {"threads", plan.threads},       {"flops", flops},
          {"profile", profile},    {"steps", steps},    {"reference_kernels", reference}};
}

// What is stored, each tensor once.
double weight_bytes(const EngineImage& image) {
  double bytes = 0;
  std::set<const void*> seen;
  for (const Weight& w : image.weights)
    if (w.stored() && seen.insert(w.data.data()).second) bytes += static_cast<double>(w.data.bytes());
  return bytes;
}

}  // namespace

std::string Engine::report_json() const {
  const EngineImage& image = *impl_->image;
  Json out;
  for (const auto& [name, value] : image.meta) {
    if (const auto* i = std::get_if<int64_t>(&value))
      out[name] = *i;
    else if (const auto* f = std::get_if<float>(&value))
      out[name] = *f;
    else if (const auto* s = std::get_if<std::string>(&value))
      out[name] = *s;
    else if (const auto* l = std::get_if<Strings>(&value))
      out[name] = *l;
  }
  out["inputs"] = describe(impl_->inputs);
  out["outputs"] = describe(impl_->outputs);
  out["weight_bytes"] = weight_bytes(image);
  out["warnings"] = impl_->warnings;
  out["build"] = Json::parse(impl_->build_report, nullptr, false);
  Json plans = Json::array();
  for (const Plan& p : image.plans) plans.push_back(describe(p));
  out["plans"] = std::move(plans);
  return out.dump(1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ingot
