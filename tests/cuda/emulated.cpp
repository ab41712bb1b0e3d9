#include "emulated.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace ingot::cuda {
namespace {

namespace fs = std::filesystem;
const fs::path kEmulation = fs::path(INGOT_SOURCE_DIR) / "tests/cuda/emulation";
const fs::path kSource = fs::path(INGOT_SOURCE_DIR) / "src";

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The file with its includes in their places, those of device/ as the emulation has them.
std::string with_includes(const std::string& text, std::set<std::string>& seen) {
  static const std::regex kInclude("#include \"backends/cuda/kernels/([^\"]*)\"");
  std::ostringstream out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, kInclude)) {
      if (line != "#pragma once") out << line << '\n';
      continue;
    }
    const std::string file = match[1];
    if (!seen.insert(file).second) continue;
    const fs::path other = kEmulation / file;
    out << with_includes(read(fs::exists(other) ? other : kSource / "backends/cuda/kernels" / file), seen);
  }
  return out.str();
}

// The instruction, which is text for the GPU, as the emulation's function.
std::string without_instructions(const std::string& text) {
  static const std::regex kWgmma(
      "inline void (wgmma\\w*)\\((\\w+) \\(&d\\)\\[(\\d+)\\], ([^{]*)\\) \\{\\n[^\\n]*\\n\\}");
  const std::string a = text.find(".u8.s8") == text.npos ? "TYPE" : "u8";
  return std::regex_replace(
      text, kWgmma,
      "inline void $1($2 (&d)[$3], $4);\n"
      "template <class A, class B, class SUM, int N> void emulated_$1(SUM (&d)[N], $4);\n"
      "inline void $1($2 (&d)[$3], $4) { emulated_$1<" +
          a + ", TYPE>(d, a, b, accumulate); }");
}

std::string host_text(const KernelSpec& spec) {
  std::set<std::string> seen;
  std::string text = with_includes(read(kSource / "backends/cuda/kernels" / spec.source), seen);
  static const std::string kPlace = "#include \"prelude\"\n";
  if (const size_t at = text.find(kPlace); at != text.npos)
    text.replace(at, kPlace.size(), without_instructions(spec.prelude));
  static const std::regex kDynamic("extern __shared__ (?:__align__\\(\\d+\\) )?(\\w+) (\\w+)\\[\\];");
  text = std::regex_replace(text, kDynamic, "$1* $2 = ($1*)emulated::dynamic_shared();");
  return str("#include \"", (kEmulation / "emulation.h").string(), "\"\n", text,
             "\nstatic void entry(void** a) { emulated::call(&", spec.entry, ", a); }\n",
             "extern \"C\" bool run_kernel(const unsigned* shape, size_t shared, void** a) { return "
             "emulated::run(&entry, shape, shared, a); }\n");
}

// As EmulatedMap of emulation/device/tma.cuh.
struct Map {
  void* base;
  int rank, element_bytes, im2col;
  long long dims[5], strides[5];
  int box[5], steps[5], lower[2], upper[2], swizzled;
};
struct alignas(64) Opaque {
  const Map* map;
  char rest[120];
};

Map map_of(const TensorMap& m, void* base) {
  Map out{};
  out.base = base;
  out.rank = static_cast<int>(m.dims.size());
  out.element_bytes = bit_width(m.type) / 8;
  out.swizzled = 1;
  for (size_t d = 0; d < m.dims.size(); ++d) {
    out.dims[d] = m.dims[d];
    out.strides[d] = (d == 0 ? 1 : m.strides[d - 1]) * out.element_bytes;
    out.steps[d] = 1;
    if (d < m.box.size()) out.box[d] = static_cast<int>(m.box[d]);
  }
  for (size_t d = 0; d < m.lower.size(); ++d) {
    out.lower[d] = static_cast<int>(m.lower[d]);
    out.upper[d] = static_cast<int>(m.upper[d]);
    out.steps[d + 1] = static_cast<int>(m.steps[d]);
  }
  return out;
}

using RunKernel = bool (*)(const unsigned*, size_t, void**);

Result<RunKernel> compile(const KernelSpec& spec) {
  const fs::path folder = fs::temp_directory_path() / str("ingot_emulated_", ::getpid());
  fs::create_directories(folder);
  static int number = 0;
  const std::string base = (folder / std::to_string(number++)).string();
  std::ofstream(base + ".cpp") << host_text(spec);
  std::string command = str("c++ -std=c++20 -O1 -w -mf16c -shared -fPIC -o ", base, ".so ", base, ".cpp");
  for (const std::string& option : spec.options) command += str(" '", option, "'");
  if (std::system((command + " >" + base + ".log 2>&1").c_str()) != 0)
    return internal_error("the kernel is not C++: ", read(base + ".log").substr(0, 1200));
  void* const library = ::dlopen((base + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return internal_error(::dlerror());
  fs::remove_all(folder);
  return reinterpret_cast<RunKernel>(::dlsym(library, "run_kernel"));
}

}  // namespace

Status run_emulated(const KernelSpec& spec, const std::vector<void*>& given) {
  INGOT_ASSIGN_OR_RETURN(const RunKernel run, compile(spec));
  std::vector<void*> pointers = given, arguments;
  for (void*& p : pointers) arguments.push_back(&p);
  std::vector<std::byte> params = spec.params;
  if (!params.empty()) arguments.push_back(params.data());
  std::vector<Map> maps(spec.maps.size());
  std::vector<Opaque> opaque(spec.maps.size());
  for (size_t i = 0; i < maps.size(); ++i) {
    maps[i] = map_of(spec.maps[i], pointers[spec.maps[i].pointer]);
    opaque[i].map = &maps[i];
    arguments.push_back(&opaque[i]);
  }
  const unsigned shape[] = {spec.grid.x,  spec.grid.y,    spec.grid.z,    spec.block.x,  spec.block.y,
                            spec.block.z, spec.cluster.x, spec.cluster.y, spec.cluster.z};
  return run(shape, spec.shared_bytes, arguments.data()) ? Status()
                                                         : internal_error("the kernel does not end");
}

}  // namespace ingot::cuda
