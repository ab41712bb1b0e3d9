// The C interface's building part, in libingot alone: a program that builds does not link with libingot_rt.
#include "api/c_api_impl.h"

using namespace ingot;         // NOLINT: this file is the interface's other side
using namespace ingot::c_api;  // NOLINT

ingot_status ingot_options_create(ingot_options** options) {
  if (options == nullptr) return null_argument("options");
  return guarded([&]() -> Status {
    *options = new ingot_options;
    return {};
  });
}
void ingot_options_free(ingot_options* options) { delete options; }

void ingot_options_set_threads(ingot_options* options, int threads) {
  if (options != nullptr) options->build.threads = threads;
}
void ingot_options_set_level(ingot_options* options, int level) {
  if (options != nullptr) options->build.level = level;
}

void ingot_options_set_refittable(ingot_options* options, int on) {
  if (options != nullptr) options->build.refittable = on != 0;
}

ingot_status ingot_options_set_timing_cache(ingot_options* options, const char* path) {
  if (options == nullptr) return null_argument("options");
  return guarded([&]() -> Status {
    options->build.timing_cache = path == nullptr ? "" : path;
    return {};
  });
}

ingot_status ingot_options_disable_pass(ingot_options* options, const char* pass) {
  if (options == nullptr || pass == nullptr) return null_argument(options == nullptr ? "options" : "pass");
  return guarded([&]() -> Status {
    options->build.disable_passes.emplace_back(pass);
    return {};
  });
}

ingot_status ingot_options_set_shape(ingot_options* options, const char* input, const int64_t* dims,
                                     int32_t rank) {
  if (options == nullptr || input == nullptr) return null_argument(options == nullptr ? "options" : "input");
  return guarded([&]() -> Status {
    INGOT_ASSIGN_OR_RETURN(options->build.shapes[input], read_dims(dims, rank));
    return {};
  });
}

ingot_status ingot_options_set_profile(ingot_options* options, int profile, const char* input,
                                       const int64_t* min, const int64_t* opt, const int64_t* max,
                                       int32_t rank) {
  if (options == nullptr || input == nullptr) return null_argument(options == nullptr ? "options" : "input");
  return guarded([&]() -> Status {
    auto& profiles = options->build.profiles;
    if (profile < 0 || static_cast<size_t>(profile) > profiles.size())
      return invalid_argument("profile ", profile, " leaves a gap, there are ", profiles.size());
    ShapeRange range;
    INGOT_ASSIGN_OR_RETURN(range.min, read_dims(min, rank));
    INGOT_ASSIGN_OR_RETURN(range.opt, read_dims(opt, rank));
    INGOT_ASSIGN_OR_RETURN(range.max, read_dims(max, rank));
    if (static_cast<size_t>(profile) == profiles.size()) profiles.emplace_back();
    profiles[static_cast<size_t>(profile)][input] = std::move(range);
    return {};
  });
}

ingot_status ingot_build_file(const char* onnx_path, const ingot_options* options, ingot_engine** engine) {
  if (onnx_path == nullptr || engine == nullptr)
    return null_argument(onnx_path == nullptr ? "onnx_path" : "engine");
  return guarded([&] {
    return give_engine(build(std::string(onnx_path), options ? options->build : BuildOptions()), engine);
  });
}

ingot_status ingot_build_bytes(const void* data, size_t size, const ingot_options* options,
                               ingot_engine** engine) {
  if (data == nullptr || engine == nullptr) return null_argument(data == nullptr ? "data" : "engine");
  return guarded([&] {
    return give_engine(build_bytes(data, size, "", options ? options->build : BuildOptions()), engine);
  });
}

ingot_status ingot_refit(const ingot_engine* engine, const char* const* names, const ingot_tensor* weights,
                         size_t count, ingot_engine** refitted) {
  if (engine == nullptr || refitted == nullptr)
    return null_argument(engine == nullptr ? "engine" : "refitted");
  if (count > 0 && (names == nullptr || weights == nullptr))
    return null_argument(names == nullptr ? "names" : "weights");
  return guarded([&]() -> Status {
    std::map<std::string, TensorRef> by_name;
    for (size_t i = 0; i < count; ++i) {
      if (names[i] == nullptr) return invalid_argument("name ", i, " is NULL");
      INGOT_ASSIGN_OR_RETURN(Dims dims, read_dims(weights[i].dims, weights[i].rank));
      by_name[names[i]] = {static_cast<DataType>(weights[i].type), std::move(dims), weights[i].data};
    }
    return give_engine(engine->engine.refit(by_name), refitted);
  });
}
