#include "backends/cuda/driver/nvrtc.h"

#include <memory>

#include "backends/cuda/driver/kept_code.h"

namespace ingot::cuda {
namespace {

Result<NvrtcFunctions> load() {
  INGOT_ASSIGN_OR_RETURN(const Library library, Library::open({"libnvrtc.so.13", "libnvrtc.so.12"}));
  NvrtcFunctions table;
  INGOT_NVRTC_FUNCTIONS(INGOT_CUDA_LOAD)
  table.path = library.path();
  table.nvrtcVersion(&table.major, &table.minor);
  // NVRTC asks for this part by name only, and finds it in a folder of its own when it is loaded already.
  // What is wrong where it is missing, the first compilation says.
  (void)Library::open({str("libnvrtc-builtins.so.", table.major, ".", table.minor)});
  return table;
}

std::string log_of(const NvrtcFunctions& f, void* program) {
  size_t size = 0;
  if (f.nvrtcGetProgramLogSize(program, &size) != 0 || size <= 1) return "";
  std::string log(size, '\0');
  if (f.nvrtcGetProgramLog(program, log.data()) != 0) return "";
  log.resize(size - 1);  // its final zero
  return log;
}

}  // namespace

Result<const NvrtcFunctions*> nvrtc() {
  static const Result<NvrtcFunctions> table = load();
  if (!table.ok()) return table.status();
  return &*table;
}

Result<std::vector<std::byte>> compile_cubin(const std::string& source, const std::string& name,
                                             const std::vector<std::string>& options,
                                             const std::string& arch) {
  INGOT_ASSIGN_OR_RETURN(const NvrtcFunctions* const f, nvrtc());
  std::vector<std::string> parts = {str(f->major, '.', f->minor), arch, source};
  parts.insert(parts.end(), options.begin(), options.end());
  const std::string path = kept_code_path(parts);
  if (auto kept = read_kept_code(path)) return std::move(*kept);
  void* program = nullptr;
  if (const int error = f->nvrtcCreateProgram(&program, source.c_str(), name.c_str(), 0, nullptr, nullptr))
    return internal_error("NVRTC refuses '", name, "': ", f->nvrtcGetErrorString(error));
  const auto destroy = [f](void* p) { f->nvrtcDestroyProgram(&p); };
  const std::unique_ptr<void, decltype(destroy)> owner(program, destroy);

  const std::string architecture = "-arch=" + arch;
  std::vector<const char*> arguments = {architecture.c_str(), "-std=c++17", "-default-device"};
  for (const std::string& option : options) arguments.push_back(option.c_str());
  if (const int error = f->nvrtcCompileProgram(program, static_cast<int>(arguments.size()), arguments.data()))
    return internal_error("NVRTC cannot compile '", name, "' for ", arch, ": ", f->nvrtcGetErrorString(error),
                          "\n", log_of(*f, program));
  size_t size = 0;
  f->nvrtcGetCUBINSize(program, &size);
  std::vector<std::byte> cubin(size);
  if (size == 0 || f->nvrtcGetCUBIN(program, reinterpret_cast<char*>(cubin.data())) != 0)
    return internal_error("NVRTC gives no machine code for '", name, "'");
  keep_code(path, cubin);
  return cubin;
}

}  // namespace ingot::cuda
