// Plugins as Ingot's custom ops: made from their data by the registered creators, kept for the next run.
#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "ingot/custom_op.h"
#include "plugin/builtin.h"
#include "plugin/fields.h"
#include "plugin/plugin.h"
#include "plugin_registry.h"

namespace ingot::tensorrt {
namespace {

// Instances that nobody uses at the moment, by data. A run takes one, so that each is used by one thread at a
// time. Never destroyed: clients' code may be gone when the process ends.
struct Pool {
  std::mutex mutex;
  std::map<std::string, std::vector<std::unique_ptr<Plugin>>> idle;
};
Pool& pool() {
  static Pool& p = *new Pool;
  return p;
}

Result<std::unique_ptr<Plugin>> borrow(const std::string& data) {
  {
    const std::lock_guard lock(pool().mutex);
    auto& idle = pool().idle[data];
    if (idle.size() > 1) {
      auto plugin = std::move(idle.back());
      idle.pop_back();
      return plugin;
    }
    if (!idle.empty())  // the last one stays, for others to be cloned from
      if (auto plugin = idle.back()->clone()) return plugin;
  }
  return restore(data);
}

void give_back(const std::string& data, std::unique_ptr<Plugin> plugin) {
  const std::lock_guard lock(pool().mutex);
  pool().idle[data].push_back(std::move(plugin));
}

nvinfer1::PluginTensorDesc desc(DataType type, const ShapeDims& dims) {
  nvinfer1::PluginTensorDesc out{};
  out.dims = to_dims(dims);
  out.type = to_tensorrt(type);
  out.format = nvinfer1::TensorFormat::kLINEAR;
  out.scale = 1;
  return out;
}

// A dim of an output, for a run: the most it can be, and which output tells what it is.
struct Extents {
  ShapeDims most;
  std::vector<int32_t> told_by;
};

class PluginOp final : public CustomOp {
 public:
  explicit PluginOp(std::string data) : data_(std::move(data)) {}

  Status infer(const std::vector<TensorInfo>& inputs, std::vector<TensorInfo>& outputs) override {
    auto plugin = borrow(data_);
    if (!plugin.ok()) return plugin.status();
    Expressions builder;
    std::vector<nvinfer1::DimsExprs> dims(outputs.size());
    std::vector<nvinfer1::DataType> types(outputs.size());
    Status status = describe(**plugin, inputs, dims, types, builder);
    for (size_t i = 0; i < outputs.size() && status.ok(); ++i) {
      outputs[i].dtype = to_ingot(types[i]);
      outputs[i].dims.clear();
      for (int32_t d = 0; d < dims[i].nbDims; ++d) {
        const Expression& e = expression(*dims[i].d[d]);
        outputs[i].dims.push_back(e.size_output() >= 0 ? "?" : e.text());
      }
    }
    give_back(data_, std::move(*plugin));
    return status;
  }

  Status run(const std::vector<TensorRef>& inputs, size_t num_outputs, const Allocate& output) override {
    auto plugin = borrow(data_);
    if (!plugin.ok()) return plugin.status();
    Status status = run_on(**plugin, inputs, num_outputs, output);
    give_back(data_, std::move(*plugin));
    return status;
  }

 private:
  static Status describe(Plugin& plugin, const std::vector<TensorInfo>& inputs,
                         std::vector<nvinfer1::DimsExprs>& dims, std::vector<nvinfer1::DataType>& types,
                         Expressions& builder) {
    std::vector<nvinfer1::DimsExprs> in_dims;
    std::vector<nvinfer1::DataType> in_types;
    for (const TensorInfo& i : inputs) {
      in_dims.push_back(builder.dims(i.dims));
      in_types.push_back(to_tensorrt(i.dtype));
    }
    if (Status s = plugin.output_types(in_types, types); !s.ok()) return s;
    if (Status s = plugin.output_dims(in_dims, dims, builder); !s.ok()) return s;
    for (const nvinfer1::DimsExprs& d : dims)
      if (d.nbDims < 0 || std::any_of(d.d, d.d + d.nbDims, [](const auto* e) { return e == nullptr; }))
        return {StatusCode::kInvalidArgument, "the plugin gave no dims for an output"};
    return {};
  }

  static Status run_on(Plugin& plugin, const std::vector<TensorRef>& inputs, size_t num_outputs,
                       const Allocate& output) {
    std::vector<TensorInfo> infos;
    Plugin::Descs in, out;
    std::vector<const void*> in_data;
    for (const TensorRef& r : inputs) {
      TensorInfo info;
      info.dtype = r.dtype;
      for (int64_t d : r.dims) info.dims.push_back(std::to_string(d));
      infos.push_back(std::move(info));
      in.push_back(desc(r.dtype, r.dims));
      in_data.push_back(r.data);
    }
    Expressions builder;
    std::vector<nvinfer1::DimsExprs> dims(num_outputs);
    std::vector<nvinfer1::DataType> types(num_outputs);
    if (Status s = describe(plugin, infos, dims, types, builder); !s.ok()) return s;

    std::vector<Extents> extents(num_outputs);
    std::vector<std::string> spare(num_outputs);  // memory of outputs whose size the run tells
    std::vector<void*> out_data;
    for (size_t i = 0; i < num_outputs; ++i) {
      bool told = false;
      for (int32_t d = 0; d < dims[i].nbDims; ++d) {
        const Expression& e = expression(*dims[i].d[d]);
        extents[i].most.push_back(e.getConstantValue());
        extents[i].told_by.push_back(e.size_output());
        told = told || e.size_output() >= 0;
      }
      const DataType type = to_ingot(types[i]);
      out.push_back(desc(type, extents[i].most));
      if (told) {
        spare[i].resize(TensorRef{type, extents[i].most, nullptr}.bytes() + 1);
        out_data.push_back(spare[i].data());
        continue;
      }
      auto memory = output(i, type, extents[i].most);
      if (!memory.ok()) return memory.status();
      out_data.push_back(memory->data);
    }
    if (Status s = plugin.run(in, out, in_data.data(), out_data.data()); !s.ok()) return s;

    for (size_t i = 0; i < num_outputs; ++i) {
      if (spare[i].empty()) continue;
      ShapeDims actual = extents[i].most;
      for (size_t d = 0; d < actual.size(); ++d)
        if (const int32_t by = extents[i].told_by[d]; by >= 0)
          actual[d] = std::clamp<int64_t>(size_in(out_data, out, static_cast<size_t>(by)), 0, actual[d]);
      auto memory = output(i, to_ingot(types[i]), actual);
      if (!memory.ok()) return memory.status();
      std::memcpy(memory->data, spare[i].data(), memory->bytes());
    }
    return {};
  }

