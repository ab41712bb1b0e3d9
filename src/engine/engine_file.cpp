#include "engine/engine_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <map>

#include "base/file.h"
#include "engine/plan_io.h"

namespace ingot {
namespace {

constexpr char kMagic[8] = {'I', 'N',  'G',  'O',
                            'T', '\r', '\n', '\x1a'};  // line-ending damage shows, as in PNG
constexpr size_t kPage = 4096;

enum Section : uint32_t { kMeta = 0, kGraph, kSource, kWeightTable, kPlans, kData, kSectionCount };

struct SectionEntry {
  uint64_t offset, size, checksum;
};
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t section_count;
  SectionEntry sections[kSectionCount];
  uint64_t checksum;  // of everything before it
};
static_assert(sizeof(Header) == 8 + 8 + 24 * kSectionCount + 8);

uint64_t checksum(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }
uint64_t checksum(const Header& h) { return XXH3_64bits(&h, offsetof(Header, checksum)); }

size_t align_up(size_t value, size_t alignment) { return (value + alignment - 1) / alignment * alignment; }

// The file in order: pieces that point into `owned` or into the engine's weights.
struct Image {
  Header header{};
  std::vector<std::vector<std::byte>> owned;
  std::vector<std::span<const std::byte>> pieces;
};

std::span<const std::byte> zeros(size_t count) {
  static const std::byte kZeros[kPage] = {};
  INGOT_CHECK(count <= kPage);
  return {kZeros, count};
}

std::span<const std::byte> bytes_of(const Tensor& t) {
  return {static_cast<const std::byte*>(t.data()), t.bytes()};
}

XXH128_hash_t content_hash(const Tensor& t) { return XXH3_128bits(t.data(), t.bytes()); }

// Lays the weights out, equal bytes once, and gives the table and the data's pieces. Those that no plan reads
// come last: no page has some of them beside what runs read.
std::vector<std::byte> weight_table(const EngineImage& engine,
                                    std::vector<std::span<const std::byte>>& data) {
  struct Place {
    uint64_t offset = 0, checksum = 0;
  };
  std::map<std::tuple<uint64_t, uint64_t, size_t>, uint64_t>
      known;  // 128-bit content hash and size -> offset
  uint64_t at = 0;
  auto append = [&](std::span<const std::byte> piece) {
    if (piece.empty()) return;
    data.push_back(piece);
    at += piece.size();
  };
  std::vector<Place> places(engine.weights.size());
  const std::vector<bool> read = weights_read(engine.plans, engine.weights.size());
  for (const bool wanted : {true, false}) {
    for (size_t i = 0; i < engine.weights.size(); ++i) {
      const Weight& w = engine.weights[i];
      if (!w.stored() || read[i] != wanted) continue;
      const auto bytes = bytes_of(w.data);
      const XXH128_hash_t hash = content_hash(w.data);
      const auto [entry, is_new] = known.try_emplace({hash.high64, hash.low64, bytes.size()}, 0);
      if (is_new) {
        append(zeros(align_up(at, kWeightAlignment) - at));
        entry->second = at;
        append(bytes);
      }
      places[i] = {entry->second, hash.low64};
    }
  }
  ByteWriter table;
  table.put(static_cast<uint64_t>(engine.weights.size()));
  for (size_t i = 0; i < engine.weights.size(); ++i) {
    const Weight& w = engine.weights[i];
    table.put(w.data.dtype());
    table.put_numbers(w.data.dims());
    table.put_string(w.packing);
    table.put(w.packed_in);
    if (!w.stored()) continue;
    table.put(places[i].offset);
    table.put(places[i].checksum);
  }
  return table.bytes();
}

Image make_image(const EngineImage& engine) {
  Image image;
  std::memcpy(image.header.magic, kMagic, sizeof kMagic);
  image.header.version = kEngineVersion;
  image.header.section_count = kSectionCount;

  ByteWriter meta, plans;
  write_attrs(meta, engine.meta);
  meta.put(static_cast<uint64_t>(engine.metadata.size()));
  for (const auto& [key, value] : engine.metadata) {
    meta.put_string(key);
    meta.put_string(value);
  }
  plans.put_list(engine.plans, [&](const Plan& p) { write_plan(plans, p); });
  const auto text = [](const std::string& s) {
    const auto bytes = std::as_bytes(std::span(s));
    return std::vector(bytes.begin(), bytes.end());
  };
  std::vector<std::span<const std::byte>> data;
  image.owned = {meta.bytes(), text(engine.graph), text(engine.source), weight_table(engine, data),
                 plans.bytes()};

  size_t at = sizeof(Header);
  image.pieces.push_back({});  // the header, filled in below
  auto begin_section = [&](Section s, size_t alignment) {
    const size_t begin = align_up(at, alignment);
    image.pieces.push_back(zeros(begin - at));
    at = begin;
    image.header.sections[s].offset = begin;
  };
  for (Section s : {kMeta, kGraph, kSource, kWeightTable, kPlans}) {
    begin_section(s, 8);
    image.pieces.push_back(image.owned[s]);
    image.header.sections[s].size = image.owned[s].size();
    image.header.sections[s].checksum = checksum(image.owned[s]);
    at += image.owned[s].size();
  }
  begin_section(kData, kPage);
  for (const auto& piece : data) image.header.sections[kData].size += piece.size();
  image.pieces.insert(image.pieces.end(), data.begin(), data.end());
  image.header.checksum = checksum(image.header);
  return image;
}

Status check_header(std::span<const std::byte> bytes, Header& header) {
  if (bytes.size() < sizeof(Header))
    return corrupt("not an engine file: ", bytes.size(), " bytes, expected at least ", sizeof(Header));
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0)
    return corrupt("not an engine file: the first bytes are not Ingot's");
  if (header.version != kEngineVersion)
    return unsupported("engine file of version ", header.version, ", expected ", kEngineVersion,
                       ": build it again from the model");
  if (header.section_count != kSectionCount || checksum(header) != header.checksum)
    return corrupt("the engine file's header is damaged");
  for (uint32_t i = 0; i < kSectionCount; ++i) {
    const SectionEntry& s = header.sections[i];
    if (s.offset > bytes.size() || s.size > bytes.size() - s.offset)
      return corrupt("the engine file is cut off: section ", i, " ends at ", s.offset + s.size,
                     ", the file at ", bytes.size());
    if (i != kData && checksum(bytes.subspan(s.offset, s.size)) != s.checksum)
      return corrupt("section ", i, " of the engine file is damaged (checksum)");
  }
  return {};
}

