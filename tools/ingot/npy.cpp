#include "npy.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

#include "error.h"

namespace ingot::cli {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeader = size_t{1} << 20;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

constexpr std::pair<std::string_view, DataType> kTypes[] = {
    {"f4", DataType::kF32},  {"f2", DataType::kF16},    {"f8", DataType::kF64},    {"i1", DataType::kI8},
    {"u1", DataType::kU8},   {"i2", DataType::kI16},    {"u2", DataType::kU16},    {"i4", DataType::kI32},
    {"u4", DataType::kU32},  {"i8", DataType::kI64},    {"u8", DataType::kU64},    {"b1", DataType::kBool},
    {"u2", DataType::kBF16}, {"u1", DataType::kF8E4M3}, {"u1", DataType::kF8E5M2},
};

File open(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode), std::fclose);
  if (!file) throw Error(fmt::format("{}: {}", path, std::strerror(errno)));
  return file;
}

void read_exactly(std::FILE* file, void* to, size_t bytes, const std::string& path, const char* what) {
  const size_t got = std::fread(to, 1, bytes, file);
  if (got != bytes)
    throw Error(fmt::format("{}: {} is cut off: got {} bytes, expected {}", path, what, got, bytes));
}

// The text after 'key': in the header's dictionary.
std::string_view value_of(std::string_view header, std::string_view key, const std::string& path) {
  size_t at = header.find(fmt::format("'{}'", key));
  if (at != std::string_view::npos) at = header.find(':', at);
  if (at == std::string_view::npos) throw Error(fmt::format("{}: the .npy header has no '{}'", path, key));
  header.remove_prefix(at + 1);
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

DataType parse_type(std::string_view text, const std::string& path) {
  const std::string descr(text.substr(0, text.find_first_of(",}")));
  if (text.size() >= 6 && text[0] == '\'' && (text[1] == '<' || text[1] == '|' || text[1] == '='))
    for (const auto& [name, type] : kTypes)
      if (text.substr(2, 3) == fmt::format("{}'", name)) return type;
  throw Error(fmt::format(
      "{}: the elements are of type {}, expected a little-endian number or bool such as '<f4'", path, descr));
}

std::vector<int64_t> parse_shape(std::string_view text, const std::string& path) {
  const Error bad(fmt::format("{}: the .npy header has no valid shape", path));
  if (text.empty() || text[0] != '(') throw bad;
  std::vector<int64_t> dims;
  const char *at = text.data() + 1, *end = text.data() + text.size();
  while (true) {
    while (at != end && (*at == ' ' || *at == ',')) ++at;
    if (at == end) throw bad;
    if (*at == ')') return dims;
    int64_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || value < 0) throw bad;
    dims.push_back(value);
    at = next;
  }
}

// The bytes of the dims, refused where they cannot be meant.
size_t checked_bytes(DataType dtype, const std::vector<int64_t>& dims, const std::string& path) {
  int64_t size = 1;
  for (int64_t d : dims)
    if (__builtin_mul_overflow(size, d, &size) || size > (int64_t{1} << 48))
      throw Error(fmt::format("{}: shape ({}) is too large", path, fmt::join(dims, ", ")));
  return byte_size(dtype, size);
}

}  // namespace

Array Array::allocate(DataType dtype, std::vector<int64_t> dims) {
  Array array;
  array.ref = {dtype, std::move(dims), nullptr};
  array.memory.reset(new std::byte[std::max<size_t>(array.ref.bytes(), 1)]());  // make_shared: GCC 12
  array.ref.data = array.memory.get();
  return array;
}

Array read_npy(const std::string& path) {
  const File file = open(path, "rb");
  unsigned char start[8];
  read_exactly(file.get(), start, sizeof start, path, "the .npy header");
  if (std::memcmp(start, kMagic.data(), kMagic.size()) != 0)
    throw Error(fmt::format("{}: is not a .npy file", path));
  const int version = start[6];
  if (version < 1 || version > 3)
    throw Error(fmt::format("{}: .npy version {}, expected 1 to 3", path, version));
  unsigned char length[4] = {};
  read_exactly(file.get(), length, version == 1 ? 2 : 4, path, "the .npy header");
  const size_t header_bytes =
      length[0] | length[1] << 8 | length[2] << 16 | static_cast<size_t>(length[3]) << 24;
  if (header_bytes > kMaxHeader)
    throw Error(fmt::format("{}: the .npy header claims {} bytes", path, header_bytes));
  std::string header(header_bytes, '\0');
  read_exactly(file.get(), header.data(), header_bytes, path, "the .npy header");

  const DataType dtype = parse_type(value_of(header, "descr", path), path);
  if (!value_of(header, "fortran_order", path).starts_with("False"))
    throw Error(fmt::format("{}: is in Fortran order, expected C order (numpy.ascontiguousarray)", path));
  std::vector<int64_t> dims = parse_shape(value_of(header, "shape", path), path);
  const size_t bytes = checked_bytes(dtype, dims, path);
  // The file has to hold what it claims before memory is taken for it.
  const long data_begin = std::ftell(file.get());
  if (std::fseek(file.get(), 0, SEEK_END) == 0) {
    const size_t left = static_cast<size_t>(std::ftell(file.get()) - data_begin);
    if (left != bytes)
      throw Error(fmt::format("{}: holds {} bytes of elements, its shape ({}) takes {}", path, left,
                              fmt::join(dims, ", "), bytes));
    std::fseek(file.get(), data_begin, SEEK_SET);
  }
  Array array = Array::allocate(dtype, std::move(dims));
  read_exactly(file.get(), array.ref.data, bytes, path, "the array");
  return array;
}

void write_npy(const std::string& path, const TensorRef& tensor) {
  std::string_view type;
  for (const auto& [name, dtype] : kTypes)
    if (dtype == tensor.dtype) type = name;
  if (type.empty())
    throw Error(
        fmt::format("{}: .npy files cannot hold elements of type {}", path, data_type_name(tensor.dtype)));
  std::string header = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                   type[1] == '1' ? '|' : '<', type, fmt::join(tensor.dims, ", "),
                                   tensor.dims.size() == 1 ? "," : "");
  constexpr size_t kStart = 10, kAlign = 64;  // the data begins at a multiple of 64 bytes, after a newline
  header.append(kAlign - 1 - (kStart + header.size()) % kAlign, ' ');
  header += '\n';
  const unsigned char length[2] = {static_cast<unsigned char>(header.size() & 255),
                                   static_cast<unsigned char>(header.size() >> 8)};

  File file = open(path, "wb");
  bool ok = std::fwrite(kMagic.data(), 1, kMagic.size(), file.get()) == kMagic.size();
  ok = ok && std::fwrite("\x01\x00", 1, 2, file.get()) == 2 && std::fwrite(length, 1, 2, file.get()) == 2;
  ok = ok && std::fwrite(header.data(), 1, header.size(), file.get()) == header.size();
  ok = ok && std::fwrite(tensor.data, 1, tensor.bytes(), file.get()) == tensor.bytes();
  ok = std::fclose(file.release()) == 0 && ok;
  if (!ok) {
    const int reason = errno;
    std::remove(path.c_str());
    throw Error(fmt::format("{}: {}", path, std::strerror(reason)));
  }
}

}  // namespace ingot::cli
