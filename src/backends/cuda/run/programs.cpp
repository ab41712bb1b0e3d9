#include "backends/cuda/run/programs.h"

#include <cstring>

#include "backends/cuda/driver/nvrtc.h"
#include "engine/engine_file.h"

namespace ingot::cuda {
namespace {

constexpr unsigned kSharedWithoutAsking = 48 << 10;

Result<Tensor> compile(const KernelSpec& spec, const std::string& arch) {
  INGOT_ASSIGN_OR_RETURN(const std::vector<std::byte> cubin,
                         compile_cubin(spec.text(), spec.source, spec.options, arch));
  INGOT_ASSIGN_OR_RETURN(Tensor code, Tensor::allocate(DataType::kU8, {static_cast<int64_t>(cubin.size())}));
  std::memcpy(code.mutable_data(), cubin.data(), cubin.size());
  return code;
}

}  // namespace

Programs::~Programs() {
  {
    const std::lock_guard lock(queue_mutex_);
    queue_.clear();
  }
  for (std::thread& worker : workers_) worker.join();
  if (!gpu_->still_there()) return;
  for (const auto& [name, loaded] : loaded_) gpu_->f.cuModuleUnload(loaded.module);
}

Result<std::shared_ptr<void>> Programs::allocate(size_t bytes) {
  INGOT_RETURN_IF_ERROR(gpu_->activate());
  CUdeviceptr data = 0;
  INGOT_RETURN_IF_ERROR(
      gpu_->f.check(gpu_->f.cuMemAlloc_v2(&data, std::max<size_t>(bytes, 1)), "allocating a workspace"));
  return std::shared_ptr<void>(reinterpret_cast<void*>(data), [gpu = gpu_](void* p) {
    if (gpu->still_there()) gpu->f.cuMemFree_v2(reinterpret_cast<CUdeviceptr>(p));
  });
}

Result<std::shared_ptr<void>> Programs::upload(const Tensor& values) {
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<void> owner, allocate(values.bytes()));
  if (values.bytes() > 0)
    INGOT_RETURN_IF_ERROR(gpu_->write(reinterpret_cast<CUdeviceptr>(owner.get()), values.data(),
                                      values.bytes(), "copying a table"));
  return owner;
}

Result<std::shared_ptr<void>> Programs::zeros(size_t bytes) {
  const DriverFunctions& f = gpu_->f;
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<void> owner, allocate(bytes));
  const auto data = reinterpret_cast<CUdeviceptr>(owner.get());
  INGOT_RETURN_IF_ERROR(f.check(f.cuMemsetD8Async(data, 0, bytes, nullptr), "clearing a workspace"));
  INGOT_RETURN_IF_ERROR(f.check(f.cuStreamSynchronize(nullptr), "clearing a workspace"));
  return owner;
}

void Programs::add(const std::string& name, const Tensor& code) {
  const std::lock_guard lock(mutex_);
  codes_.try_emplace(name, code);
}

Result<Tensor> Programs::code(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto it = codes_.find(name);
  if (it == codes_.end()) return not_found("no code '", name, "'");
  return it->second;
}

std::string Programs::name_of(const KernelSpec& spec) const {
  return str(kBinaryPacking, gpu_->arch, '/', spec.key());
}

void Programs::prefetch(const KernelSpec& spec) {
  const std::lock_guard lock(mutex_);
  const std::string name = name_of(spec);
  if (codes_.contains(name)) return;
  std::shared_ptr<Job>& job = jobs_[name];
  if (job != nullptr) return;
  job = std::make_shared<Job>();
  job->spec = spec;
  const std::lock_guard queue_lock(queue_mutex_);
  queue_.push_back(job);
  if (working_ >= std::max(1u, std::thread::hardware_concurrency())) return;
  ++working_;
  workers_.emplace_back([this] { work(); });
}

void Programs::run(Job& job) {
  std::call_once(job.once, [&] { job.code = compile(job.spec, gpu_->arch); });
}

// Until nothing is left to do.
void Programs::work() {
  for (;;) {
    std::shared_ptr<Job> job;
    {
      const std::lock_guard lock(queue_mutex_);
      if (queue_.empty()) {
        --working_;
        return;
      }
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    run(*job);
  }
}

Result<Tensor> Programs::code_of(const KernelSpec& spec) {
  const std::string name = name_of(spec);
  if (auto it = codes_.find(name); it != codes_.end()) return it->second;
  std::shared_ptr<Job> job = jobs_[name];
  jobs_.erase(name);
  if (job == nullptr) {
    job = std::make_shared<Job>();
    job->spec = spec;
  }
  run(*job);
  const Result<Tensor>& code = job->code;
  if (!code.ok())
    return code.status().with_context(str("kernel ", spec.name, " is not in the engine for these sizes"));
  return codes_[name] = *code;
}

Result<CUfunction> Programs::find(const KernelSpec& spec) {
  const std::lock_guard lock(mutex_);
  const DriverFunctions& f = gpu_->f;
  Loaded& loaded = loaded_[spec.key()];
  if (loaded.function == nullptr) {
    INGOT_ASSIGN_OR_RETURN(const Tensor code, code_of(spec));
    INGOT_RETURN_IF_ERROR(gpu_->activate());
    INGOT_RETURN_IF_ERROR(
        f.check(f.cuModuleLoadData(&loaded.module, code.data()), "loading a kernel").with_context(spec.name));
    INGOT_RETURN_IF_ERROR(f.check(f.cuModuleGetFunction(&loaded.function, loaded.module, spec.entry.c_str()),
                                  "finding a kernel")
                              .with_context(spec.name));
  }
  if (spec.shared_bytes > std::max(kSharedWithoutAsking, loaded.shared_bytes)) {
    INGOT_RETURN_IF_ERROR(f.check(f.cuFuncSetAttribute(loaded.function, kFunctionMaxDynamicSharedBytes,
                                                       static_cast<int>(spec.shared_bytes)),
                                  "giving a kernel shared memory")
                              .with_context(spec.name));
    loaded.shared_bytes = spec.shared_bytes;
  }
  return loaded.function;
}

}  // namespace ingot::cuda