Weight read_weight(ByteReader& in, std::span<const std::byte> data,
                   const std::shared_ptr<const void>& owner) {
  Weight w;
  const auto dtype = in.get<DataType>();
  const auto dims = in.get_numbers<int64_t>();
  w.packing = in.get_string();
  w.packed_in = in.get<int32_t>();
  const auto size = checked_bytes(dtype, dims);
  if (!in.ok() || bit_width(dtype) == 0 || !size.ok()) {
    in.fail();
    return w;
  }
  if (!w.stored()) {
    w.data = Tensor::wrap(dtype, dims, nullptr, nullptr);
    return w;
  }
  const auto offset = in.get<uint64_t>();
  w.checksum = in.get<uint64_t>();
  if (!in.ok() || offset > data.size() || *size > data.size() - offset || offset % kWeightAlignment != 0)
    in.fail();
  else
    w.data = Tensor::wrap(dtype, dims, data.data() + offset, owner);
  return w;
}

Status read_weights(ByteReader& in, std::span<const std::byte> data, const std::shared_ptr<const void>& owner,
                    EngineImage& engine) {
  engine.weights = in.get_list<Weight>([&] { return read_weight(in, data, owner); });
  // A packed form has all the elements, so nothing larger can be in it.
  for (const Weight& w : engine.weights) {
    if (w.stored() || !in.ok()) continue;
    const auto at = static_cast<size_t>(w.packed_in);
    if (at >= engine.weights.size() || !engine.weights[at].stored() || engine.weights[at].packing.empty() ||
        engine.weights[at].data.dtype() != w.data.dtype() || engine.weights[at].data.bytes() < w.data.bytes())
      in.fail();
  }
  return in.ok() ? Status() : corrupt("the engine file's weight table is damaged");
}

