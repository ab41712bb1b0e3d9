// Chains of Reshape, Transpose, Squeeze and Unsqueeze become at most Reshape, Transpose, Reshape, and nothing
// at all where they cancel.
#include <algorithm>

#include "passes/pass.h"
#include "passes/view.h"

namespace ingot::passes {
namespace {

// What a rearrangement costs: transposes first, they move bytes.
struct Price {
  int transposes = 0, reshapes = 0;
  auto operator<=>(const Price&) const = default;
  void add(const Node& n) { ++(n.is("Transpose") ? transposes : reshapes); }
};

// A way to compute a view of all of its root: a Reshape to `factors`, a Transpose, a Reshape to `shape`.
struct Recipe {
  Shape factors, shape;
  Ints perm;
  bool transposes;

  Price price(const Value& root) const {
    if (!transposes) return {0, root.shape() != shape};
    return {1, (root.shape() != factors) + (permuted() != shape)};
  }
  Shape permuted() const {
    Shape out;
    for (int64_t p : perm) out.push_back(factors[static_cast<size_t>(p)]);
    return out;
  }
};

// Orders the atoms as they lie in the root, and asks for what is left of its dims' boundaries as few times as
// possible.
std::optional<Recipe> recipe_of(const View& view, const Shape& shape) {
  if (!view.offset.is(0)) return std::nullopt;
  ViewDim atoms;
  for (const ViewDim& d : view.dims) atoms.insert(atoms.end(), d.begin(), d.end());
  for (size_t i = 0; i + 1 < atoms.size();) {  // dims that stay together need not be told apart
    if (atoms[i].stride == atoms[i + 1].stride * atoms[i + 1].extent) {
      atoms[i] = {atoms[i].extent * atoms[i + 1].extent, atoms[i + 1].stride};
      atoms.erase(atoms.begin() + static_cast<ptrdiff_t>(i) + 1);
    } else {
      ++i;
    }
  }
  Recipe recipe{Shape(atoms.size()), shape, Ints(atoms.size()), false};
  Dim stride = 1;
  for (size_t place = atoms.size(); place-- > 0;) {
    const auto it =
        std::find_if(atoms.begin(), atoms.end(), [&](const Atom& a) { return a.stride == stride; });
    if (it == atoms.end()) return std::nullopt;
    recipe.factors[place] = it->extent;
    recipe.perm[static_cast<size_t>(it - atoms.begin())] = static_cast<int64_t>(place);
    stride = stride * it->extent;
    it->stride = 0;
  }
  recipe.transposes = !std::is_sorted(recipe.perm.begin(), recipe.perm.end());
  return recipe;
}

// A Transpose that moves whole dims of the root keeps them as they are, ones included: no Reshape is needed
// before it.
std::optional<Recipe> plain_transpose(const View& view, const Shape& shape) {
  if (!view.offset.is(0) || view.dims.size() != view.root->shape().size()) return std::nullopt;
  const View whole = View::whole(view.root);
  Recipe recipe{view.root->shape(), shape, {}, true};
  std::vector<bool> used(whole.dims.size());
  for (const ViewDim& d : view.dims) {
    size_t i = 0;
    while (i < used.size() && (used[i] || whole.dims[i] != d)) ++i;
    if (i == used.size()) return std::nullopt;
    used[i] = true;
    recipe.perm.push_back(static_cast<int64_t>(i));
  }
  return recipe;
}

Result<Value*> build(Node* before, Value* v, const Recipe& recipe) {
  const auto reshape_to = [&](const Shape& shape) -> Status {
    if (v == nullptr || v->shape() == shape) return {};
    INGOT_ASSIGN_OR_RETURN(v, insert_reshape(before, v, shape));
    return {};
  };
  if (recipe.transposes) {
    INGOT_RETURN_IF_ERROR(reshape_to(recipe.factors));
    if (v == nullptr) return v;
    INGOT_ASSIGN_OR_RETURN(v, insert(before, "Transpose", {v}, {{"perm", recipe.perm}}));
  }
  INGOT_RETURN_IF_ERROR(reshape_to(recipe.shape));
  return v;
}

// The chain of rearrangements that ends in `node`, from its root on.
std::vector<Node*> chain_to(Node* node) {
  std::vector<Node*> chain;
  for (Node* n = node; n && is_rearrangement(*n) && n->input(0)->type().ranked && n->output()->type().ranked;
       n = n->input(0)->producer())
    chain.insert(chain.begin(), n);
  return chain;
}

Status rewrite(Node* node) {
  std::vector<Node*> chain = chain_to(node);
  for (; !chain.empty();
       chain.erase(chain.begin())) {  // a shorter chain where the whole one is not understood
    View view = View::whole(chain[0]->input(0));
    Price now;
    bool known = true;
    for (const Node* n : chain) {
      known = known && view.apply(*n);
      now.add(*n);
    }
    if (!known) continue;
    auto recipe = recipe_of(view, node->output()->shape());
    const auto plain = plain_transpose(view, node->output()->shape());
    if (plain && (!recipe || plain->price(*view.root) < recipe->price(*view.root))) recipe = plain;
    if (!recipe || recipe->price(*view.root) >= now) continue;
    INGOT_ASSIGN_OR_RETURN(Value * v, build(node, view.root, *recipe));
    if (v != nullptr && can_replace(node->output(), v)) {
      replace(node, v);
      return {};
    }
  }
  return {};
}

}  // namespace

Status merge_rearrangements(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (!is_rearrangement(*node) || node->output()->contents()) continue;
    Node* user = only_user(node->output());
    if (user && is_rearrangement(*user)) continue;  // the end of the chain is asked
    INGOT_RETURN_IF_ERROR(rewrite(node));
  }
  return {};
}

}  // namespace ingot::passes
