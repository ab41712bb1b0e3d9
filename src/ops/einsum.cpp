// Einsum: sums of products of operands indexed by letters, with "..." for broadcast dims, as numpy.einsum
// writes it.
#include <algorithm>
#include <map>

#include "ops/common.h"
#include "ops/equation.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status parse_term(std::string_view text, size_t rank, size_t& ellipsis, std::vector<int>& labels) {
  const size_t dots = text.find("...");
  std::string letters(text);
  if (dots != std::string_view::npos) letters.erase(dots, 3);
  for (char ch : letters)
    if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')))
      return invalid_argument("term '", text, "' has '", std::string(1, ch),
                              "', expected letters and one '...'");
  if (rank < letters.size() || (dots == std::string_view::npos && rank != letters.size()))
    return invalid_argument("term '", text, "' does not fit an operand of rank ", rank);
  const size_t broadcast = rank - letters.size();
  for (size_t i = 0; i < letters.size() + broadcast; ++i) {
    if (dots == std::string_view::npos || i < dots)
      labels.push_back(letters[i]);
    else if (i < dots + broadcast)
      labels.push_back(-static_cast<int>(dots + broadcast - i));
    else
      labels.push_back(letters[i - broadcast]);
  }
  ellipsis = std::max(ellipsis, broadcast);
  return {};
}

}  // namespace

Result<Equation> parse_equation(const Attrs& attrs, const std::vector<size_t>& ranks) {
  std::string text = attrs.get_string("equation");
  std::erase(text, ' ');
  const size_t arrow = text.find("->");
  std::string left = text.substr(0, arrow);
  Equation e;
  size_t ellipsis = 0, begin = 0;
  for (size_t i = 0; i < ranks.size(); ++i) {
    const size_t comma = std::min(left.find(',', begin), left.size());
    if (begin > left.size()) return invalid_argument("equation '", text, "' has fewer terms than operands");
    e.operands.emplace_back();
    INGOT_RETURN_IF_ERROR(parse_term(std::string_view(left).substr(begin, comma - begin), ranks[i], ellipsis,
                                     e.operands.back()));
    begin = comma + 1;
  }
  if (begin <= left.size()) return invalid_argument("equation '", text, "' has more terms than operands");
  std::map<int, int> uses;
  for (const auto& labels : e.operands)
    for (int l : labels) ++uses[l];
  if (arrow == std::string::npos) {  // implicit: broadcast dims, then letters used once, in order
    for (int i = static_cast<int>(ellipsis); i > 0; --i) e.result.push_back(-i);
    for (auto [label, count] : uses)
      if (label > 0 && count == 1) e.result.push_back(label);
    return e;
  }
  const std::string right = text.substr(arrow + 2);
  const bool dots = right.find("...") != std::string::npos;
  size_t unused = 0;
  INGOT_RETURN_IF_ERROR(
      parse_term(right, right.size() - (dots ? 3 : 0) + (dots ? ellipsis : 0), unused, e.result));
  for (size_t i = 0; i < e.result.size(); ++i)
    if (!uses.contains(e.result[i]) || std::count(e.result.begin(), e.result.end(), e.result[i]) != 1)
      return invalid_argument("equation '", text,
                              "' has an output term that is not made of distinct input letters");
  return e;
}

namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers));
  std::vector<size_t> ranks;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, i));
    ranks.push_back(c.shape(i).size());
  }
  const DataType dtype = c.type(0).dtype;
  if (!c.all_ranked()) {
    c.set_unranked(0, dtype);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const Equation e, parse_equation(c.attrs, ranks));
  std::map<int, Dim> sizes;
  for (size_t i = 0; i < ranks.size(); ++i) {
    for (size_t d = 0; d < ranks[i]; ++d) {
      auto [it, added] = sizes.emplace(e.operands[i][d], c.shape(i)[d]);
      if (added) continue;
      INGOT_ASSIGN_OR_RETURN(const Shape both, broadcast(Shape{it->second}, Shape{c.shape(i)[d]}));
      it->second = both[0];
    }
  }
  Shape shape;
  for (int label : e.result) shape.push_back(sizes[label]);
  c.set(0, dtype, std::move(shape));
  return {};
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  std::vector<size_t> ranks;
  for (const TensorView* v : c.inputs) ranks.push_back(v->dims.size());
  INGOT_ASSIGN_OR_RETURN(const Equation e, parse_equation(c.attrs, ranks));
  // All labels, those of the result first: one walk over the whole index space, the summed labels innermost.
  std::vector<int> labels = e.result;
  std::map<int, int64_t> sizes;
  for (size_t i = 0; i < ranks.size(); ++i)
    for (size_t d = 0; d < ranks[i]; ++d) {
      const int label = e.operands[i][d];
      int64_t& n = sizes.emplace(label, 1).first->second;
      if (n == 1) n = c.input(i).dims[d];
      if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
    }
  Dims shape;
  for (int l : labels) shape.push_back(sizes[l]);
  std::vector<Dims> strides(ranks.size() + 1, Dims(labels.size(), 0));
  auto position = [&](int l) {
    return static_cast<size_t>(std::find(labels.begin(), labels.end(), l) - labels.begin());
  };
  for (size_t i = 0; i < ranks.size(); ++i) {
    const Dims dense = dense_strides(c.input(i).dims);
    for (size_t d = 0; d < ranks[i]; ++d)  // a letter used twice steps along the diagonal
      if (c.input(i).dims[d] != 1) strides[i][position(e.operands[i][d])] += dense[d];
  }
  const Dims dense = dense_strides(y.dims);
  std::copy(dense.begin(), dense.end(), strides.back().begin());
  const Walk walk = make_walk(shape, strides);
  with_wide(y.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    std::vector<std::vector<W>> operands;
    for (const TensorView* v : c.inputs) operands.push_back(load_all<W>(*v));
    std::vector<W> result(static_cast<size_t>(y.size()), W(0));
    for_each_row(walk, [&](const Dims& offsets, int64_t count) {
      for (int64_t k = 0; k < count; ++k) {
        W product = 1;
        for (size_t i = 0; i < operands.size(); ++i)
          product = wrapping_mul(product,
                                 operands[i][static_cast<size_t>(offsets[i] + k * walk.strides[i].back())]);
        W& sum = result[static_cast<size_t>(offsets.back() + k * walk.strides.back().back())];
        sum = wrapping_add(sum, product);
      }
    });
    store(result.data(), y.size(), y, 0);
  });
  return {};
}

// One multiply-add for each point of the index space.
Cost cost(const CostContext& c) {
  Cost total{0, static_cast<double>(c.outputs[0].bytes())};
  std::vector<size_t> ranks;
  for (const TensorView& v : c.inputs) {
    ranks.push_back(v.dims.size());
    total.bytes += static_cast<double>(v.bytes());
  }
  const auto e = parse_equation(c.attrs, ranks);
  if (!e.ok()) return total;
  std::map<int, int64_t> sizes;
  for (size_t i = 0; i < ranks.size(); ++i)
    for (size_t d = 0; d < ranks[i]; ++d) {
      int64_t& n = sizes[e->operands[i][d]];
      n = std::max(n, c.inputs[i].dims[d]);
    }
  total.flops = 2;
  for (auto [label, n] : sizes) total.flops *= static_cast<double>(n);
  return total;
}

std::vector<OpCase> cases() {
  auto one = [](const char* name, const char* equation, std::vector<Dims> dims) {
    OpCase c{name, {{"equation", std::string(equation)}}, {}};
    for (Dims& d : dims) c.inputs.push_back(random_input(std::move(d)));
    return c;
  };
  return {one("matmul", "ij,jk->ik", {{3, 5}, {5, 7}}),
          one("attention", "bhid,bhjd->bhij", {{2, 3, 5, 4}, {2, 3, 7, 4}}),
          one("implicit", "ij,jk", {{3, 5}, {5, 7}}),
          one("diagonal", "...ii->...i", {{2, 4, 4}}),
          one("trace", "ii", {{4, 4}}),
          one("broadcast", "...ij,...jk->...ik", {{2, 1, 3, 4}, {5, 4, 6}}),
          one("sum", "ij->i", {{3, 4}})};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Einsum() {
  static const OpDef op{"Einsum",   1,         kVariadic, 1, 1, {required<std::string>("equation")},
                        ops::infer, ops::eval, ops::cost};
  return op;
}

std::vector<OpCase> cases_Einsum() { return ops::cases(); }

}  // namespace ingot
