#include "options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <CLI/CLI.hpp>
#include <numeric>

#include "log.h"

namespace ingot::trtexec {
namespace {

// Levenshtein's distance, row by row.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (std::tolower(a[i]) != std::tolower(b[j]));
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string nearest(const std::string& word) {
  std::string best;
  for (const Flag& flag : flags())
    for (const std::string& name : CLI::detail::split(flag.names, ','))
      if (best.empty() || distance(word, name) < distance(word, best)) best = name;
  return best;
}

bool is_profile_flag(const std::string& name) {
  return name == "--profile" || name == "--minShapes" || name == "--optShapes" || name == "--maxShapes";
}

// Names of tensors may stand in single quotes, for shells that would change them.
std::string unquoted(std::string text) {
  std::erase(text, '\'');
  return text;
}

std::string versions(unsigned majors) {
  std::vector<int> list;
  for (const auto& [bit, major] : {std::pair(k8, 8), {k10, 10}, {k11, 11}})
    if (majors & bit) list.push_back(major);
  return fmt::format("{}", fmt::join(list, " and "));
}

}  // namespace

std::string first_name(const Flag& flag) {
  const std::string names = flag.names;
  return names.substr(0, names.find(','));
}

Options Options::parse(int argc, const char* const* argv) {
  Options options;
  CLI::App app;
  app.allow_extras();
  app.set_help_flag();
  app.add_flag("-h,--help", options.help_);
  std::map<const CLI::Option*, std::string> names;
  for (const Flag& flag : flags()) {
    const std::string name = first_name(flag);
    if (flag.kind == Kind::kSwitch) {
      app.add_flag_function(flag.names, [&options, name](int64_t count) {
        if (count > 0) options.values_[name] = {"Enabled"};
      });
    } else {
      CLI::Option* option = app.add_option_function<std::vector<std::string>>(
          flag.names, [&options, name](const std::vector<std::string>& v) { options.values_[name] = v; });
      names[option->allow_extra_args(false)] = name;
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    throw Error(e.what());
  }
  if (const auto rest = app.remaining(); !rest.empty()) {
    const std::string word = rest[0].substr(0, rest[0].find('='));
    throw Error(fmt::format("Unknown option: {} (did you mean {}?)", rest[0], nearest(word)));
  }
  std::map<std::string, size_t> seen;
  for (const CLI::Option* option : app.parse_order()) {
    const auto it = names.find(option);
    if (it == names.end() || !is_profile_flag(it->second)) continue;
    options.in_order_.emplace_back(it->second, options.values_.at(it->second)[seen[it->second]++]);
  }
  return options;
}

const std::vector<std::string>& Options::all(const std::string& flag) const {
  static const std::vector<std::string> none;
  const auto it = values_.find(flag);
  return it == values_.end() ? none : it->second;
}

std::string Options::text(const std::string& flag) const {
  if (const auto& given = all(flag); !given.empty()) return given.back();
  const auto known = flags();
  const auto it =
      std::find_if(known.begin(), known.end(), [&](const Flag& f) { return first_name(f) == flag; });
  return it != known.end() && it->initial != nullptr ? it->initial : "";
}

double Options::number(const std::string& flag, double least) const {
  const std::string value = text(flag);
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !(number >= least && number <= 1e9))
    throw Error(fmt::format("{}={}: expected a number of at least {}", flag, value, least));
  return number;
}

std::vector<double> Options::numbers(const std::string& flag) const {
  std::vector<double> list;
  for (const std::string& item : CLI::detail::split(text(flag), ',')) {
    double number = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), number);
    if (error != std::errc() || end != item.data() + item.size() || !(number >= 0 && number <= 100))
      throw Error(fmt::format("{}={}: expected numbers from 0 to 100", flag, text(flag)));
    list.push_back(number);
  }
  return list;
}

Shapes Options::shapes() const {
  std::vector<std::string> texts;
  for (const std::string& item : all("--shapes")) texts.push_back(unquoted(item));
  return cli::parse_shapes(texts);
}

