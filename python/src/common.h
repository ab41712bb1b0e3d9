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

/// An array that the library works on: `owner` and `object` keep the elements alive.
struct BorrowedArray {
  TensorRef ref;
  bool on_gpu = false;
  nb::ndarray<> owner;
  nb::object object;  // as Python gave it
};
/// Any array to be read, without a copy where it is contiguous; a number or list is converted to `expected`.
/// Arrays on a GPU come by DLPack or __cuda_array_interface__. `what` begins the message of a failure.
/// Without an expected type, NumPy's of the value counts.
BorrowedArray input_array(nb::handle value, DataType expected, const std::string& what);
/// The same in the host's memory.
BorrowedArray host_array(nb::handle value, DataType expected, const std::string& what);
/// A contiguous array to be written.
BorrowedArray output_array(nb::handle value, DataType expected, const std::string& what);

/// An output in a GPU's memory, for other libraries to work on without a copy: it has __dlpack__ and
/// __cuda_array_interface__. `keeper` owns the memory.
struct DeviceArray {
  TensorRef ref;
  nb::object keeper;
};
void bind_device_array(nb::module_& m);

/// What CUDA knows a stream or event by: a number, or an object of PyTorch or CuPy.
void* handle_of(nb::handle value, const char* torch_name);

/// Dims as Python shows them: numbers, and symbols as text; None when there is no rank.
nb::object shape_of(const TensorInfo& info);

/// One run at a time, and the arrays that it works on. The GIL guards all members.
class PyContext {
 public:
  PyContext(Engine engine, int threads);
  void set_input(const std::string& name, nb::handle value);
  void set_inputs(nb::dict inputs);
  /// Memory for an output; None: fresh memory in every run.
  void set_output(const std::string& name, nb::handle value);
  void set_outputs(nb::dict outputs);
  nb::dict run();
  /// Puts a run on the stream; `self` is this object.
  nb::dict enqueue(nb::handle self);
  void set_stream(nb::handle stream);
  void wait_for(nb::handle event);
  void record(nb::handle event);
  void synchronize();
  /// Forgets the arrays. The next run needs all of its inputs anew.
  void release_arrays();
  nb::dict outputs() const;
  std::vector<LayerTime> profile(int runs);
  size_t memory_bytes();
  int threads() const { return context_.threads(); }

 private:
  void run_context();
  void call_released(Status (Context::*method)());
  void expect_reachable(const BorrowedArray& array, const std::string& what) const;

  Engine engine_;
  Context context_;
  // Kept alive for the runs.
  std::map<std::string, BorrowedArray> inputs_, given_outputs_;
  nb::dict outputs_;  // of the last run
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
