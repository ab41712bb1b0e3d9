#include "ops/ml_forest.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "ops/wide.h"

namespace ingot::ops {
namespace {

constexpr std::pair<std::string_view, Forest::Mode> kModes[] = {
    {"BRANCH_LEQ", Forest::kLessEqual}, {"BRANCH_LT", Forest::kLess},  {"BRANCH_GTE", Forest::kGreaterEqual},
    {"BRANCH_GT", Forest::kGreater},    {"BRANCH_EQ", Forest::kEqual}, {"BRANCH_NEQ", Forest::kNotEqual},
    {"BRANCH_MEMBER", Forest::kMember}, {"LEAF", Forest::kLeaf}};

Status check_count(std::string_view name, size_t got, size_t expected) {
  if (got == expected) return {};
  return invalid_argument(name, " has ", got, " values, expected ", expected);
}

bool goes_left(const Forest::Node& n, double x) {
  if (std::isnan(x)) return n.missing_is_true;
  switch (n.mode) {
    case Forest::kLessEqual:
      return x <= n.value;
    case Forest::kLess:
      return x < n.value;
    case Forest::kGreaterEqual:
      return x >= n.value;
    case Forest::kGreater:
      return x > n.value;
    case Forest::kEqual:
      return x == n.value;
    case Forest::kNotEqual:
      return x != n.value;
    case Forest::kMember:
      return std::find(n.members.begin(), n.members.end(), x) != n.members.end();
    case Forest::kLeaf:
      break;
  }
  return false;
}

Status check_feature(int64_t feature) {
  if (feature >= 0 && feature < (int64_t{1} << 40)) return {};
  return invalid_argument("a tree looks at feature ", feature);
}

}  // namespace

std::vector<double> read_numbers(const Attrs& attrs, const std::string& name) {
  if (const Tensor t = attrs.get<Tensor>(name + "_as_tensor"); t.valid()) return load_all<double>(t.view());
  const Floats v = attrs.get<Floats>(name);
  return {v.begin(), v.end()};
}

Result<Forest> Forest::read_old(const Attrs& attrs, const std::string& prefix, int64_t targets) {
  const Ints trees = attrs.get_ints("nodes_treeids"), ids = attrs.get_ints("nodes_nodeids"),
             features = attrs.get_ints("nodes_featureids"), if_true = attrs.get_ints("nodes_truenodeids"),
             if_false = attrs.get_ints("nodes_falsenodeids"),
             missing = attrs.get_ints("nodes_missing_value_tracks_true");
  const Strings modes = attrs.get<Strings>("nodes_modes");
  const std::vector<double> values = read_numbers(attrs, "nodes_values");
  const size_t n = trees.size();
  INGOT_RETURN_IF_ERROR(check_count("nodes_nodeids", ids.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("nodes_featureids", features.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("nodes_truenodeids", if_true.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("nodes_falsenodeids", if_false.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("nodes_modes", modes.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("nodes_values", values.size(), n));
  if (!missing.empty())
    INGOT_RETURN_IF_ERROR(check_count("nodes_missing_value_tracks_true", missing.size(), n));
  std::map<std::pair<int64_t, int64_t>, size_t> index;
  for (size_t i = 0; i < n; ++i)
    if (!index.emplace(std::pair(trees[i], ids[i]), i).second)
      return invalid_argument("tree ", trees[i], " has two nodes ", ids[i]);
  Forest forest;
  std::vector<bool> is_child(n);
  for (size_t i = 0; i < n; ++i) {
    const auto mode =
        std::find_if(std::begin(kModes), std::end(kModes), [&](auto& m) { return m.first == modes[i]; });
    if (mode == std::end(kModes) || mode->second == kMember)
      return invalid_argument("unknown node mode '", modes[i], "'");
    Node node{mode->second, features[i], values[i], !missing.empty() && missing[i] != 0, 0, 0, {}, {}};
    if (node.mode != kLeaf) {
      INGOT_RETURN_IF_ERROR(check_feature(node.feature));
      const auto left = index.find({trees[i], if_true[i]}), right = index.find({trees[i], if_false[i]});
      if (left == index.end() || right == index.end())
        return invalid_argument("node ", ids[i], " of tree ", trees[i], " has a child that does not exist");
      node.if_true = left->second;
      node.if_false = right->second;
      is_child[node.if_true] = is_child[node.if_false] = true;
    }
    forest.nodes.push_back(std::move(node));
  }
  std::set<int64_t> rooted;
  for (size_t i = 0; i < n; ++i) {
    if (is_child[i]) continue;
    forest.roots.push_back(i);
    rooted.insert(trees[i]);
  }
  for (int64_t tree : trees)
    if (!rooted.contains(tree)) return invalid_argument("tree ", tree, " has no root, but a cycle");

  const Ints weight_trees = attrs.get_ints(prefix + "_treeids"),
             weight_nodes = attrs.get_ints(prefix + "_nodeids"),
             weight_targets = attrs.get_ints(prefix + "_ids");
  const std::vector<double> weights = read_numbers(attrs, prefix + "_weights");
  INGOT_RETURN_IF_ERROR(check_count(prefix + "_nodeids", weight_nodes.size(), weight_trees.size()));
  INGOT_RETURN_IF_ERROR(check_count(prefix + "_ids", weight_targets.size(), weight_trees.size()));
  INGOT_RETURN_IF_ERROR(check_count(prefix + "_weights", weights.size(), weight_trees.size()));
  for (size_t i = 0; i < weights.size(); ++i) {
    const auto node = index.find({weight_trees[i], weight_nodes[i]});
    if (node == index.end() || weight_targets[i] < 0 || weight_targets[i] >= targets)
      return invalid_argument("a weight of node ", weight_nodes[i], " of tree ", weight_trees[i],
                              " for target ", weight_targets[i], " of ", targets);
    forest.nodes[node->second].weights.push_back({weight_targets[i], weights[i]});
  }
  return forest;
}

Result<Forest> Forest::read_new(const Attrs& attrs, int64_t targets) {
  auto numbers = [&](std::string_view name) {
    const Tensor t = attrs.get<Tensor>(name);
    return t.valid() ? load_all<double>(t.view()) : std::vector<double>();
  };
  const Ints features = attrs.get_ints("nodes_featureids"), if_true = attrs.get_ints("nodes_truenodeids"),
             if_false = attrs.get_ints("nodes_falsenodeids"), true_leafs = attrs.get_ints("nodes_trueleafs"),
             false_leafs = attrs.get_ints("nodes_falseleafs"), roots = attrs.get_ints("tree_roots"),
             missing = attrs.get_ints("nodes_missing_value_tracks_true"),
             leaf_targets = attrs.get_ints("leaf_targetids");
  const std::vector<double> modes = numbers("nodes_modes"), splits = numbers("nodes_splits"),
                            leaf_weights = numbers("leaf_weights"), members = numbers("membership_values");
  const size_t n = features.size(), leaves = leaf_targets.size();
  INGOT_RETURN_IF_ERROR(check_count("nodes_truenodeids", if_true.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("nodes_falsenodeids", if_false.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("nodes_trueleafs", true_leafs.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("nodes_falseleafs", false_leafs.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("nodes_modes", modes.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("nodes_splits", splits.size(), n));
  INGOT_RETURN_IF_ERROR(check_count("leaf_weights", leaf_weights.size(), leaves));
  if (!missing.empty())
    INGOT_RETURN_IF_ERROR(check_count("nodes_missing_value_tracks_true", missing.size(), n));
  Forest forest;
  auto child = [&](int64_t id, bool leaf) {
    return static_cast<size_t>(id) + (leaf ? n : 0);
  };  // leaves follow
  auto exists = [&](int64_t id, bool leaf) {
    return id >= 0 && id < static_cast<int64_t>(leaf ? leaves : n);
  };
  size_t next_member = 0;
  for (size_t i = 0; i < n; ++i) {
    if (!(modes[i] >= 0 && modes[i] <= static_cast<double>(kMember)))
      return invalid_argument("unknown node mode ", modes[i]);
    INGOT_RETURN_IF_ERROR(check_feature(features[i]));
    if (!exists(if_true[i], true_leafs[i] != 0) || !exists(if_false[i], false_leafs[i] != 0))
      return invalid_argument("node ", i, " has a child that does not exist");
    Node node{static_cast<Mode>(modes[i]),
              features[i],
              splits[i],
              !missing.empty() && missing[i] != 0,
              child(if_true[i], true_leafs[i] != 0),
              child(if_false[i], false_leafs[i] != 0),
              {},
              {}};
    if (node.mode == kMember) {  // the sets follow one another, each ended by a NaN
      while (next_member < members.size() && !std::isnan(members[next_member]))
        node.members.push_back(members[next_member++]);
      ++next_member;
    }
    forest.nodes.push_back(std::move(node));
  }
  for (size_t i = 0; i < leaves; ++i) {
    if (leaf_targets[i] < 0 || leaf_targets[i] >= targets)
      return invalid_argument("leaf_targetids contains ", leaf_targets[i], ", expected 0 to ", targets - 1);
    Node leaf;
    leaf.weights.push_back({leaf_targets[i], leaf_weights[i]});
    forest.nodes.push_back(std::move(leaf));
  }
  for (int64_t root : roots) {
    if (!exists(root, false))
      return invalid_argument("tree_roots contains ", root, ", expected 0 to ", n, " - 1");
    forest.roots.push_back(static_cast<size_t>(root));
  }
  return forest;
}

int64_t Forest::num_features() const {
  int64_t count = 0;
  for (const Node& n : nodes)
    if (n.mode != kLeaf) count = std::max(count, n.feature + 1);
  return count;
}

const Forest::Node* Forest::find_leaf(size_t root, const double* x) const {
  size_t at = root;
  for (size_t steps = 0; steps <= nodes.size(); ++steps) {
    const Node& node = nodes[at];
    if (node.mode == kLeaf) return &node;
    at = goes_left(node, x[node.feature]) ? node.if_true : node.if_false;
  }
  return nullptr;
}

Result<std::vector<double>> aggregate_forest(const Forest& forest, Aggregate how, int64_t targets,
                                             const TensorView& x) {
  const std::vector<double> features = load_all<double>(x);
  const int64_t columns = x.dims.back(), rows = x.rank() == 1 ? 1 : x.dims[0];
  if (forest.num_features() > columns)
    return invalid_argument("X has shape ", dims_to_string(x.dims), ", expected at least ",
                            forest.num_features(), " columns");
  const double start = how == Aggregate::kMin ? INFINITY : how == Aggregate::kMax ? -INFINITY : 0;
  std::vector<double> scores(static_cast<size_t>(rows * targets), start);
  for (int64_t row = 0; row < rows; ++row) {
    double* out = scores.data() + row * targets;
    for (size_t root : forest.roots) {
      const Forest::Node* leaf = forest.find_leaf(root, features.data() + row * columns);
      if (leaf == nullptr) return invalid_argument("a tree contains a cycle");
      for (const Forest::Weight& w : leaf->weights) {
        double& to = out[w.target];
        to = how == Aggregate::kMin   ? std::min(to, w.value)
             : how == Aggregate::kMax ? std::max(to, w.value)
                                      : to + w.value;
      }
    }
    for (int64_t k = 0; k < targets; ++k) {
      if (std::isinf(out[k]) && out[k] == start) out[k] = 0;  // no tree speaks of this target
      if (how == Aggregate::kAverage) out[k] /= static_cast<double>(std::max<size_t>(forest.roots.size(), 1));
    }
  }
  return scores;
}

}  // namespace ingot::ops
