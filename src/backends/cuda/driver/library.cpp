#include "backends/cuda/driver/library.h"

#include <dlfcn.h>
#include <glob.h>

#include <cstdlib>
#include <filesystem>

namespace ingot::cuda {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> out;
  for (size_t at = 0; at < list.size();) {
    const size_t end = std::min(list.find(':', at), list.size());
    if (end > at) out.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

void add_matches(const std::string& pattern, std::vector<std::string>& folders) {
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; ++i) folders.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
}

// The prefix of the Python that a shell would start: a virtual environment keeps its packages under it.
std::string python_prefix() {
  if (const std::string prefix = variable("VIRTUAL_ENV"); !prefix.empty()) return prefix;
  std::error_code ignored;
  for (const std::string& folder : split(variable("PATH")))
    if (std::filesystem::exists(folder + "/python3", ignored))
      return std::filesystem::path(folder).parent_path().string();
  return "";
}

}  // namespace

std::vector<std::string> library_folders() {
  std::vector<std::string> folders = split(variable("INGOT_CUDA_PATH"));
  for (const std::string& root :
       {variable("CUDA_HOME"), variable("CUDA_PATH"), std::string("/usr/local/cuda")})
    if (!root.empty()) folders.push_back(root + "/lib64");
  if (const std::string prefix = python_prefix(); !prefix.empty())
    for (const char* packages : {"site-packages", "dist-packages"})
      add_matches(prefix + "/lib/python3*/" + packages + "/nvidia/*/lib", folders);
  return folders;
}

Result<Library> Library::open(const std::vector<std::string>& sonames) {
  std::vector<std::string> paths = sonames;
  for (const std::string& folder : library_folders())
    for (const std::string& soname : sonames) paths.push_back(folder + "/" + soname);
  // A file that is there but does not load says more than all those that are not.
  std::string problem;
  for (const std::string& path : paths) {
    // Global: cuDNN looks for NVRTC and cuBLASLt among what is loaded.
    if (void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) return Library(handle, path);
    const char* error = ::dlerror();
    std::error_code ignored;
    if (problem.empty() && path.find('/') != std::string::npos && std::filesystem::exists(path, ignored))
      problem = error == nullptr ? "cannot be loaded" : error;
  }
  if (!problem.empty()) return not_found(problem);
  return not_found(sonames.front(), " is neither where the dynamic linker looks nor in INGOT_CUDA_PATH, ",
                   "the CUDA toolkit or Python's nvidia packages");
}

void* Library::find(const char* function) const { return ::dlsym(handle_, function); }

}  // namespace ingot::cuda
