// PluginField: named parameters of plugins, in bytes and from the attributes of an ONNX node.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "ingot/network.h"
#include "ingot_tensorrt.h"

namespace ingot::tensorrt {

std::string pack_fields(const nvinfer1::PluginFieldCollection& fields);

/// Fields that own what they point to.
class Fields {
 public:
  /// The inverse of pack_fields; nothing for damaged bytes.
  static Fields unpack(const std::string& bytes);
  /// Those of `wanted` (a creator's field names) that the node has, in the type that the creator asks for;
  /// all attributes where it asks for none.
  static Fields of(const std::map<std::string, NetworkAttr>& attrs,
                   const nvinfer1::PluginFieldCollection* wanted);

  const nvinfer1::PluginFieldCollection& collection();

 private:
  struct Field {
    std::string name, bytes;
    nvinfer1::PluginFieldType type;
    int32_t length;
  };
  std::deque<Field> fields_;
  std::vector<nvinfer1::PluginField> list_;
  nvinfer1::PluginFieldCollection collection_{};
};

}  // namespace ingot::tensorrt
