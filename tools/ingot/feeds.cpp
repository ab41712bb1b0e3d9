#include "feeds.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <random>

#include "error.h"

namespace ingot::cli {
namespace {

using Symbols = std::map<std::string, int64_t>;

bool is_number(const std::string& dim, int64_t& value) {
  const auto [end, error] = std::from_chars(dim.data(), dim.data() + dim.size(), value);
  return error == std::errc() && end == dim.data() + dim.size();
}

// Open dims that are bare symbols take the values of `dims`, where they have none yet.
void bind(const TensorInfo& input, const Dims& dims, Symbols& symbols) {
  int64_t number = 0;
  for (size_t i = 0; i < std::min(dims.size(), input.dims.size()); ++i)
    if (!is_number(input.dims[i], number)) symbols.emplace(input.dims[i], dims[i]);
}

Shapes profile_opt(const Engine& engine) {
  Shapes shapes;
  const auto report = nlohmann::json::parse(engine.report_json());
  for (const auto& plan : report.at("plans"))
    for (const auto& range : plan.at("profile"))
      shapes.emplace(range.at("input"), range.at("opt").get<Dims>());
  return shapes;
}

Dims choose_dims(const TensorInfo& input, const Symbols& symbols) {
  if (!input.ranked)
    throw Error(fmt::format("input '{}' has no shape in the model: give it by --shapes {}:...", input.name,
                            input.name));
  Dims dims;
  for (const std::string& dim : input.dims) {
    int64_t value = 1;
    if (!is_number(dim, value))
      if (const auto it = symbols.find(dim); it != symbols.end()) value = it->second;
    dims.push_back(value);
  }
  return dims;
}

Shapes choose_all(const Engine& engine, const Shapes& known) {
  Symbols symbols;
  const Shapes opt = profile_opt(engine);
  for (const Shapes* source : {&known, &opt})
    for (const TensorInfo& input : engine.inputs())
      if (const auto it = source->find(input.name); it != source->end()) bind(input, it->second, symbols);
  Shapes dims;
  for (const TensorInfo& input : engine.inputs()) {
    const auto it = known.find(input.name);
    dims[input.name] = it != known.end() ? it->second : choose_dims(input, symbols);
  }
  return dims;
}

const TensorInfo& find_input(const Engine& engine, const std::string& name) {
  std::string names;
  for (const TensorInfo& input : engine.inputs()) {
    if (input.name == name) return input;
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", input.name);
  }
  throw Error(fmt::format("the model has no input '{}', expected {}", name, names.empty() ? "none" : names));
}

template <class T, class Draw>
void fill(const TensorRef& t, Draw&& draw) {
  std::generate_n(static_cast<T*>(t.data), t.size(), [&] { return static_cast<T>(draw()); });
}

}  // namespace

Array random_array(const TensorInfo& input, const Dims& dims, std::mt19937& rng) {
  for (int64_t size = 1; int64_t d : dims)
    if (__builtin_mul_overflow(size, d, &size) || size > (int64_t{1} << 40))
      throw Error(fmt::format("input '{}': shape {} is too large", input.name, to_text(dims)));
  Array array = Array::allocate(input.dtype, dims);
  const auto real = [&] { return static_cast<double>(rng() >> 8) / (1 << 24); };
  const auto whole = [&] { return rng() % 10; };
  switch (input.dtype) {
    case DataType::kF32:
      fill<float>(array.ref, real);
      break;
    case DataType::kF64:
      fill<double>(array.ref, real);
      break;
    case DataType::kF16:
      fill<uint16_t>(array.ref, [&] { return 0x3800 | (rng() & 0x3ff); });
      break;  // [0.5, 1)
    case DataType::kBF16:
      fill<uint16_t>(array.ref, [&] { return 0x3f00 | (rng() & 0x7f); });
      break;  // [0.5, 1)
    case DataType::kBool:
      fill<uint8_t>(array.ref, [&] { return rng() & 1; });
      break;
    case DataType::kI16:
    case DataType::kU16:
      fill<uint16_t>(array.ref, whole);
      break;
    case DataType::kI32:
    case DataType::kU32:
      fill<uint32_t>(array.ref, whole);
      break;
    case DataType::kI64:
    case DataType::kU64:
      fill<uint64_t>(array.ref, whole);
      break;
    default:
      std::generate_n(array.memory.get(), array.ref.bytes(), [&] { return std::byte(whole()); });
      break;
  }
  return array;
}

Shapes default_dims(const Engine& engine, const Shapes& shapes) { return choose_all(engine, shapes); }

Feeds make_feeds(const Engine& engine, const FeedOptions& options) {
  Feeds feeds;
  Shapes known = options.shapes;
  for (const auto& [name, dims] : options.shapes) find_input(engine, name);
  for (const std::string& text : options.files) {
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(fmt::format("'{}' is not an input, expected name=file.npy", text));
    const std::string name = text.substr(0, equals), file = text.substr(equals + 1);
    const TensorInfo& input = find_input(engine, name);
    Array array = read_npy(file);
    // NumPy has no bf16: its bits arrive as u16.
    if (input.dtype == DataType::kBF16 && array.ref.dtype == DataType::kU16)
      array.ref.dtype = DataType::kBF16;
    known[name] = array.ref.dims;
    if (!feeds.emplace(name, Feed{std::move(array), file}).second)
      throw Error(fmt::format("input '{}' is given twice", name));
  }
  const Shapes dims = choose_all(engine, known);
  std::mt19937 rng(options.seed);
  for (const TensorInfo& input : engine.inputs())
    if (!feeds.contains(input.name))
      feeds[input.name] = {random_array(input, dims.at(input.name), rng),
                           fmt::format("random, seed {}", options.seed)};
  return feeds;
}

void set_inputs(Context& context, const Feeds& feeds) {
  for (const auto& [name, feed] : feeds) check(context.set_input(name, feed.array.ref));
}

}  // namespace ingot::cli
