// Custom: whatever the program registered for `kind` does with `data`. Never folded or merged: Ingot does not
// know what it does.
#include "ops/custom.h"

#include <mutex>

#include "ops/common.h"

namespace ingot::ops {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, CustomFactory> factories;
};
Registry& registry() {
  static Registry r;
  return r;
}

Status infer(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const std::shared_ptr<CustomHooks> hooks, custom_hooks(c.attrs));
  return hooks->infer(c);
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const std::shared_ptr<CustomHooks> hooks, custom_hooks(c.attrs));
  return hooks->eval(c);
}

}  // namespace

Result<std::shared_ptr<CustomHooks>> custom_hooks(const Attrs& attrs) {
  const std::string kind = attrs.get<std::string>("kind", "");
  CustomFactory factory;
  {
    const std::lock_guard lock(registry().mutex);
    const auto it = registry().factories.find(kind);
    if (it == registry().factories.end())
      return unsupported("no custom op of kind '", kind, "' is registered in this process");
    factory = it->second;
  }
  return factory(attrs.get<std::string>("data", ""));
}

void register_custom(const std::string& kind, CustomFactory factory) {
  const std::lock_guard lock(registry().mutex);
  registry().factories[kind] = std::move(factory);
}

}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Custom() {
  static const OpDef op{
      "Custom",   0,         kVariadic,
      1,          kVariadic, {required<std::string>("kind"), optional<std::string>("data", "")},
      ops::infer, ops::eval, nullptr,
      {},         false};
  return op;
}

std::vector<OpCase> cases_Custom() { return {}; }  // tests/api/custom_op_test.cpp

}  // namespace ingot
