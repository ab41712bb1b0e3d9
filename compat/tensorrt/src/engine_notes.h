// What an engine keeps of the client's network and configuration beside Ingot's plans: JSON in its metadata.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ingot::tensorrt {

struct EngineNotes {
  /// Weights that a refitter may change.
  struct Weights {
    std::string constant;     // in the network that the engine was built from
    std::string layer, name;  // name: the client's for these weights, empty without one
    int32_t role = 0;         // a WeightsRole
  };
  /// Contents of a shape tensor: least, usual and most.
  using ShapeValues = std::array<std::vector<int64_t>, 3>;

  std::string network = "Unnamed Network 0";
  int32_t verbosity = 0, hardware_level = 0, capability = 0;
  bool refittable = false, streams_weights = false;
  std::vector<Weights> weights;
  std::vector<std::map<std::string, ShapeValues>> shape_values;  // for each profile, by input
  std::set<std::string> shape_tensors;                           // inputs and outputs that hold sizes
  std::map<std::string, std::pair<float, float>> ranges;         // of tensors, as the client set them
  std::map<std::string, std::string> layer_metadata;             // by layer

  /// The engine's metadata with the notes in it.
  std::map<std::string, std::string> metadata() const;
  /// The notes in an engine's metadata; false: there are none, the engine was not built through this
  /// interface.
  bool read(const std::map<std::string, std::string>& metadata);
};

}  // namespace ingot::tensorrt
