// Plugins that graphs made for TensorRT name: each is a table entry with its fields, shapes and computation,
// on host memory in FLOAT.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ingot_tensorrt.h"

namespace ingot::tensorrt {

/// The numbers of the fields, by name; of text, its characters.
using Parameters = std::map<std::string, std::vector<double>>;
inline double parameter(const Parameters& all, const char* name, double fallback) {
  const auto it = all.find(name);
  return it == all.end() || it->second.empty() ? fallback : it->second[0];
}

struct Builtin {
  struct Call {
    const Parameters& parameters;
    const nvinfer1::PluginTensorDesc *in, *out;
    const void* const* inputs;
    void* const* outputs;
    const float* input(size_t i) const { return static_cast<const float*>(inputs[i]); }
    template <class T = float>
    T* output(size_t i) const {
      return static_cast<T*>(outputs[i]);
    }
  };
  const char *name, *version;
  std::vector<nvinfer1::PluginField> fields;  // without data
  std::vector<nvinfer1::DataType> outputs;
  nvinfer1::DimsExprs (*dims)(const Parameters&, int32_t output, const nvinfer1::DimsExprs* in,
                              nvinfer1::IExprBuilder&);
  void (*run)(const Call&);
  int32_t index_input = -1;  // holds integers: INT32, or INT64 where the major has it
};

const std::vector<Builtin>& builtins();
const Builtin& instance_normalization();
const Builtin& group_normalization();
const Builtin& efficient_nms();
const Builtin& roi_align();
const Builtin& scatter_elements();

/// Whether that is the name, the very pointer, that a plugin of ours gives.
bool is_builtin(const char* name);
/// Registers their creators under this namespace, once.
bool register_builtins(const char* space);

}  // namespace ingot::tensorrt
