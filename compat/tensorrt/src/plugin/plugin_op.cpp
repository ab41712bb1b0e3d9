// Plugins as Ingot's custom ops: made from their data by the registered creators, kept for the next run.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "ingot/custom_op.h"
#include "plugin/builtin.h"
#include "plugin/device_code.h"
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
  return linear_desc(to_tensorrt(type), to_dims(dims));
}
// Dims that only a run tells are -1.
nvinfer1::PluginTensorDesc desc(nvinfer1::DataType type, const nvinfer1::DimsExprs& dims) {
  ShapeDims known;
  for (int32_t d = 0; d < dims.nbDims; ++d)
    known.push_back(dims.d[d]->isConstant() ? dims.d[d]->getConstantValue() : -1);
  return linear_desc(type, to_dims(known));
}

// A dim of an output, for a run: the most it can be, and which output tells what it is.
struct Extents {
  ShapeDims most;
  std::vector<int32_t> told_by;
};

class PluginOp final : public CustomOp {
 public:
  /// The data of a node begins with how many of the last inputs are shape inputs.
  explicit PluginOp(const std::string& data)
      : data_(data.substr(data.find('\n') + 1)), shape_inputs_(std::strtoul(data.c_str(), nullptr, 10)) {}

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
    return run_with(inputs, num_outputs, output, nullptr);
  }

  bool on_gpu() const override {
    auto plugin = borrow(data_);
    if (!plugin.ok()) return false;
    const bool device = !(*plugin)->host_only();
    give_back(data_, std::move(*plugin));
    return device;
  }
  Status enqueue(const std::vector<TensorRef>& inputs, size_t num_outputs, const Allocate& output,
                 const Gpu& gpu) override {
    return run_with(inputs, num_outputs, output, &gpu);
  }

 private:
  Status run_with(const std::vector<TensorRef>& inputs, size_t num_outputs, const Allocate& output,
                  const Gpu* gpu) const {
    auto plugin = borrow(data_);
    if (!plugin.ok()) return plugin.status();
    Status status = run_on(**plugin, inputs, num_outputs, output, gpu);
    give_back(data_, std::move(*plugin));
    return status;
  }

  template <class List>
  int64_t shape_count(const List& inputs) const {
    return static_cast<int64_t>(std::min(shape_inputs_, inputs.size()));
  }

  Status describe(Plugin& plugin, const std::vector<TensorInfo>& inputs,
                  std::vector<nvinfer1::DimsExprs>& dims, std::vector<nvinfer1::DataType>& types,
                  Expressions& builder) const {
    std::vector<nvinfer1::DimsExprs> in_dims, values;
    std::vector<nvinfer1::DataType> in_types;
    std::vector<int32_t> ranks;
    const size_t shapes_from = inputs.size() - static_cast<size_t>(shape_count(inputs));
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (i >= shapes_from) {
        if (inputs[i].contents.empty())
          return {StatusCode::kUnsupported, "the elements of a shape input do not follow from shapes"};
        values.push_back(builder.dims(inputs[i].contents));
        continue;
      }
      in_dims.push_back(builder.dims(inputs[i].dims));
      in_types.push_back(to_tensorrt(inputs[i].dtype));
      ranks.push_back(in_dims.back().nbDims);
    }
    if (Status s = plugin.output_types(in_types, ranks, types); !s.ok()) return s;
    if (Status s = plugin.output_dims(in_dims, values, dims, builder); !s.ok()) return s;
    for (const nvinfer1::DimsExprs& d : dims)
      if (d.nbDims < 0 || std::any_of(d.d, d.d + d.nbDims, [](const auto* e) { return e == nullptr; }))
        return {StatusCode::kInvalidArgument, "the plugin gave no dims for an output"};
    Plugin::Descs in, out;
    for (size_t i = 0; i < in_dims.size(); ++i) in.push_back(desc(in_types[i], in_dims[i]));
    for (size_t i = 0; i < dims.size(); ++i) out.push_back(desc(types[i], dims[i]));
    return plugin.supports(in, out);
  }

  Status run_on(Plugin& plugin, const std::vector<TensorRef>& inputs, size_t num_outputs,
                const Allocate& output, const Gpu* gpu) const {
    std::vector<TensorInfo> infos;
    Plugin::Descs in, out;
    std::vector<const void*> in_data;
    const size_t shapes_from = inputs.size() - static_cast<size_t>(shape_count(inputs));
    for (size_t i = 0; i < inputs.size(); ++i) {
      const TensorRef& r = inputs[i];
      TensorInfo info;
      info.dtype = r.dtype;
      for (int64_t d : r.dims) info.dims.push_back(std::to_string(d));
      if (i >= shapes_from) {
        auto contents = elements(r, gpu);
        if (!contents.ok()) return contents.status();
        info.contents = std::move(*contents);
      }
      infos.push_back(std::move(info));
      if (i >= shapes_from) continue;
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
      if (told && gpu == nullptr) {  // a GPU's output is asked for again, and stays where it is
        spare[i].resize(TensorRef{type, extents[i].most, nullptr}.bytes() + 1);
        out_data.push_back(spare[i].data());
        continue;
      }
      auto memory = output(i, type, extents[i].most);
      if (!memory.ok()) return memory.status();
      out_data.push_back(memory->data);
      if (Status s = fill_aliased(plugin, i, in, in_data, out, out_data, gpu); !s.ok()) return s;
    }
    if (Status s = plugin.run(in, out, in_data.data(), out_data.data(), gpu); !s.ok()) return s;

    for (size_t i = 0; i < num_outputs; ++i) {
      ShapeDims actual = extents[i].most;
      bool told = false;
      for (size_t d = 0; d < actual.size(); ++d) {
        const int32_t by = extents[i].told_by[d];
        if (by < 0) continue;
        told = true;
        const auto size = size_in(out_data, out, static_cast<size_t>(by), gpu);
        if (!size.ok()) return size.status();
        actual[d] = std::clamp<int64_t>(*size, 0, actual[d]);
      }
      if (!told) continue;
      auto memory = output(i, to_ingot(types[i]), actual);
      if (!memory.ok()) return memory.status();
      if (gpu == nullptr) std::memcpy(memory->data, spare[i].data(), memory->bytes());
    }
    return {};
  }

  // An output that is made in an input's memory: the input stays as it was, its elements lie in the output,
  // and the plugin sees that as both.
  static Status fill_aliased(Plugin& plugin, size_t output, const Plugin::Descs& in,
                             std::vector<const void*>& in_data, const Plugin::Descs& out,
                             const std::vector<void*>& out_data, const Gpu* gpu) {
    const int32_t aliased = plugin.aliased_input(static_cast<int32_t>(output));
    if (aliased < 0) return {};
    const auto input = static_cast<size_t>(aliased);
    if (input >= in.size() || to_vector(in[input].dims) != to_vector(out[output].dims) ||
        in[input].type != out[output].type)
      return {StatusCode::kInvalidArgument,
              "the plugin's output " + std::to_string(output) + " is not like the input that it is made in"};
    const size_t bytes = TensorRef{to_ingot(in[input].type), to_vector(in[input].dims), nullptr}.bytes();
    const void* from = std::exchange(in_data[input], out_data[output]);
    if (gpu != nullptr) return copy_on_device(out_data[output], from, bytes, gpu->stream);
    if (bytes > 0 && from != out_data[output]) std::memcpy(out_data[output], from, bytes);
    return {};
  }

  // The elements of an integer tensor, wherever it lies.
  static Result<std::vector<int64_t>> integers(const TensorRef& r, const Gpu* gpu) {
    std::string bytes(r.bytes(), 0);
    if (gpu == nullptr)
      std::memcpy(bytes.data(), r.data, bytes.size());
    else if (Status s = gpu->read(bytes.data(), r.data, bytes.size()); !s.ok())
      return s;
    std::vector<int64_t> out(static_cast<size_t>(r.size()));
    for (size_t i = 0; i < out.size(); ++i) {
      int32_t narrow = 0;
      std::memcpy(&narrow, bytes.data() + i * sizeof(narrow), sizeof(narrow));
      if (r.dtype == DataType::kI64)
        std::memcpy(&out[i], bytes.data() + i * sizeof(out[i]), sizeof(out[i]));
      else
        out[i] = narrow;
    }
    return out;
  }

  static Result<std::vector<std::string>> elements(const TensorRef& r, const Gpu* gpu) {
    const auto values = integers(r, gpu);
    if (!values.ok()) return values.status();
    std::vector<std::string> out;
    for (int64_t v : *values) out.push_back(std::to_string(v));
    return out;
  }

  static Result<int64_t> size_in(const std::vector<void*>& data, const Plugin::Descs& descs, size_t output,
                                 const Gpu* gpu) {
    if (output >= data.size()) return 0;
    const auto values = integers({to_ingot(descs[output].type), {}, data[output]}, gpu);
    return values.ok() ? Result<int64_t>(values->at(0)) : Result<int64_t>(values.status());
  }

  std::string data_;
  size_t shape_inputs_;
};

}  // namespace

