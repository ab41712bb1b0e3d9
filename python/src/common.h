// What the files of the bindings share: failures become Python exceptions, tensors become arrays.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "ingot/engine.h"
#include "ingot/network.h"

namespace ingot::python {

namespace nb = nanobind;

/// Raises the exception of ingot.errors that stands for the code. The GIL must be held.
[[noreturn]] void raise(const Status& status);
inline void check(const Status& status) {
  if (!status.ok()) raise(status);
}
template <class T>
T take(Result<T> result) {
  if (!result.ok()) raise(result.status());
  return std::move(result).value();
}

/// "float32": NumPy's name of an element type, and the reverse ("float32", np.float32, np.dtype(...)).
const char* numpy_name(DataType type);
DataType parse_dtype(nb::handle dtype);
/// numpy.empty of this type and shape, and where its elements lie.
nb::object empty_array(DataType type, const Dims& dims, void*& data);

using AnyArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

/// An array that the library reads: `owner` keeps the elements alive.
struct InputArray {
  TensorRef ref;
  AnyArray owner;
};
/// Any array with elements on the CPU, without a copy where it is contiguous; a number or list is converted
/// to `expected`. `what` begins the message of a failure.
InputArray input_array(nb::handle value, DataType expected, const std::string& what);

/// Dims as Python shows them: numbers, and symbols as text; None when there is no rank.
nb::object shape_of(const TensorInfo& info);

/// One run at a time, and the arrays that it works on. The GIL guards all members.
class PyContext {
 public:
  PyContext(Engine engine, int threads);
  void set_input(const std::string& name, nb::handle value);
  void set_inputs(nb::dict inputs);
  nb::dict run();
  /// Forgets the arrays. The next run needs all of its inputs anew.
  void release_arrays();
  nb::dict outputs() const;
  std::vector<LayerTime> profile(int runs);
  size_t memory_bytes();
  int threads() const { return context_.threads(); }

 private:
  void run_context();

  Engine engine_;
  Context context_;
  std::map<std::string, AnyArray> inputs_;  // kept alive for the runs
  nb::dict outputs_;                        // of the last run
  bool busy_ = false;
};

/// An engine, and the contexts of its `run`: one for each call at the same time, kept for the next one.
class PyEngine {
 public:
  explicit PyEngine(Engine engine) : engine_(std::move(engine)) {}
  PyEngine(PyEngine&&) = default;
  PyEngine(const PyEngine&) = delete;
  const Engine& engine() const { return engine_; }
  nb::dict run(nb::dict inputs);

 private:
  Engine engine_;
  std::vector<std::unique_ptr<PyContext>> idle_;  // guarded by the GIL
};

void bind_build(nb::module_& m);
void bind_engine(nb::module_& m);
void bind_context(nb::module_& m);
void bind_network(nb::module_& m);

}  // namespace ingot::python
