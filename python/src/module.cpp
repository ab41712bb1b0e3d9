// The module ingot._ingot: each class in a file of its own. The package's Python gives it its final form.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "common.h"
#include "ingot/device.h"

namespace ingot::python {

NB_MODULE(_ingot, m) {
  m.doc() = "Bindings of Ingot; use the package ingot.";
  nb::class_<DeviceInfo>(m, "Device", "A device that engines run on.")
      .def_ro("name", &DeviceInfo::name, "As in build(device=...).")
      .def_ro("model", &DeviceInfo::model, "The processor's own name.")
      .def_ro("arch", &DeviceInfo::arch, "The best kernels that it runs: baseline, avx2 or avx512.")
      .def_ro("cores", &DeviceInfo::cores, "Cores that this process may use; of a GPU, its multiprocessors.")
      .def_ro("libraries", &DeviceInfo::libraries, "Of a GPU: what its kernels come from.")
      .def_ro("memory_bytes", &DeviceInfo::memory_bytes, "Of a GPU.");
  m.def("devices", &devices, "The devices of this machine; never empty.");
  m.def(
      "measure_peak_gflops",
      [](int threads) {
        Result<double> peak = Status();
        {
          nb::gil_scoped_release release;
          peak = measure_peak_gflops(threads);
        }
        return take(std::move(peak));
      },
      nb::arg("threads"), "GFLOP/s of float32 multiply-adds in registers: the roof of this machine.");
  m.def("version", &version, "Ingot's version, such as '0.1.0'.");
  bind_network(m);
  bind_device_array(m);
  bind_context(m);
  bind_engine(m);
  bind_build(m);
}

}  // namespace ingot::python
