#include "target/target.h"

#include <algorithm>

#include "target/channels_last.h"

namespace ingot {

Dims OptShapes::dims(const TensorType& type) const {
  Dims out;
  if (!type.ranked) return out;
  for (const Dim& d : type.shape) {
    SymbolValues symbols = symbols_;
    std::vector<std::string> names;
    d.collect_symbols(names);
    for (const std::string& name : names) symbols.try_emplace(name, kUnknownSize);
    const auto size = d.eval(symbols);
    out.push_back(size.ok() && *size >= 0 ? *size : kUnknownSize);
  }
  return out;
}

Result<Tensor> Target::unpack(std::string_view packing, const Tensor& packed, const Dims& plain) const {
  if (packing == "channels_last") return unpack_channels_last(packed, plain);
  if (packing == "transposed") return unpack_transposed(packed, plain);
  return unsupported("weights packed as '", packing, "' cannot be restored for ", device());
}

std::string attr_text(const AttrValue& value) {
  if (const auto* i = std::get_if<int64_t>(&value)) return str(*i);
  if (const auto* f = std::get_if<float>(&value)) return str(*f);
  if (const auto* s = std::get_if<std::string>(&value)) return *s;
  if (const auto* l = std::get_if<Ints>(&value)) return dims_to_string(*l);
  return "...";
}

std::vector<std::string> candidate_labels(const Offer& offer) {
  std::vector<std::string> labels;
  for (const Candidate& c : offer.candidates) {
    std::string label = c.kernel;
    for (const auto& [name, value] : c.args) {
      const bool varies =
          std::any_of(offer.candidates.begin(), offer.candidates.end(), [&](const Candidate& o) {
            const AttrValue* other = o.args.find(name);
            return o.kernel == c.kernel && (other == nullptr || attr_text(*other) != attr_text(value));
          });
      if (varies) label += str(" ", name, "=", attr_text(value));
    }
    labels.push_back(std::move(label));
  }
  return labels;
}

Candidate reference_candidate(const Node& node) {
  Candidate c;
  c.op = "eval";
  c.kernel = std::string(node.op().name);
  c.args = node.attrs();
  c.inputs.assign(node.inputs().size(), Layout::kPlain);
  c.outputs.assign(node.outputs().size(), Layout::kPlain);
  c.sizes_outputs = true;
  return c;
}

}  // namespace ingot
