// Forest: the decision trees of ml.TreeEnsemble and its older forms, checked, in one shape.
#pragma once

#include "ops/ml.h"

namespace ingot::ops {

struct Forest {
  enum Mode : uint8_t { kLessEqual, kLess, kGreaterEqual, kGreater, kEqual, kNotEqual, kMember, kLeaf };
  struct Weight {
    int64_t target;
    double value;
  };
  struct Node {
    Mode mode = kLeaf;
    int64_t feature = 0;
    double value = 0;
    bool missing_is_true = false;  // where NaN goes
    size_t if_true = 0, if_false = 0;
    std::vector<Weight> weights;  // of a leaf
    std::vector<double> members;  // of kMember
  };
  std::vector<Node> nodes;
  std::vector<size_t> roots;

  /// From nodes_* and `prefix`_* ("class", "target") of TreeEnsembleClassifier and TreeEnsembleRegressor.
  static Result<Forest> read_old(const Attrs& attrs, const std::string& prefix, int64_t targets);
  /// From TreeEnsemble's attributes.
  static Result<Forest> read_new(const Attrs& attrs, int64_t targets);

  /// Features that are looked at lie below this.
  int64_t num_features() const;
  /// The leaf that a row of features ends in; null when the "tree" does not end.
  const Node* find_leaf(size_t root, const double* x) const;
};

/// Attribute `name`, or `name`_as_tensor where the model has that.
std::vector<double> read_numbers(const Attrs& attrs, const std::string& name);

enum class Aggregate { kAverage, kSum, kMin, kMax };
/// Row by row the aggregated weights of all trees, before base values.
Result<std::vector<double>> aggregate_forest(const Forest& forest, Aggregate how, int64_t targets,
                                             const TensorView& x);

}  // namespace ingot::ops