std::vector<Profile> Options::profiles() const {
  struct Texts {
    std::vector<std::string> min, opt, max;
  };
  std::vector<Texts> sets(1);
  for (const auto& [name, value] : in_order_) {
    // The first --profile names the set that is there already.
    if (name == "--profile" &&
        (!sets.back().min.empty() || !sets.back().opt.empty() || !sets.back().max.empty()))
      sets.emplace_back();
    if (name == "--minShapes") sets.back().min.push_back(unquoted(value));
    if (name == "--optShapes") sets.back().opt.push_back(unquoted(value));
    if (name == "--maxShapes") sets.back().max.push_back(unquoted(value));
  }
  std::vector<Profile> profiles;
  for (const Texts& set : sets) {
    // A flag that is given twice within a profile adds inputs.
    const auto joined = [](const std::vector<std::string>& texts) {
      return texts.empty() ? texts : std::vector<std::string>{fmt::format("{}", fmt::join(texts, ","))};
    };
    for (Profile& p : cli::parse_profiles(joined(set.min), joined(set.opt), joined(set.max)))
      profiles.push_back(std::move(p));
  }
  if (profiles.empty() && has("--shapes")) {
    Profile profile;
    for (const auto& [name, dims] : shapes()) profile[name] = {dims, dims, dims};
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

std::map<std::string, std::string> Options::input_files() const {
  std::map<std::string, std::string> files;
  for (const std::string& list : all("--loadInputs"))
    for (const std::string& item : CLI::detail::split(unquoted(list), ',')) {
      const size_t colon = item.rfind(':');
      if (colon == std::string::npos || colon == 0)
        throw Error(fmt::format("--loadInputs={}: expected name:file,...", list));
      files[item.substr(0, colon)] = item.substr(colon + 1);
    }
  return files;
}

void Options::echo(unsigned major) const {
  for (const Section section :
       {Section::kModel, Section::kBuild, Section::kSystem, Section::kInference, Section::kReporting}) {
    info("=== {} Options ===", section_name(section));
    for (const Flag& flag : flags()) {
      const std::string name = first_name(flag);
      if (flag.section != section || flag.label == nullptr || !(flag.majors & major || has(name))) continue;
      const std::string value = flag.kind == Kind::kSwitch ? (has(name) ? "Enabled" : "Disabled")
                                : has(name)                ? fmt::format("{}", fmt::join(all(name), ","))
                                                           : flag.initial;
      info("{}: {}", flag.label, value);
    }
    if (section == Section::kModel) info("Format: {}", has("--onnx") ? "ONNX" : "*");
  }
  info("");
}

void Options::warn(unsigned major, bool gpu) const {
  for (const Flag& flag : flags()) {
    const std::string name = first_name(flag);
    if (!has(name)) continue;
    if (!(flag.majors & major))
      warning("{} is a flag of TensorRT {}, it is understood here as well", name, versions(flag.majors));
    if (flag.no_effect != nullptr && !(gpu && flag.on_gpu))
      warning("{} has no effect: {}", name, flag.no_effect);
  }
}

void print_help() {
  fmt::print("trtexec on Ingot: builds an engine from an ONNX model, or loads one, and measures it.\n");
  for (const Section section : {Section::kModel, Section::kBuild, Section::kSystem, Section::kInference,
                                Section::kReporting, Section::kTuning}) {
    fmt::print("\n=== {} Options ===\n", section_name(section));
    for (const Flag& flag : flags()) {
      if (flag.section != section) continue;
      const char* value = flag.kind == Kind::kSwitch ? "" : flag.kind == Kind::kNumber ? "=N" : "=spec";
      const std::string initial = flag.initial != nullptr && *flag.initial != 0 && flag.no_effect == nullptr
                                      ? fmt::format("default {}", flag.initial)
                                      : "";
      fmt::print("  {:<42} {}\n", std::string(flag.names) + value,
                 flag.no_effect == nullptr
                     ? initial
                     : fmt::format("no effect{}: {}", flag.on_gpu ? " without a GPU" : "", flag.no_effect));
    }
  }
  fmt::print("\nINGOT_TENSORRT=8, 10 or 11 chooses whose defaults and version are shown (11).\n");
}

}  // namespace ingot::trtexec