std::string node_data(const std::string& kept, int32_t shape_inputs) {
  return std::to_string(shape_inputs) + '\n' + kept;
}

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

Result<std::string> keep(std::unique_ptr<Plugin> plugin) {
  register_plugin_op();
  auto data = plugin->save();
  if (!data.ok()) return data;
  const std::lock_guard lock(pool().mutex);
  auto& idle = pool().idle[*data];
  if (idle.empty()) idle.push_back(std::move(plugin));  // else there is one to clone from
  return data;
}

void forget_plugins(const std::string& name) {
  const std::lock_guard lock(pool().mutex);
  std::erase_if(pool().idle, [&](const auto& kept) {
    const auto saved = unpack(kept.first);
    return saved.ok() && saved->name == name;
  });
}

Result<std::unique_ptr<Plugin>> restore(const std::string& data) {
  auto saved = unpack(data);
  if (!saved.ok()) return saved.status();
#if NV_TENSORRT_MAJOR >= 10
  if (saved->generation == "compiled") return restore_compiled(*saved);
#endif
  auto* creator = PluginRegistry::global().lookup(saved->name, saved->version, saved->space);
  if (creator == nullptr)
    return Status(StatusCode::kNotFound,
                  PluginRegistry::global().missing(saved->name, saved->version, saved->space));
  if (const auto registered = PluginRegistry::generation(*creator); registered != saved->generation)
    return Status(StatusCode::kInvalidArgument, "plugin '" + saved->name + "' of generation " +
                                                    saved->generation + " is registered as one of " +
                                                    std::string(registered));
  std::unique_ptr<Plugin> made;
  if (saved->generation == "V2") {
    auto* v2 = static_cast<nvinfer1::IPluginCreator*>(creator);
    made = take(v2->deserializePlugin(saved->name.c_str(), saved->bytes.data(), saved->bytes.size()));
#if NV_TENSORRT_MAJOR >= 10
  } else if (saved->generation == "quick") {
    Fields fields = Fields::unpack(saved->bytes);
    auto* quick = static_cast<nvinfer1::IPluginCreatorV3Quick*>(creator);
    made = take(quick->createPlugin(saved->name.c_str(), saved->space.c_str(), &fields.collection(),
                                    nvinfer1::TensorRTPhase::kRUNTIME,
                                    nvinfer1::QuickPluginCreationRequest::kSTRICT_JIT));
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

nvinfer1::PluginTensorDesc linear_desc(nvinfer1::DataType type, const nvinfer1::Dims& dims) {
  nvinfer1::PluginTensorDesc out{};
  out.dims = dims;
  out.type = type;
  out.format = nvinfer1::TensorFormat::kLINEAR;
  out.scale = 1;
  return out;
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

Result<void*> workspace(size_t bytes, const CustomOp::Gpu* gpu, std::vector<char>& own) {
  if (gpu != nullptr) return bytes == 0 ? Result<void*>(nullptr) : gpu->workspace(bytes);
  own.resize(bytes);
  return static_cast<void*>(own.data());
}

Status refused(const char* name, const char* call, int64_t code) {
  return {StatusCode::kInvalidArgument, std::string("plugin '") + (name == nullptr ? "" : name) +
                                            "': " + call + " failed with code " + std::to_string(code)};
}

Status gave_nothing(const char* name, const char* call) {
  return {StatusCode::kInvalidArgument,
          std::string("plugin '") + (name == nullptr ? "" : name) + "': " + call + " gave nothing"};
}

Status unsupported_format(const char* name, size_t position, nvinfer1::DataType type) {
  return {StatusCode::kUnsupported, std::string("plugin '") + (name == nullptr ? "" : name) +
                                        "' does not take type " +
                                        std::string(data_type_name(to_ingot(type))) +
                                        " in linear format as tensor " + std::to_string(position)};
}

}  // namespace ingot::tensorrt
