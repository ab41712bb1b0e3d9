#include "gpu.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "backends/cuda/driver/nvrtc.h"
#include "backends/cuda/steps/tensor_map.h"

namespace ingot::cuda {
namespace {

constexpr unsigned char kPattern = 0xff;

void must(const DriverFunctions& f, CUresult result, const char* what) {
  if (const Status status = f.check(result, what); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.to_string().c_str());
    std::abort();
  }
}

}  // namespace

GuardedMemory::GuardedMemory(const DriverFunctions& f, size_t bytes) : f_(f), bytes_(bytes) {
  must(f_, f_.cuMemAlloc_v2(&base_, bytes + 2 * kGuard), "device memory");
  must(f_, f_.cuMemsetD8Async(base_, kPattern, bytes + 2 * kGuard, nullptr), "filling");
}
GuardedMemory::~GuardedMemory() { f_.cuMemFree_v2(base_); }
void GuardedMemory::upload(const void* data) {
  if (bytes_ > 0) must(f_, f_.cuMemcpyHtoD_v2(address(), data, bytes_), "upload");
}
void GuardedMemory::zero() {
  if (bytes_ > 0) must(f_, f_.cuMemsetD8Async(address(), 0, bytes_, nullptr), "zeroing");
}
std::vector<std::byte> GuardedMemory::download() const {
  std::vector<std::byte> data(bytes_);
  if (bytes_ > 0) must(f_, f_.cuMemcpyDtoHAsync_v2(data.data(), address(), bytes_, nullptr), "download");
  must(f_, f_.cuStreamSynchronize(nullptr), "download");
  return data;
}
bool GuardedMemory::intact() const {
  std::vector<unsigned char> zone(kGuard);
  for (const CUdeviceptr at : {base_, address() + bytes_}) {
    must(f_, f_.cuMemcpyDtoHAsync_v2(zone.data(), at, kGuard, nullptr), "guard zone");
    must(f_, f_.cuStreamSynchronize(nullptr), "guard zone");
    if (std::any_of(zone.begin(), zone.end(), [](unsigned char b) { return b != kPattern; })) return false;
  }
  return true;
}

Result<std::unique_ptr<Gpu>> Gpu::open() {
  INGOT_ASSIGN_OR_RETURN(const DriverFunctions* const f, driver());
  std::unique_ptr<Gpu> gpu(new Gpu(*f));
  CUcontext context = nullptr;
  INGOT_RETURN_IF_ERROR(f->check(f->cuDeviceGet(&gpu->device_, 0), "the first GPU"));
  INGOT_RETURN_IF_ERROR(f->check(f->cuDevicePrimaryCtxRetain(&context, gpu->device_), "its context"));
  INGOT_RETURN_IF_ERROR(f->check(f->cuCtxSetCurrent(context), "its context"));
  INGOT_RETURN_IF_ERROR(f->check(f->cuStreamCreate(&gpu->stream_, kStreamNonBlocking), "a stream"));
  return gpu;
}

int Gpu::attribute(CUdevice_attribute what) const {
  int value = 0;
  must(f_, f_.cuDeviceGetAttribute(&value, what, device_), "an attribute");
  return value;
}

std::string Gpu::arch() const {
  const int version = attribute(kComputeMajor) * 10 + attribute(kComputeMinor);
  return str("sm_", version, version == 90 ? "a" : "");
}

Result<CUfunction> Gpu::load(const std::vector<std::byte>& cubin, const KernelSpec& spec) {
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  INGOT_RETURN_IF_ERROR(f_.check(f_.cuModuleLoadData(&module, cubin.data()), "loading"));
  INGOT_RETURN_IF_ERROR(
      f_.check(f_.cuModuleGetFunction(&function, module, spec.entry.c_str()), "finding the kernel"));
  if (spec.shared_bytes > 48 << 10)
    INGOT_RETURN_IF_ERROR(f_.check(
        f_.cuFuncSetAttribute(function, kFunctionMaxDynamicSharedBytes, static_cast<int>(spec.shared_bytes)),
        "shared memory"));
  return function;
}

