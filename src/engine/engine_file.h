// The engine file: one file, memory-mapped.
//
//   header (magic, version, section table with checksums) | meta | graph text | source text | weight table |
//   plans | weights
//
// The table holds a checksum of each weight. Loading checks all sections but the weights, whose bytes decide
// no address: they are read when a run needs them, and checked by check_weights for whom that is worth a pass
// over the file.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "engine/plan.h"

namespace ingot {

inline constexpr uint32_t kEngineVersion = 5;
inline constexpr size_t kWeightAlignment = 64;

/// What the packing of machine code begins with: its name follows.
inline constexpr std::string_view kBinaryPacking = "binary/";

struct Weight {
  Tensor data;          // without bytes where packed_in holds them
  std::string packing;  // how a kernel packed it, or what code it is; empty for plain row-major data
  // The weight that holds the same elements in a packed form, from which they can be restored; -1: the bytes
  // are here.
  int32_t packed_in = -1;
  std::optional<uint64_t> checksum;  // that the file gives for the bytes; none before they were saved

  bool stored() const { return packed_in < 0; }
  /// A weight of this type whose bytes are elsewhere.
  static Weight packed_away(const Tensor& plain, int32_t packed_in) {
    return {Tensor::wrap(plain.dtype(), plain.dims(), nullptr, nullptr), "", packed_in, {}};
  }
};

/// An engine as data: what the compiler makes and the runtime executes. Immutable once built, shared by
/// contexts.
struct EngineImage {
  Attrs meta;                                   // name, build options
  std::map<std::string, std::string> metadata;  // what programs keep with the engine
  std::string graph;   // the optimized graph in IR text; its constants refer to `weights`
  std::string source;  // the graph before it was optimized, likewise, of an engine that can be refitted
  std::vector<Weight> weights;
  std::vector<Plan> plans;
};

/// The file's bytes in pieces (the weights are not copied). `save_engine` writes them to a temporary file
/// beside `path`, syncs, and renames: a full disk leaves an old file as it was.
Status save_engine(const EngineImage& engine, const std::string& path);
/// The same bytes in memory.
std::vector<std::byte> serialize_engine(const EngineImage& engine);

/// Maps the file; weights refer to the mapping. Everything but the weights' bytes is checked: a damaged file
/// is kCorrupt, one of another version kUnsupported.
Result<std::shared_ptr<const EngineImage>> load_engine(const std::string& path);
/// Parses bytes that `owner` keeps alive.
Result<std::shared_ptr<const EngineImage>> parse_engine(std::span<const std::byte> bytes,
                                                        std::shared_ptr<const void> owner);
/// Reads all weights and compares their checksums. Errors: kCorrupt names the first that is damaged.
Status check_weights(const EngineImage& engine);

}  // namespace ingot
