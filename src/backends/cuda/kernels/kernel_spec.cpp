#include "backends/cuda/kernels/kernel_spec.h"

#include <algorithm>

#include "backends/cuda/kernels/packed_text.h"

namespace ingot::cuda {

namespace detail {
/// The text of all files, packed, written by cmake/embed_kernels.cmake.
extern const unsigned char kKernels[];
extern const size_t kKernelsBytes;
}  // namespace detail

namespace {

constexpr std::string_view kInclude = "#include \"", kPrelude = "#include \"prelude\"\n";

struct EmbeddedFile {
  std::string_view name, text;
};

// In the order of the build's list. Each begins with a line of its name.
const std::vector<EmbeddedFile>& embedded_files() {
  static const std::string all = unpack_text(detail::kKernels, detail::kKernelsBytes);
  static const std::vector<EmbeddedFile> files = [] {
    std::vector<EmbeddedFile> found;
    constexpr std::string_view kName = "//";
    for (size_t at = 0; at < all.size();) {
      const size_t text = all.find('\n', at) + 1, end = std::min(all.find("\n//", text), all.size() - 1) + 1;
      const std::string_view view = all;
      found.push_back(
          {view.substr(at + kName.size(), text - 1 - at - kName.size()), view.substr(text, end - text)});
      at = end;
    }
    return found;
  }();
  return files;
}

// Appends a file, and what it includes in its place, unless it is there already.
void append_file(std::string_view file, std::vector<std::string_view>& seen, std::string& out) {
  if (std::find(seen.begin(), seen.end(), file) != seen.end()) return;
  seen.push_back(file);
  const auto& files = embedded_files();
  const auto at =
      std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& f) { return f.name == file; });
  INGOT_CHECK(at != files.end());
  std::string_view rest = at->text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, std::min(rest.find('\n'), rest.size() - 1) + 1);
    rest.remove_prefix(line.size());
    if (line.starts_with(kInclude) && line != kPrelude)
      append_file(line.substr(kInclude.size(), line.rfind('"') - kInclude.size()), seen, out);
    else if (!line.starts_with("#pragma once"))
      out += line;
  }
}

}  // namespace

std::string kernel_source(std::string_view file) {
  std::vector<std::string_view> seen;
  std::string out;
  append_file(file, seen, out);
  return out;
}

std::vector<std::string_view> kernel_files() {
  std::vector<std::string_view> files;
  for (const EmbeddedFile& file : embedded_files())
    if (file.name.ends_with(".cu")) files.push_back(file.name);
  return files;
}

std::string KernelSpec::key() const {
  std::string key = entry;
  for (const std::string& option : options) key += " " + option;
  if (!prelude.empty()) key += "\n" + prelude;
  return key;
}

std::string KernelSpec::text() const {
  std::string text = kernel_source(source);
  if (const size_t at = text.find(kPrelude); at != text.npos) text.replace(at, kPrelude.size(), prelude);
  return text;
}

const char* device_type(DataType type) {
  switch (type) {
    case DataType::kF32:
      return "float";
    case DataType::kF16:
      return "f16";
    case DataType::kBF16:
      return "bf16";
    case DataType::kF64:
      return "double";
    case DataType::kI8:
      return "i8";
    case DataType::kU8:
      return "u8";
    case DataType::kI16:
      return "i16";
    case DataType::kU16:
      return "u16";
    case DataType::kI32:
      return "int";
    case DataType::kU32:
      return "unsigned";
    case DataType::kI64:
      return "i64";
    case DataType::kU64:
      return "u64";
    case DataType::kBool:
      return "bool";
    case DataType::kF8E4M3:
      return "f8e4m3";
    case DataType::kF8E5M2:
      return "f8e5m2";
    default:
      return nullptr;
  }
}

Result<std::string> checked_device_type(DataType type) {
  if (const char* name = device_type(type)) return std::string(name);
  return unsupported("no CUDA kernel works on type ", data_type_name(type));
}

Result<std::string> bits_type(DataType type) {
  switch (bit_width(type)) {
    case 8:
      return std::string("u8");
    case 16:
      return std::string("u16");
    case 32:
      return std::string("unsigned");
    case 64:
      return std::string("u64");
    default:
      return unsupported("no CUDA kernel moves elements of type ", data_type_name(type));
  }
}

int vector_width(DataType type, std::initializer_list<int64_t> extents, int bytes) {
  int width = std::max(1, bytes * 8 / bit_width(type));
  const auto divides = [&](int64_t extent) { return extent % width == 0; };
  while (!std::all_of(extents.begin(), extents.end(), divides)) width /= 2;
  return width;
}

Dims dense_strides(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t d = dims.size(); d-- > 1;) strides[d - 1] = strides[d] * dims[d];
  return strides;
}

}  // namespace ingot::cuda
