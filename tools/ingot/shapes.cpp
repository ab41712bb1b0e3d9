#include "shapes.h"

#include <fmt/format.h>

#include <charconv>

#include "error.h"

namespace ingot::cli {
namespace {

[[noreturn]] void bad_shape(const std::string& item) {
  throw Error(fmt::format("'{}' is not a shape, expected something like x:1x3x224x224", item));
}

bool is_dims(std::string_view text) {
  return text.find_first_not_of("0123456789x") == std::string_view::npos;
}

Dims parse_dims(std::string_view text, const std::string& item) {
  Dims dims;
  const char *at = text.data(), *end = text.data() + text.size();
  while (at != end) {
    int64_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || (next != end && *next != 'x') || next + 1 == end) bad_shape(item);
    dims.push_back(value);
    at = next == end ? end : next + 1;
  }
  return dims;
}

void add_item(const std::string& item, Shapes& shapes) {
  const size_t colon = item.rfind(':');
  if (colon == std::string::npos || colon == 0 || !is_dims(std::string_view(item).substr(colon + 1)))
    bad_shape(item);
  const std::string name = item.substr(0, colon);
  if (!shapes.emplace(name, parse_dims(std::string_view(item).substr(colon + 1), item)).second)
    throw Error(fmt::format("the shape of '{}' is given twice", name));
}

const Dims& dims_of(const Shapes& shapes, const std::string& name, const char* option) {
  const auto it = shapes.find(name);
  if (it == shapes.end())
    throw Error(fmt::format("{} does not name input '{}', the profile's other options do", option, name));
  return it->second;
}

}  // namespace

Shapes parse_shapes(const std::string& text) {
  Shapes shapes;
  // A comma ends an item only where a whole shape stands before it, so names may hold commas.
  size_t begin = 0;
  for (size_t comma = text.find(','); comma != std::string::npos; comma = text.find(',', comma + 1)) {
    const std::string item = text.substr(begin, comma - begin);
    const size_t colon = item.rfind(':');
    if (colon == std::string::npos || !is_dims(std::string_view(item).substr(colon + 1))) continue;
    add_item(item, shapes);
    begin = comma + 1;
  }
  add_item(text.substr(begin), shapes);
  return shapes;
}

Shapes parse_shapes(const std::vector<std::string>& texts) {
  Shapes shapes;
  for (const std::string& text : texts)
    for (auto& [name, dims] : parse_shapes(text))
      if (!shapes.emplace(name, dims).second)
        throw Error(fmt::format("the shape of '{}' is given twice", name));
  return shapes;
}

std::vector<Profile> parse_profiles(const std::vector<std::string>& min, const std::vector<std::string>& opt,
                                    const std::vector<std::string>& max) {
  const auto& opts = !opt.empty() ? opt : !max.empty() ? max : min;
  const auto& mins = !min.empty() ? min : opts;
  const auto& maxs = !max.empty() ? max : opts;
  if (mins.size() != opts.size() || maxs.size() != opts.size())
    throw Error(fmt::format(
        "got {} --min-shapes, {} --opt-shapes and {} --max-shapes, expected as many of each: one per profile",
        min.size(), opt.size(), max.size()));
  std::vector<Profile> profiles;
  for (size_t i = 0; i < opts.size(); ++i) {
    const Shapes low = parse_shapes(mins[i]), middle = parse_shapes(opts[i]), high = parse_shapes(maxs[i]);
    Profile profile;
    for (const Shapes* all : {&low, &middle, &high})
      for (const auto& [name, dims] : *all)
        profile[name] = {dims_of(low, name, "--min-shapes"), dims_of(middle, name, "--opt-shapes"),
                         dims_of(high, name, "--max-shapes")};
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

std::string to_text(const Dims& dims) {
  return dims.empty() ? "scalar" : fmt::format("{}", fmt::join(dims, "x"));
}

}  // namespace ingot::cli
