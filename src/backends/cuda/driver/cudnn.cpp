#include "backends/cuda/driver/cudnn.h"

#include "backends/cuda/driver/nvrtc.h"

namespace ingot::cuda {
namespace {

Result<CudnnFunctions> load() {
  // cuDNN looks these up by name when it first needs them.
  (void)nvrtc();
  (void)Library::open({"libcublasLt.so.13", "libcublasLt.so.12"});
  INGOT_ASSIGN_OR_RETURN(const Library library, Library::open({"libcudnn.so.9"}));
  CudnnFunctions table;
  INGOT_CUDNN_FUNCTIONS(INGOT_CUDA_LOAD)
  table.path = library.path();
  return table;
}

}  // namespace

Status CudnnFunctions::check(int status, const char* what) const {
  if (status == 0) return {};
  char details[512] = "";
  cudnnGetLastErrorString(details, sizeof details);
  const std::string message = str(what, ": ", cudnnGetErrorString(status), *details ? ": " : "", details);
  return status / 1000 == 3 ? unsupported("cuDNN, ", message) : device_error("cuDNN, ", message);
}

Result<const CudnnFunctions*> cudnn() {
  static const Result<CudnnFunctions> table = load();
  if (!table.ok()) return table.status();
  return &*table;
}

namespace dnn {

Descriptor::Descriptor(const CudnnFunctions& f, Kind kind) : f_(&f) {
  void* raw = nullptr;
  problem_ = f.check(f.cudnnBackendCreateDescriptor(kind, &raw), "making a descriptor");
  const auto destroy = f.cudnnBackendDestroyDescriptor;
  raw_ = std::shared_ptr<void>(raw, [destroy](void* p) {
    if (p != nullptr) destroy(p);
  });
}

Descriptor& Descriptor::set(Attribute attribute, Type type, int64_t count, const void* values) {
  if (problem_.ok())
    problem_ =
        f_->check(f_->cudnnBackendSetAttribute(raw(), attribute, type, count, values), "setting an attribute")
            .with_context(str("attribute ", int{attribute}));
  return *this;
}

Descriptor& Descriptor::set(Attribute attribute, std::span<const Descriptor> values) {
  std::vector<void*> raws;
  for (const Descriptor& d : values) raws.push_back(d.raw());
  return set(attribute, kDescriptorType, static_cast<int64_t>(raws.size()), raws.data());
}

Status Descriptor::finalize() {
  INGOT_RETURN_IF_ERROR(problem_);
  return f_->check(f_->cudnnBackendFinalize(raw()), "finishing a descriptor");
}

int64_t Descriptor::count(Attribute attribute, Type type) const {
  int64_t count = 0;
  return f_->cudnnBackendGetAttribute(raw(), attribute, type, 0, &count, nullptr) == 0 ? count : 0;
}

Result<int64_t> Descriptor::get_int(Attribute attribute) const {
  int64_t count = 0, value = 0;
  INGOT_RETURN_IF_ERROR(f_->check(
      f_->cudnnBackendGetAttribute(raw(), attribute, kInt64Type, 1, &count, &value), "reading a number"));
  return value;
}

std::vector<int> Descriptor::get_numbers(Attribute attribute, Type type) const {
  std::vector<int> values(static_cast<size_t>(count(attribute, type)));
  int64_t got = 0;
  if (values.empty() ||
      f_->cudnnBackendGetAttribute(raw(), attribute, type, static_cast<int64_t>(values.size()), &got,
                                   values.data()) != 0)
    return {};
  values.resize(static_cast<size_t>(got));
  return values;
}

Result<std::vector<Descriptor>> Descriptor::get(Attribute attribute, Kind kind) const {
  std::vector<Descriptor> values;
  std::vector<void*> raws;
  const int64_t size = count(attribute, kDescriptorType);
  for (int64_t i = 0; i < size; ++i) {
    values.emplace_back(*f_, kind);
    raws.push_back(values.back().raw());
  }
  int64_t got = 0;
  if (size > 0)
    INGOT_RETURN_IF_ERROR(
        f_->check(f_->cudnnBackendGetAttribute(raw(), attribute, kDescriptorType, size, &got, raws.data()),
                  "reading descriptors"));
  values.erase(values.begin() + got, values.end());
  return values;
}

}  // namespace dnn
}  // namespace ingot::cuda
