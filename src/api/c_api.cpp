// The C interface's runtime part, in both libraries; building is in c_build.cpp.
#include <charconv>

#include "api/c_api_impl.h"
#include "ingot/ingot.h"

namespace ingot::c_api {

namespace {
thread_local std::string last_error;
}

ingot_status fail(const Status& status) {
  last_error = status.to_string();
  return static_cast<ingot_status>(status.code());
}

ingot_status fail_no_memory() {
  last_error = "out of memory";
  return INGOT_OUT_OF_MEMORY;
}

ingot_status null_argument(const char* what) {
  return fail(invalid_argument("the argument '", what, "' is NULL"));
}

Result<Dims> read_dims(const int64_t* dims, int32_t rank) {
  if (rank < 0 || (rank > 0 && dims == nullptr)) return invalid_argument("rank ", rank, " without dims");
  return Dims(dims, dims + rank);
}

namespace {

Status describe(const std::vector<TensorInfo>& infos, int32_t index, ingot_tensor_info* out) {
  if (index < 0 || static_cast<size_t>(index) >= infos.size())
    return invalid_argument("index ", index, " is out of range, there are ", infos.size());
  const TensorInfo& info = infos[static_cast<size_t>(index)];
  if (info.dims.size() > INGOT_MAX_RANK)
    return unsupported("'", info.name, "' has ", info.dims.size(), " dims, more than ", INGOT_MAX_RANK);
  *out = {info.name.c_str(), static_cast<ingot_data_type>(info.dtype), -1, {}};
  if (!info.ranked) return {};
  out->rank = static_cast<int32_t>(info.dims.size());
  for (size_t i = 0; i < info.dims.size(); ++i) {
    const std::string& d = info.dims[i];
    const auto [end, error] = std::from_chars(d.data(), d.data() + d.size(), out->dims[i]);
    if (error != std::errc() || end != d.data() + d.size()) out->dims[i] = -1;
  }
  return {};
}

Status fill(const TensorRef& from, ingot_tensor* out) {
  if (from.dims.size() > INGOT_MAX_RANK)
    return unsupported("the output has ", from.dims.size(), " dims, more than ", INGOT_MAX_RANK);
  *out = {static_cast<ingot_data_type>(from.dtype),
          static_cast<int32_t>(from.dims.size()),
          {},
          from.data,
          from.bytes()};
  std::copy(from.dims.begin(), from.dims.end(), out->dims);
  return {};
}

}  // namespace
}  // namespace ingot::c_api

using namespace ingot;         // NOLINT: this file is the interface's other side
using namespace ingot::c_api;  // NOLINT

const char* ingot_version(void) { return version(); }
const char* ingot_last_error(void) { return last_error.c_str(); }

ingot_status ingot_load_file(const char* path, ingot_engine** engine) {
  if (path == nullptr || engine == nullptr) return null_argument(path == nullptr ? "path" : "engine");
  return guarded([&] { return give_engine(load(path), engine); });
}

ingot_status ingot_load_bytes(const void* data, size_t size, ingot_engine** engine) {
  if (data == nullptr || engine == nullptr) return null_argument(data == nullptr ? "data" : "engine");
  return guarded([&] { return give_engine(load_bytes(data, size), engine); });
}

ingot_status ingot_save_file(const ingot_engine* engine, const char* path) {
  if (engine == nullptr || path == nullptr) return null_argument(engine == nullptr ? "engine" : "path");
  return guarded([&] { return engine->engine.save(path); });
}

ingot_status ingot_check_weights(const ingot_engine* engine) {
  if (engine == nullptr) return null_argument("engine");
  return guarded([&] { return engine->engine.check_weights(); });
}

void ingot_engine_free(ingot_engine* engine) { delete engine; }

int32_t ingot_num_inputs(const ingot_engine* engine) {
  return engine == nullptr ? 0 : static_cast<int32_t>(engine->engine.inputs().size());
}
int32_t ingot_num_outputs(const ingot_engine* engine) {
  return engine == nullptr ? 0 : static_cast<int32_t>(engine->engine.outputs().size());
}

ingot_status ingot_input_info(const ingot_engine* engine, int32_t index, ingot_tensor_info* info) {
  if (engine == nullptr || info == nullptr) return null_argument(engine == nullptr ? "engine" : "info");
  return guarded([&] { return describe(engine->engine.inputs(), index, info); });
}

ingot_status ingot_output_info(const ingot_engine* engine, int32_t index, ingot_tensor_info* info) {
  if (engine == nullptr || info == nullptr) return null_argument(engine == nullptr ? "engine" : "info");
  return guarded([&] { return describe(engine->engine.outputs(), index, info); });
}

const char* ingot_report(ingot_engine* engine) {
  if (engine == nullptr) {
    null_argument("engine");
    return nullptr;
  }
  const ingot_status status = guarded([&]() -> Status {
    const std::scoped_lock lock(engine->mutex);
    if (engine->report.empty()) engine->report = engine->engine.report_json();
    return {};
  });
  return status == INGOT_OK ? engine->report.c_str() : nullptr;
}

ingot_status ingot_context_create(const ingot_engine* engine, int threads, ingot_context** context) {
  if (engine == nullptr || context == nullptr) return null_argument(engine == nullptr ? "engine" : "context");
  return guarded([&]() -> Status {
    INGOT_ASSIGN_OR_RETURN(Context made, engine->engine.context(threads));
    *context = new ingot_context{std::move(made)};
    return {};
  });
}

void ingot_context_free(ingot_context* context) { delete context; }

ingot_status ingot_set_input(ingot_context* context, const char* name, ingot_data_type type,
                             const int64_t* dims, int32_t rank, const void* data) {
  if (context == nullptr || name == nullptr) return null_argument(context == nullptr ? "context" : "name");
  return guarded([&]() -> Status {
    INGOT_ASSIGN_OR_RETURN(Dims shape, read_dims(dims, rank));
    return context->context.set_input(
        name, {static_cast<DataType>(type), std::move(shape), const_cast<void*>(data)});
  });
}

ingot_status ingot_set_output(ingot_context* context, const char* name, void* data, size_t bytes) {
  if (context == nullptr || name == nullptr) return null_argument(context == nullptr ? "context" : "name");
  return guarded([&] { return context->context.set_output(name, data, bytes); });
}

ingot_status ingot_run(ingot_context* context) {
  if (context == nullptr) return null_argument("context");
  return guarded([&] { return context->context.run(); });
}

ingot_status ingot_output(const ingot_context* context, const char* name, ingot_tensor* tensor) {
  if (context == nullptr || name == nullptr || tensor == nullptr)
    return null_argument(context == nullptr ? "context" : name == nullptr ? "name" : "tensor");
  return guarded([&]() -> Status {
    INGOT_ASSIGN_OR_RETURN(const TensorRef result, context->context.output(name));
    return fill(result, tensor);
  });
}