// Plans read weights where they are stored.
Status check_uses(const Plan& plan, const std::vector<Weight>& weights) {
  for (const PlanTensor& t : plan.tensors)
    if (t.weight >= 0 && !weights[static_cast<size_t>(t.weight)].stored())
      return corrupt("tensor '", t.name, "' is weight ", t.weight, ", which is stored in packed form only");
  for (const Plan& body : plan.subplans) INGOT_RETURN_IF_ERROR(check_uses(body, weights));
  return {};
}

}  // namespace

Status save_engine(const EngineImage& engine, const std::string& path) {
  Image image = make_image(engine);
  image.pieces[0] = std::as_bytes(std::span(&image.header, 1));
  return write_file_atomic(path, image.pieces);
}

std::vector<std::byte> serialize_engine(const EngineImage& engine) {
  Image image = make_image(engine);
  image.pieces[0] = std::as_bytes(std::span(&image.header, 1));
  size_t size = 0;
  for (const auto& piece : image.pieces) size += piece.size();
  std::vector<std::byte> out;
  out.reserve(size);
  for (const auto& piece : image.pieces) out.insert(out.end(), piece.begin(), piece.end());
  return out;
}

Result<std::shared_ptr<const EngineImage>> load_engine(const std::string& path) {
  INGOT_ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> file, MappedFile::open(path));
  auto engine = parse_engine(file->bytes(), file);
  if (!engine.ok()) return engine.status().with_context(str("'", path, "'"));
  return engine;
}

Result<std::shared_ptr<const EngineImage>> parse_engine(std::span<const std::byte> bytes,
                                                        std::shared_ptr<const void> owner) {
  Header header;
  INGOT_RETURN_IF_ERROR(check_header(bytes, header));
  auto section = [&](Section s) { return bytes.subspan(header.sections[s].offset, header.sections[s].size); };
  auto engine = std::make_shared<EngineImage>();
  ByteReader meta(section(kMeta)), table(section(kWeightTable)), plans(section(kPlans));
  engine->meta = read_attrs(meta);
  for (auto left = meta.get<uint64_t>(); left > 0 && meta.ok(); --left) {
    std::string key = meta.get_string();
    engine->metadata[std::move(key)] = meta.get_string();
  }
  if (!meta.ok()) return corrupt("the engine file's description is damaged");
  const auto text = [&](Section s) {
    return std::string(reinterpret_cast<const char*>(section(s).data()), section(s).size());
  };
  engine->graph = text(kGraph);
  engine->source = text(kSource);
  INGOT_RETURN_IF_ERROR(read_weights(table, section(kData), owner, *engine));
  const auto count = plans.get<uint64_t>();
  for (uint64_t i = 0; i < count; ++i) {
    INGOT_ASSIGN_OR_RETURN(Plan plan, read_plan(plans));
    INGOT_RETURN_IF_ERROR(validate(plan, engine->weights.size()).with_context(str("plan ", i)));
    INGOT_RETURN_IF_ERROR(check_uses(plan, engine->weights).with_context(str("plan ", i)));
    engine->plans.push_back(std::move(plan));
  }
  return std::shared_ptr<const EngineImage>(std::move(engine));
}

Status check_weights(const EngineImage& engine) {
  for (size_t i = 0; i < engine.weights.size(); ++i) {
    const Weight& w = engine.weights[i];
    if (w.checksum.has_value() && content_hash(w.data).low64 != *w.checksum)
      return corrupt("weight ", i, " of the engine, ", w.data.type().to_string(), ", is damaged (checksum)");
  }
  return {};
}

}  // namespace ingot
