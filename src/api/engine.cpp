// Engine: load, save, describe. Building is in build.cpp, which the run-only library leaves out.
#include <algorithm>

#include "api/engine_impl.h"
#include "backends/cpu/plugin.h"
#include "backends/cuda/plugin.h"

namespace ingot {
namespace {

TensorInfo info_of(const PlanTensor& t) {
  TensorInfo info{t.name, t.type.dtype, t.type.ranked, {}};
  for (const Dim& d : t.type.shape) info.dims.push_back(d.to_string());
  return info;
}

Result<Engine> open_image(std::shared_ptr<const EngineImage> image, const LoadOptions& options) {
  const bool for_gpu = options.device.empty() && !image->plans.empty() && image->plans[0].device == "cuda";
  auto gpu = for_gpu ? open_device("cuda") : unsupported("");
  const std::string other = options.device.empty() ? "cpu" : options.device;
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<Device> device, gpu.ok() ? std::move(gpu) : open_device(other));
  const bool fits = std::any_of(image->plans.begin(), image->plans.end(),
                                [&](const Plan& p) { return device->can_run(p); });
  if (fits) return make_engine(std::move(image), std::move(device), {});
  const std::string made_for =
      image->plans.empty() ? "nothing" : str(image->plans[0].device, " ", image->plans[0].arch);
  auto replanned = replan_for(*image, *device);
  if (!replanned.ok())
    return replanned.status().with_context(str("the engine was built for ", made_for, ", this machine is ",
                                               device->name(), " ", device->arch()));
  std::vector<std::string> warnings = {
      str("the engine was built for ", made_for, "; its plan was made anew for ", device->name(), " ",
          device->arch(), " with default kernels: build it on this machine to have it tuned")};
  if (for_gpu && !gpu.ok()) warnings.push_back(str("there is no GPU to use: ", gpu.status().message()));
  return make_engine(std::move(*replanned), std::move(device), std::move(warnings));
}

}  // namespace

Result<std::shared_ptr<Device>> open_device(const std::string& name) {
  if (name != "cpu" && name != "cuda")
    return unsupported("device '", name, "' is not available, expected 'cpu' or 'cuda'");
  INGOT_ASSIGN_OR_RETURN(std::unique_ptr<Device> device,
                         name == "cuda" ? cuda::make_device() : cpu::make_device());
  return std::shared_ptr<Device>(std::move(device));
}

Result<Engine> make_engine(std::shared_ptr<const EngineImage> image, std::shared_ptr<Device> device,
                           std::vector<std::string> warnings, std::string build_report) {
  if (image->plans.empty()) return corrupt("the engine holds no plan");
  auto impl = std::make_shared<Engine::Impl>();
  const Plan& plan = image->plans.front();
  for (TensorId t : plan.inputs) impl->inputs.push_back(info_of(plan.tensors[static_cast<size_t>(t)]));
  for (TensorId t : plan.outputs) impl->outputs.push_back(info_of(plan.tensors[static_cast<size_t>(t)]));
  impl->image = std::move(image);
  impl->device = std::move(device);
  impl->warnings = std::move(warnings);
  impl->build_report = std::move(build_report);
  return Engine(std::move(impl));
}

const std::vector<TensorInfo>& Engine::inputs() const { return impl_->inputs; }
const std::vector<TensorInfo>& Engine::outputs() const { return impl_->outputs; }
const std::vector<std::string>& Engine::warnings() const { return impl_->warnings; }
const std::map<std::string, std::string>& Engine::metadata() const { return impl_->image->metadata; }
std::string Engine::device() const { return std::string(impl_->device->name()); }
std::string Engine::graph_text() const { return impl_->image->graph; }
Status Engine::save(const std::string& path) const { return save_engine(*impl_->image, path); }
Status Engine::check_weights() const { return ingot::check_weights(*impl_->image); }
std::vector<std::byte> Engine::serialize() const { return serialize_engine(*impl_->image); }

Result<Engine> load(const std::string& path, const LoadOptions& options) {
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<const EngineImage> image, load_engine(path));
  return open_image(std::move(image), options);
}

Result<Engine> load_bytes(const void* data, size_t size, const LoadOptions& options) {
  const auto* begin = static_cast<const std::byte*>(data);
  // Weights are read in place, so the copy is aligned as a mapping would be.
  void* memory = std::aligned_alloc(4096, (size + 4095) / 4096 * 4096 + 4096);
  if (memory == nullptr) return out_of_memory("cannot allocate ", size, " bytes for an engine");
  std::shared_ptr<void> owner(memory, [](void* p) { std::free(p); });
  std::copy(begin, begin + size, static_cast<std::byte*>(memory));
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<const EngineImage> image,
                         parse_engine({static_cast<const std::byte*>(memory), size}, owner));
  INGOT_RETURN_IF_ERROR(ingot::check_weights(*image));
  return open_image(std::move(image), options);
}

const char* version() { return INGOT_VERSION; }

}  // namespace ingot
