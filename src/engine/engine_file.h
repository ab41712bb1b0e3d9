// The engine file: one file, memory-mapped. docs/engine_format.md gives the bytes.
//
//   header (magic, version, section table with checksums) | meta | graph text | weight table | plans | weight
//   data
#pragma once

#include <memory>

#include "engine/plan.h"

namespace ingot {

inline constexpr uint32_t kEngineVersion = 1;
inline constexpr size_t kWeightAlignment = 64;

/// Where a weight's bytes came from: `packing` is empty for plain row-major data; otherwise it names how a
/// kernel packed it.
struct Weight {
  Tensor data;
  std::string packing;
};

/// An engine as data: what the compiler makes and the runtime executes. Immutable once built, shared by
/// contexts.
struct EngineImage {
  Attrs meta;         // producer, name, build options: for reports
  std::string graph;  // the optimized graph in IR text; its constants refer to `weights`
  std::vector<Weight> weights;
  std::vector<Plan> plans;
};

/// The file's bytes in pieces (the weights are not copied). `save_engine` writes them to a temporary file
/// beside `path`, syncs, and renames: a full disk leaves an old file as it was.
Status save_engine(const EngineImage& engine, const std::string& path);
/// The same bytes in memory.
std::vector<std::byte> serialize_engine(const EngineImage& engine);

/// Maps the file; weights refer to the mapping. Every offset and checksum is checked: a damaged file is
/// kCorrupt, one of another version kUnsupported.
Result<std::shared_ptr<const EngineImage>> load_engine(const std::string& path);
/// Parses bytes that `owner` keeps alive.
Result<std::shared_ptr<const EngineImage>> parse_engine(std::span<const std::byte> bytes,
                                                        std::shared_ptr<const void> owner);

}  // namespace ingot
