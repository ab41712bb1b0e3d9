// Steps that our own kernels compute.
#include <algorithm>

#include "backends/cuda/run/kernel.h"
#include "backends/cuda/steps/tensor_map.h"

namespace ingot::cuda {
namespace {

std::byte* resolve(const Pointer& p, const Invocation& call, std::byte* scratch, void* table) {
  if (p.of == Pointer::kNone) return nullptr;
  std::byte* base = p.of == Pointer::kScratch ? scratch
                    : p.of == Pointer::kTable ? static_cast<std::byte*>(table)
                    : p.of == Pointer::kInput ? call.inputs[p.index]->as<std::byte>()
                                              : call.outputs[p.index]->as<std::byte>();
  return base == nullptr ? nullptr : base + p.offset;
}

class LaunchKernel final : public Kernel {
 public:
  LaunchKernel(const KernelSource& source, LaunchFunction launches)
      : step_(source.step), launches_(launches), list_(source.programs) {}
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    INGOT_ASSIGN_OR_RETURN(Launches made, launches_(step_.view(in, out)));
    return list_.set(std::move(made));
  }
  size_t scratch_bytes() const override { return list_.scratch_bytes(); }
  bool can_record() const override { return true; }
  std::vector<std::string> binaries() const override {
    std::vector<std::string> names;
    list_.add_binaries(names);
    return names;
  }
  Status run(const Invocation& call) override {
    return list_.enqueue(call, static_cast<std::byte*>(call.scratch));
  }

 private:
  StepCopy step_;
  LaunchFunction launches_;
  LaunchList list_;
};

}  // namespace

Status LaunchList::set(Launches launches, size_t first) {
  ready_.clear();
  scratch_bytes_ = first;
  for (const Launch& l : launches)
    for (const Pointer& p : l.pointers)
      if (p.of == Pointer::kScratch) scratch_bytes_ = std::max(scratch_bytes_, aligned(p.offset + p.bytes));
  for (Launch& l : launches) {
    INGOT_ASSIGN_OR_RETURN(const CUfunction function, programs_.find(l.spec));
    Ready& r = ready_.emplace_back(Ready{std::move(l), function, scratch_bytes_, nullptr, {}});
    for (Pointer& p : r.launch.pointers) {
      r.tables.emplace_back();
      if (p.of != Pointer::kTable) continue;
      INGOT_ASSIGN_OR_RETURN(r.tables.back(), programs_.upload(p.values));
      p.values = {};
    }
    const KernelSpec& spec = r.launch.spec;
    if (spec.workspace_bytes > 0 && spec.zeroed_workspace) {
      INGOT_ASSIGN_OR_RETURN(r.zeroed, programs_.zeros(spec.workspace_bytes));
    } else {
      scratch_bytes_ += aligned(spec.workspace_bytes);
    }
  }
  return {};
}

void LaunchList::add_binaries(std::vector<std::string>& names) const {
  for (const Ready& r : ready_) names.push_back(programs_.name_of(r.launch.spec));
}

Status LaunchList::enqueue(const Invocation& call, std::byte* scratch) {
  const CudaStream& stream = stream_of(call);
  const Gpu& gpu = stream.gpu();
  INGOT_RETURN_IF_ERROR(gpu.activate());
  constexpr size_t kMaxPointers = 32, kMaxMaps = 4;
  void* pointers[kMaxPointers];
  void* arguments[kMaxPointers + 1 + kMaxMaps];
  for (Ready& r : ready_) {
    const KernelSpec& spec = r.launch.spec;
    size_t count = 0;
    INGOT_CHECK(r.launch.pointers.size() + 1 < kMaxPointers);
    for (size_t i = 0; i < r.launch.pointers.size(); ++i)
      pointers[count++] = resolve(r.launch.pointers[i], call, scratch, r.tables[i].get());
    if (spec.workspace_bytes > 0) pointers[count++] = r.zeroed ? r.zeroed.get() : scratch + r.workspace;
    for (size_t i = 0; i < count; ++i) arguments[i] = &pointers[i];
    if (!spec.params.empty()) arguments[count++] = r.launch.spec.params.data();
    CUtensorMap maps[kMaxMaps];
    INGOT_CHECK(spec.maps.size() <= kMaxMaps);
    for (size_t i = 0; i < spec.maps.size(); ++i) {
      const auto at = reinterpret_cast<CUdeviceptr>(pointers[spec.maps[i].pointer]);
      INGOT_ASSIGN_OR_RETURN(maps[i], encode(gpu.f, spec.maps[i], at));
      arguments[count++] = &maps[i];
    }
    CUlaunchAttribute attributes[2] = {{kLaunchProgrammaticStreamSerialization, {}, {}},
                                       {kLaunchClusterDimension, {}, {}}};
    attributes[0].value.programmatic_stream_serialization = 1;
    attributes[1].value.cluster = {spec.cluster.x, spec.cluster.y, spec.cluster.z};
    const bool clusters = spec.cluster != Extent3{};
    const CUlaunchConfig config{spec.grid.x,  spec.grid.y,       spec.grid.z,       spec.block.x,
                                spec.block.y, spec.block.z,      spec.shared_bytes, stream.handle(),
                                attributes,   clusters ? 2u : 1u};
    INGOT_RETURN_IF_ERROR(
        gpu.f.check(gpu.f.cuLaunchKernelEx(&config, r.function, arguments, nullptr), "launching a kernel")
            .with_context(spec.name));
  }
  return {};
}

Result<std::unique_ptr<Kernel>> make_launch_kernel(const KernelSource& source, LaunchFunction launches) {
  return std::unique_ptr<Kernel>(std::make_unique<LaunchKernel>(source, launches));
}

}  // namespace ingot::cuda
