// Engine::refit: other weights in the network that an engine was built from.
#include <cstring>

#include "api/compile_impl.h"
#include "compiler/compile.h"

namespace ingot {
namespace {

// The elements may lie in the host's memory or the device's.
Result<Tensor> copy(const TensorRef& from, Device& device) {
  INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(from.dtype, from.dims));
  if (out.bytes() == 0) return out;
  if (from.data == nullptr) return invalid_argument("there is no data");
  if (!device.shares_memory() && device.can_access(from.data)) {
    INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Stream> stream, device.make_stream(1));
    INGOT_RETURN_IF_ERROR(stream->download(out.mutable_data(), from.data, out.bytes()));
  } else {
    std::memcpy(out.mutable_data(), from.data, out.bytes());
  }
  return out;
}

// A device for the new engine alone: what it keeps of weights goes with it.
Result<std::shared_ptr<Device>> fresh_device(const Engine::Impl& engine) {
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<Device> device, open_device(std::string(engine.device->name())));
  for (const Weight& w : engine.image->weights)
    if (w.packing.starts_with(kBinaryPacking)) device->add_binary(w.packing, w.data);
  return device;
}

}  // namespace

Result<std::vector<TensorInfo>> Engine::weights() const {
  INGOT_ASSIGN_OR_RETURN(const std::vector<Tensor> stored, stored_weights(*impl_->image));
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Graph> graph, source_graph(*impl_->image, stored));
  std::vector<TensorInfo> out;
  for (const Value* v : graph->constants()) {
    TensorInfo& info = out.emplace_back(TensorInfo{v->name(), v->dtype(), true, {}});
    for (int64_t d : v->constant().dims()) info.dims.push_back(std::to_string(d));
  }
  return out;
}

Result<Engine> Engine::refit(const std::map<std::string, TensorRef>& weights) const {
  std::map<std::string, Tensor> copies;
  for (const auto& [name, ref] : weights) {
    auto tensor = copy(ref, *impl_->device);
    if (!tensor.ok()) return tensor.status().with_context(str("weight '", name, "'"));
    copies[name] = std::move(*tensor);
  }
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<Device> device, fresh_device(*impl_));
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Target> target, make_target(*impl_->image, *device));
  INGOT_ASSIGN_OR_RETURN(const std::vector<Tensor> stored, stored_weights(*impl_->image));
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Graph> graph, source_graph(*impl_->image, stored));
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<EngineImage> image,
                         ingot::refit(*impl_->image, *graph, *target, *device, copies));
  return make_engine(std::move(image), std::move(device), impl_->warnings, impl_->build_report);
}

}  // namespace ingot