  static int64_t size_in(const std::vector<void*>& data, const Plugin::Descs& descs, size_t output) {
    if (output >= data.size()) return 0;
    return to_ingot(descs[output].type) == DataType::kI64 ? *static_cast<const int64_t*>(data[output])
                                                          : *static_cast<const int32_t*>(data[output]);
  }

  std::string data_;
};

}  // namespace

void register_plugin_op() {
  static const bool once = [] {
    register_builtins("");
    register_custom_op(kPluginKind, [](const std::string& data) -> Result<std::shared_ptr<CustomOp>> {
      return std::shared_ptr<CustomOp>(std::make_shared<PluginOp>(data));
    });
    return true;
  }();
  static_cast<void>(once);
}

std::string keep(std::unique_ptr<Plugin> plugin) {
  register_plugin_op();
  std::string data = plugin->save();
  give_back(data, std::move(plugin));
  return data;
}

Result<std::unique_ptr<Plugin>> restore(const std::string& data) {
  auto saved = unpack(data);
  if (!saved.ok()) return saved.status();
  auto* creator = PluginRegistry::global().lookup(saved->name, saved->version, saved->space);
  if (creator == nullptr)
    return Status(StatusCode::kNotFound,
                  PluginRegistry::global().missing(saved->name, saved->version, saved->space));
  std::unique_ptr<Plugin> made;
  if (saved->generation == "V2") {
    auto* v2 = static_cast<nvinfer1::IPluginCreator*>(creator);
    made = take(v2->deserializePlugin(saved->name.c_str(), saved->bytes.data(), saved->bytes.size()));
#if NV_TENSORRT_MAJOR >= 10
  } else {
    Fields fields = Fields::unpack(saved->bytes);
    auto* v3 = static_cast<nvinfer1::IPluginCreatorV3One*>(creator);
    made =
        take(v3->createPlugin(saved->name.c_str(), &fields.collection(), nvinfer1::TensorRTPhase::kRUNTIME));
#endif
  }
  if (made == nullptr)
    return Status(StatusCode::kInvalidArgument,
                  "the creator of plugin '" + saved->name + "' made none of its data");
  return made;
}

std::string pack(const SavedPlugin& saved) {
  std::string out;
  for (const std::string* s : {&saved.generation, &saved.name, &saved.version, &saved.space})
    out += s->c_str(), out += '\n';
  static constexpr char kDigits[] = "0123456789abcdef";
  for (char c : saved.bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4], out += kDigits[byte & 15];
  }
  return out;
}

Result<SavedPlugin> unpack(const std::string& data) {
  SavedPlugin saved;
  size_t at = 0;
  for (std::string* s : {&saved.generation, &saved.name, &saved.version, &saved.space}) {
    const size_t end = data.find('\n', at);
    if (end == std::string::npos) return Status(StatusCode::kCorrupt, "the data of a plugin is damaged");
    *s = data.substr(at, end - at);
    at = end + 1;
  }
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (; at + 1 < data.size(); at += 2)
    saved.bytes += static_cast<char>(digit(data[at]) << 4 | digit(data[at + 1]));
  return saved;
}

nvinfer1::DynamicPluginTensorDesc with_range(const nvinfer1::PluginTensorDesc& desc) {
  nvinfer1::DynamicPluginTensorDesc out{};
  out.desc = desc;
  out.min = out.max = desc.dims;
#if NV_TENSORRT_MAJOR >= 10
  out.opt = desc.dims;
#endif
  return out;
}

std::vector<nvinfer1::DynamicPluginTensorDesc> with_range(const Plugin::Descs& descs) {
  std::vector<nvinfer1::DynamicPluginTensorDesc> out;
  for (const auto& d : descs) out.push_back(with_range(d));
  return out;
}

Status refused(const char* name, const char* call, int64_t code) {
  return {StatusCode::kInvalidArgument, std::string("plugin '") + (name == nullptr ? "" : name) +
                                            "': " + call + " failed with code " + std::to_string(code)};
}

Status unsupported_format(const char* name, size_t position, nvinfer1::DataType type) {
  return {StatusCode::kUnsupported, std::string("plugin '") + (name == nullptr ? "" : name) +
                                        "' does not take type " +
                                        std::string(data_type_name(to_ingot(type))) +
                                        " in linear format as tensor " + std::to_string(position)};
}

}  // namespace ingot::tensorrt
