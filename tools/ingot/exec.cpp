// ingot exec: a program written for TensorRT, run unmodified on Ingot's libraries.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include "commands.h"
#include "ingot/device.h"

namespace ingot::cli {
namespace {

namespace fs = std::filesystem;

// A program asks for the major that it was made for by the library's name; the first one serves those that
// ask for none.
constexpr const char* kMajors[] = {"10", "11", "8"};

bool has_gpu() {
  if (const char* asked = std::getenv("INGOT_DEVICE"); asked != nullptr && *asked != 0)
    return std::string_view(asked) == "cuda";  // where the program's networks will run
  const auto all = devices();
  return std::any_of(all.begin(), all.end(), [](const DeviceInfo& d) { return d.name.starts_with("cuda"); });
}

// Puts folders in front of a search path.
void prepend(const char* variable, const std::vector<fs::path>& folders) {
  std::string value;
  for (const fs::path& folder : folders) value += (value.empty() ? "" : ":") + folder.string();
  const char* old = std::getenv(variable);
  if (old != nullptr && *old != 0) value += std::string(":") + old;
  setenv(variable, value.c_str(), 1);
}

}  // namespace

void run(const ExecCommand& o) {
  std::vector<std::string> words = o.program;
  if (words.empty()) throw Error("exec: expected a program, as in 'ingot exec python script.py'");
  if (words[0].starts_with("-"))
    throw Error(fmt::format("exec: unknown option {}; options of the program follow its name", words[0]));

  const fs::path bin = fs::read_symlink("/proc/self/exe").parent_path(), lib = bin.parent_path() / "lib";
  std::vector<fs::path> libraries, modules = {lib / "tensorrt-python"};
  for (const char* major : kMajors)
    if (o.major.empty() || o.major == major) libraries.push_back(lib / fmt::format("tensorrt-{}", major));
  for (const auto* folders : {&libraries, &modules})
    for (const fs::path& folder : *folders)
      if (!fs::is_directory(folder)) throw Error(fmt::format("exec: there is no {}", folder.string()));
  if (!has_gpu()) {  // the real CUDA is left alone
    libraries.push_back(lib / "cuda");
    modules.push_back(lib / "cuda" / "python");
  }
  prepend("LD_LIBRARY_PATH", libraries);
  prepend("PYTHONPATH", modules);
  prepend("PATH", {bin});  // trtexec
  setenv("INGOT_TENSORRT", o.major.empty() ? kMajors[0] : o.major.c_str(), 1);

  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  throw Error(fmt::format("exec: {} cannot be run: {}", words[0], std::strerror(errno)));
}

}  // namespace ingot::cli
