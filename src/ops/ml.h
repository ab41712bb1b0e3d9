// What the ops of ai.onnx.ml share: feature matrices, class labels, transforms of scores. Labels are
// integers; models with string labels are refused.
#pragma once

#include "ops/common.h"

namespace ingot::ops {

inline constexpr TypeSet kFeatures =
    type_set({DataType::kF32, DataType::kF64, DataType::kI32, DataType::kI64});

/// X [N, features], or [features] as one row.
struct FeatureDims {
  Dim rows, columns;
};
/// An error unless input 0 is such a matrix; nullopt when it is unranked.
Result<std::optional<FeatureDims>> feature_dims(const InferContext& c);

enum class PostTransform { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };
Result<PostTransform> read_post_transform(const Attrs& attrs);
/// Transforms one row of scores in place.
void transform_scores(PostTransform transform, std::span<double> scores);

/// The class labels of attribute `name`; an error where the model has strings instead.
Result<Ints> read_labels(const Attrs& attrs, std::string_view name);

/// Outputs 0 (labels) and 1 (scores) of a classifier with so many classes.
Status infer_classifier(InferContext& c, int64_t classes);
/// Writes them.
Status store_classes(EvalContext& c, const std::vector<OutputType>& types, const Ints& labels,
                     const std::vector<double>& scores);

}  // namespace ingot::ops
