#include "target/target.h"

#include "target/channels_last.h"

namespace ingot {

Dims OptShapes::dims(const Value& value) const {
  Dims out;
  if (!value.type().ranked) return out;
  for (const Dim& d : value.shape()) {
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
