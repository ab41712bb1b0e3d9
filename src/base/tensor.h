// TensorType (what a value is), TensorView (borrowed elements), Tensor (shared ownership of elements).
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/data_type.h"
#include "base/dim.h"

namespace ingot {

/// Element type and symbolic shape. An unranked type is known to be a tensor, nothing more, until a run
/// computes it.
struct TensorType {
  DataType dtype = DataType::kInvalid;
  Shape shape;
  bool ranked = true;

  static TensorType unranked(DataType dtype) { return {dtype, {}, false}; }
  int rank() const { return static_cast<int>(shape.size()); }
  bool is_static() const { return ranked && ingot::is_static(shape); }
  std::string to_string() const;  // "f32[batch, 3]", "i64[]", "f32[*]" when unranked
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

/// A dense row-major tensor that somebody else owns. `data` may be null when there are no elements.
struct TensorView {
  DataType dtype = DataType::kInvalid;
  Dims dims;
  void* data = nullptr;

  int rank() const { return static_cast<int>(dims.size()); }
  int64_t size() const { return num_elements(dims); }
  size_t bytes() const { return byte_size(dtype, size()); }
  template <class T>
  T* as() const {
    INGOT_CHECK(data_type_of<std::remove_const_t<T>>() == dtype);
    return static_cast<T*>(data);
  }
  template <class T>
  std::span<T> span() const {
    return {as<T>(), static_cast<size_t>(size())};
  }
  std::string type_string() const;  // "f32[2, 3]"
};

/// A dense row-major tensor whose bytes are shared: copies are cheap and refer to the same elements. The
/// bytes may lie in a mapped file, and are then read-only.
class Tensor {
 public:
  Tensor() = default;
  /// Zeroed memory, aligned to 64 bytes. Out of memory and sizes beyond 2^62 are errors.
  static Result<Tensor> allocate(DataType dtype, Dims dims);
  /// Borrows `data`; `owner` keeps it alive.
  static Tensor wrap(DataType dtype, Dims dims, const void* data, std::shared_ptr<const void> owner);
  static Tensor scalar_i64(int64_t value);
  static Tensor scalar_f32(float value);
  static Tensor vector_i64(std::span<const int64_t> values);
  static Tensor vector_f32(std::span<const float> values);

  DataType dtype() const { return view_.dtype; }
  const Dims& dims() const { return view_.dims; }
  int rank() const { return view_.rank(); }
  int64_t size() const { return view_.size(); }
  size_t bytes() const { return view_.bytes(); }
  const void* data() const { return view_.data; }
  void* mutable_data() { return view_.data; }
  const TensorView& view() const { return view_; }
  bool valid() const { return view_.dtype != DataType::kInvalid; }
  template <class T>
  std::span<const T> span() const {
    return view_.span<const T>();
  }
  template <class T>
  std::span<T> mutable_span() {
    return view_.span<T>();
  }
  TensorType type() const { return {dtype(), to_shape(dims()), true}; }
  /// The same elements under other dims of equal product.
  Tensor reshaped(Dims dims) const;

 private:
  TensorView view_;
  std::shared_ptr<const void> owner_;
};

/// Element count and bytes of dims that come from a file or a user: negative dims and overflow are errors.
Result<size_t> checked_bytes(DataType dtype, const Dims& dims);
/// All elements of an integer or bool tensor as int64.
Dims to_int64s(const TensorView& tensor);

}  // namespace ingot
