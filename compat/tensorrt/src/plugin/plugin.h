// A plugin of any generation, as the network and the engine need it. Owns the client's object.
#pragma once

#include <memory>

#include "ingot/custom_op.h"
#include "ingot/status.h"
#include "plugin/expressions.h"

namespace ingot::tensorrt {

class Plugin {
 public:
  using Type = nvinfer1::DataType;
  using Descs = std::vector<nvinfer1::PluginTensorDesc>;

  virtual ~Plugin() = default;
  virtual int32_t num_outputs() = 0;
  /// `ranks`: how many dims each input has.
  virtual Status output_types(const std::vector<Type>& inputs, const std::vector<int32_t>& ranks,
                              std::vector<Type>& outputs) = 0;
  /// `values`: the elements of the shape inputs, which only plugins of the third generation have.
  virtual Status output_dims(const std::vector<nvinfer1::DimsExprs>& inputs,
                             const std::vector<nvinfer1::DimsExprs>& values,
                             std::vector<nvinfer1::DimsExprs>& outputs, Expressions& builder) = 0;
  /// Whether it takes tensors of these types, row by row; open dims are -1.
  virtual Status supports(const Descs& inputs, const Descs& outputs) = 0;
  /// Configures it for these tensors and runs it on them: on host memory, or with `gpu` on that of the GPU.
  virtual Status run(const Descs& inputs, const Descs& outputs, const void* const* in, void* const* out,
                     const CustomOp::Gpu* gpu) = 0;
  /// The input in whose memory it makes output i; -1: none.
  virtual int32_t aliased_input(int32_t) { return -1; }
  /// Whether it is one of ours, which know host memory only.
  virtual bool host_only() { return false; }
  virtual std::unique_ptr<Plugin> clone() = 0;
  /// What an engine's inspector shows of it; may be null.
  virtual const char* metadata() { return nullptr; }
  /// From which `restore` makes it again, in another process, too.
  virtual Result<std::string> save() = 0;
};

/// Takes over the object; null for a generation that is not known.
std::unique_ptr<Plugin> take(nvinfer1::IPluginV2* plugin);
#if NV_TENSORRT_MAJOR >= 10
std::unique_ptr<Plugin> take(nvinfer1::IPluginV3* plugin);
/// Objects that Python made are Python's to delete.
struct DeleteV3 {
  void operator()(nvinfer1::IPluginV3* plugin) const {
    if (plugin->getAPILanguage() != nvinfer1::APILanguage::kPYTHON) delete plugin;
  }
};
using OwnedV3 = std::unique_ptr<nvinfer1::IPluginV3, DeleteV3>;
/// One whose sides are the quick ones.
std::unique_ptr<Plugin> take_quick(OwnedV3 plugin);
/// One with kernels that are compiled ahead of time for GPUs, in place of code that runs in the process.
bool is_compiled(nvinfer1::IPluginV3& plugin);
/// What there is to know of it for inputs of these types and dims (-1: open). Needs the object no longer.
Result<std::unique_ptr<Plugin>> record_compiled(nvinfer1::IPluginV3& plugin, const Plugin::Descs& inputs);
struct SavedPlugin;
Result<std::unique_ptr<Plugin>> restore_compiled(const SavedPlugin& saved);
#endif
/// By the creator that is registered for it.
Result<std::unique_ptr<Plugin>> restore(const std::string& data);

/// The custom op under which networks hold plugins. Registered when a network or a runtime first needs it.
inline constexpr const char* kPluginKind = "tensorrt_plugin";
void register_plugin_op();
/// From now on this process runs `plugin` where a network holds its data, whether or not a creator of it is
/// registered. Gives the data.
Result<std::string> keep(std::unique_ptr<Plugin> plugin);
/// The data of a node that runs what `keep` gave; the last `shape_inputs` inputs are shape inputs.
std::string node_data(const std::string& kept, int32_t shape_inputs = 0);
/// The code of plugins of this name is going away.
void forget_plugins(const std::string& name);

// What V2 and V3 share.
/// Memory of `bytes` bytes while a plugin runs: the GPU's, or `own`.
Result<void*> workspace(size_t bytes, const CustomOp::Gpu* gpu, std::vector<char>& own);
/// Memory that plugins may take while they run; null: there is none to give on this device.
nvinfer1::IGpuAllocator* plugin_allocator();
nvinfer1::PluginTensorDesc linear_desc(nvinfer1::DataType type, const nvinfer1::Dims& dims);
nvinfer1::DynamicPluginTensorDesc with_range(const nvinfer1::PluginTensorDesc& desc);
std::vector<nvinfer1::DynamicPluginTensorDesc> with_range(const Plugin::Descs& descs);
Status refused(const char* name, const char* call, int64_t code);
Status gave_nothing(const char* name, const char* call);
Status unsupported_format(const char* name, size_t position, nvinfer1::DataType type);

/// Fields of data with a name, in bytes and back.
struct SavedPlugin {
  std::string generation, name, version, space, bytes;
};
std::string pack(const SavedPlugin& saved);
Result<SavedPlugin> unpack(const std::string& data);

}  // namespace ingot::tensorrt
