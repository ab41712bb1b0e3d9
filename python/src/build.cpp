// build and load. What people call, with defaults and conversions, is ingot/build.py.
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <exception>

#include "common.h"

namespace ingot::python {
namespace {

// Samples that Python gives, one dict of arrays after the other.
struct PyCalibration : Calibration {
  nb::object batches;                   // an iterator
  std::vector<BorrowedArray> borrowed;  // of the batch that is being read
  std::exception_ptr raised;            // in Python, to be raised once the build is over
};

void set_calibration(BuildOptions& options, nb::object batches, const std::string& method, std::string cached,
                     nb::object write) {
  auto c = std::make_shared<PyCalibration>();
  PyCalibration* const own = c.get();  // which the functions belong to
  c->batches = std::move(batches);
  c->method = method == "minmax" ? Calibration::kMinMax : Calibration::kEntropy;
  c->read_cache = [cached = std::move(cached)] { return cached; };
  const auto guarded = [own](auto&& work) {
    nb::gil_scoped_acquire acquire;
    try {
      return work();
    } catch (...) {
      own->raised = std::current_exception();
      return false;
    }
  };
  c->next = [own, guarded](std::map<std::string, TensorRef>& inputs) {
    return guarded([&] {
      own->borrowed.clear();
      const nb::object batch = nb::module_::import_("builtins").attr("next")(own->batches, nb::none());
      if (batch.is_none()) return false;
      for (const auto& [name, array] : nb::cast<nb::dict>(batch)) {
        const auto text = nb::cast<std::string>(name);
        own->borrowed.push_back(host_array(array, DataType::kInvalid, "sample of input '" + text + "'"));
        inputs[text] = own->borrowed.back().ref;
      }
      return true;
    });
  };
  c->write_cache = [write = std::move(write), guarded](const std::string& text) {
    guarded([&] { return write(text), true; });
  };
  options.calibration = std::move(c);
}

// Runs a build without the GIL; `progress` is called with it. What it raises, and Ctrl-C, stop the build.
template <class Build>
PyEngine build_with(BuildOptions options, nb::object progress, Build&& build) {
  std::exception_ptr raised;
  if (!progress.is_none())
    options.progress = [&](const BuildProgress& p) {
      if (raised) return;
      nb::gil_scoped_acquire acquire;
      try {
        progress(p.phase, p.done, p.total,
                 p.seconds_left < 0 ? nb::none() : nb::object(nb::float_(p.seconds_left)));
      } catch (...) {
        raised = std::current_exception();
      }
    };
  options.cancelled = [&] {
    if (raised) return true;
    nb::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() == 0) return false;
    try {
      nb::raise_python_error();
    } catch (...) {
      raised = std::current_exception();
    }
    return true;
  };
  Result<Engine> engine = Status();
  {
    nb::gil_scoped_release release;
    engine = build(options);
  }
  if (options.calibration != nullptr && !raised)
    raised = static_cast<const PyCalibration&>(*options.calibration).raised;
  if (raised) std::rethrow_exception(raised);
  return PyEngine(take(std::move(engine)));
}

PyEngine load_released(auto&& load) {
  Result<Engine> engine = Status();
  {
    nb::gil_scoped_release release;
    engine = load();
  }
  return PyEngine(take(std::move(engine)));
}

void add_profile(BuildOptions& options, const std::map<std::string, std::vector<Dims>>& ranges) {
  Profile profile;
  for (const auto& [name, range] : ranges) profile[name] = {range.at(0), range.at(1), range.at(2)};
  options.profiles.push_back(std::move(profile));
}

}  // namespace

void bind_build(nb::module_& m) {
  nb::class_<BuildOptions>(m, "BuildOptions", "What ingot.build() passes on.")
      .def(nb::init<>())
      .def_rw("device", &BuildOptions::device)
      .def_rw("threads", &BuildOptions::threads)
      .def_rw("fp16", &BuildOptions::fp16)
      .def_rw("bf16", &BuildOptions::bf16)
      .def_rw("int8", &BuildOptions::int8)
      .def_rw("fp8", &BuildOptions::fp8)
      .def("set_calibration", &set_calibration)
      .def_rw("tf32", &BuildOptions::tf32)
      .def_rw("refittable", &BuildOptions::refittable)
      .def_rw("metadata", &BuildOptions::metadata)
      .def_rw("level", &BuildOptions::level)
      .def_rw("timing_cache", &BuildOptions::timing_cache)
      .def_rw("disable_passes", &BuildOptions::disable_passes)
      .def_rw("dump_before", &BuildOptions::dump_before)
      .def_rw("dump_after", &BuildOptions::dump_after)
      .def_rw("dump_dir", &BuildOptions::dump_dir)
      .def_rw("stop_after", &BuildOptions::stop_after)
      .def("set_shape",
           [](BuildOptions& o, const std::string& name, Dims dims) { o.shapes[name] = std::move(dims); })
      .def("add_profile", &add_profile);

  m.def(
      "build_file",
      [](const std::string& path, const BuildOptions& options, nb::object progress) {
        return build_with(options, std::move(progress),
                          [&](const BuildOptions& o) { return build(path, o); });
      },
      nb::arg("path"), nb::arg("options"), nb::arg("progress").none());
  m.def(
      "build_bytes",
      [](nb::bytes model, const BuildOptions& options, nb::object progress) {
        return build_with(options, std::move(progress), [&](const BuildOptions& o) {
          return build_bytes(model.c_str(), model.size(), "", o);
        });
      },
      nb::arg("model"), nb::arg("options"), nb::arg("progress").none());
  m.def(
      "build_network",
      [](const Network& network, const BuildOptions& options, nb::object progress) {
        return build_with(options, std::move(progress),
                          [&](const BuildOptions& o) { return build(network, o); });
      },
      nb::arg("network"), nb::arg("options"), nb::arg("progress").none());
  m.def(
      "load_file", [](const std::string& path) { return load_released([&] { return load(path); }); },
      nb::arg("path"));
  m.def(
      "load_bytes",
      [](nb::bytes engine) {
        return load_released([&] { return load_bytes(engine.c_str(), engine.size()); });
      },
      nb::arg("engine"));
}

}  // namespace ingot::python