Status Gpu::launch(CUfunction function, const KernelSpec& spec, std::vector<CUdeviceptr> pointers) {
  std::vector<void*> arguments;
  for (CUdeviceptr& p : pointers) arguments.push_back(&p);
  if (!spec.params.empty()) arguments.push_back(const_cast<std::byte*>(spec.params.data()));
  std::vector<CUtensorMap> maps(spec.maps.size());
  for (size_t i = 0; i < maps.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(maps[i], encode(f_, spec.maps[i], pointers[spec.maps[i].pointer]));
    arguments.push_back(&maps[i]);
  }
  CUlaunchAttribute attributes[2] = {{kLaunchProgrammaticStreamSerialization, {}, {}},
                                     {kLaunchClusterDimension, {}, {}}};
  attributes[0].value.programmatic_stream_serialization = 1;
  attributes[1].value.cluster = {spec.cluster.x, spec.cluster.y, spec.cluster.z};
  const unsigned clusters = spec.cluster != Extent3{};
  const CUlaunchConfig config{spec.grid.x,       spec.grid.y,
                              spec.grid.z,       spec.block.x,
                              spec.block.y,      spec.block.z,
                              spec.shared_bytes, stream_,
                              attributes,        attribute(kComputeMajor) >= 9 ? 1 + clusters : 0};
  return f_.check(f_.cuLaunchKernelEx(&config, function, arguments.data(), nullptr), spec.name.c_str());
}

Status Gpu::synchronize() { return f_.check(f_.cuStreamSynchronize(stream_), "running"); }

Result<double> Gpu::time(int calls, const std::function<Status(int)>& enqueue) {
  CUgraph graph = nullptr;
  CUgraphExec replay = nullptr;
  CUevent start = nullptr, end = nullptr;
  INGOT_RETURN_IF_ERROR(enqueue(0));
  INGOT_RETURN_IF_ERROR(synchronize());
  INGOT_RETURN_IF_ERROR(f_.check(f_.cuStreamBeginCapture_v2(stream_, kCaptureThreadLocal), "capture"));
  for (int call = 0; call < calls; ++call) INGOT_RETURN_IF_ERROR(enqueue(call));
  INGOT_RETURN_IF_ERROR(f_.check(f_.cuStreamEndCapture(stream_, &graph), "capture"));
  INGOT_RETURN_IF_ERROR(f_.check(f_.cuGraphInstantiateWithFlags(&replay, graph, 0), "graph"));
  must(f_, f_.cuEventCreate(&start, kEventDefault), "event");
  must(f_, f_.cuEventCreate(&end, kEventDefault), "event");
  std::vector<double> times;
  for (int run = 0; run < 7; ++run) {
    float ms = 0;
    must(f_, f_.cuEventRecord(start, stream_), "event");
    must(f_, f_.cuGraphLaunch(replay, stream_), "replay");
    must(f_, f_.cuEventRecord(end, stream_), "event");
    INGOT_RETURN_IF_ERROR(synchronize());
    must(f_, f_.cuEventElapsedTime(&ms, start, end), "event");
    if (run > 0) times.push_back(ms * 1e3 / calls);
  }
  std::sort(times.begin(), times.end());
  f_.cuEventDestroy_v2(start);
  f_.cuEventDestroy_v2(end);
  f_.cuGraphExecDestroy(replay);
  f_.cuGraphDestroy(graph);
  return times[times.size() / 2];
}

std::vector<Result<std::vector<std::byte>>> compile_all(const std::vector<const KernelSpec*>& specs,
                                                        const std::string& arch) {
  std::map<std::string, size_t> first;  // spec of each key
  std::vector<size_t> work;
  for (size_t i = 0; i < specs.size(); ++i)
    if (first.emplace(specs[i]->source + specs[i]->key(), i).second) work.push_back(i);
  std::vector<Result<std::vector<std::byte>>> results(specs.size(), internal_error("not compiled"));
  std::atomic<size_t> next = 0;
  const auto worker = [&] {
    for (size_t w = next++; w < work.size(); w = next++) {
      const KernelSpec& spec = *specs[work[w]];
      results[work[w]] = compile_cubin(spec.text(), spec.source, spec.options, arch);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < std::min<unsigned>(16, std::thread::hardware_concurrency()); ++t)
    threads.emplace_back(worker);
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < specs.size(); ++i)
    results[i] = results[first.at(specs[i]->source + specs[i]->key())];
  return results;
}

}  // namespace ingot::cuda
