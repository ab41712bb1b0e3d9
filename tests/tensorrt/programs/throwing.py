"""Exceptions in what programs implement: the call goes on or fails with an error, and nothing crashes."""

import ctypes

import numpy as np
from common import EXPLICIT_BATCH, Logger, trt

MAJOR = int(trt.__version__.split(".")[0])
logger = Logger()
builder = trt.Builder(logger)
runtime = trt.Runtime(logger)


def throws(interface):
    """An object whose methods, all that it must have, raise."""

    def method(name):
        def call(self, *arguments):
            raise RuntimeError(f"{name} raises")

        return call

    names = {
        "ILogger": ["log"],
        "IErrorRecorder": ["num_errors", "report_error", "has_overflowed", "clear"],
        "IProfiler": ["report_layer_time"],
        "IProgressMonitor": ["phase_start", "step_complete", "phase_finish"],
        "IGpuAllocator": ["allocate", "reallocate", "deallocate", "free"],
        "IOutputAllocator": ["reallocate_output", "reallocate_output_async", "notify_shape"],
        "IDebugListener": ["process_debug_tensor"],
        "IInt8EntropyCalibrator2": ["get_batch_size", "get_batch", "read_calibration_cache"],
        "IStreamReaderV2": ["read", "seek"],
        "IStreamWriter": ["write"],
    }[interface]
    base = getattr(trt, interface)
    members = {name: method(name) for name in names}
    return type("Throws", (base,), {"__init__": lambda self: base.__init__(self), **members})()


def relu(builder=builder):
    network = builder.create_network(EXPLICIT_BATCH)
    layer = network.add_activation(network.add_input("x", trt.float32, (4,)), trt.ActivationType.RELU)
    layer.get_output(0).name = "y"
    network.mark_output(layer.get_output(0))
    return network


def engine_of(network, config=None):
    plan = builder.build_serialized_network(network, config or builder.create_builder_config())
    return plan and runtime.deserialize_cuda_engine(plan)


def runs(context):
    x, y = np.array([1, -2, 3, -4], np.float32), np.zeros(4, np.float32)
    assert context.set_tensor_address("x", x.ctypes.data) and context.set_tensor_address("y", y.ctypes.data)
    done = context.execute_async_v3(0)
    assert not done or y.tolist() == [1, 0, 3, 0]
    return done


def error(*words):
    message = logger.errors()[-1]
    assert all(word in message for word in words), message
    logger.messages.clear()


def loggers_and_recorders():
    other = trt.Builder(throws("ILogger"))
    assert relu(other).add_input("x", trt.float32, (1,)) is None
    assert other.build_serialized_network(relu(other), other.create_builder_config()) is not None
    recorder = throws("IErrorRecorder")
    builder.error_recorder = recorder
    assert relu().add_input("x", trt.float32, (1,)) is None
    error("'x'")
    builder.error_recorder = None


def stopped_by_its_monitor():
    """A monitor that answers no ends the build."""

    class Stops(trt.IProgressMonitor):
        def __init__(self):
            trt.IProgressMonitor.__init__(self)
            self.steps = 0

        def phase_start(self, phase_name, parent_phase, num_steps):
            pass

        def phase_finish(self, phase_name):
            pass

        def step_complete(self, phase_name, step):
            self.steps += 1
            return False

    network, config = builder.create_network(EXPLICIT_BATCH), builder.create_builder_config()
    x, plain = network.add_input("x", trt.float32, (8, 8)), trt.MatrixOperation.NONE
    for _ in range(10):
        x = network.add_matrix_multiply(x, plain, x, plain).get_output(0)
        x = network.add_softmax(x).get_output(0)
    network.mark_output(x)
    config.progress_monitor = monitor = Stops()
    assert builder.build_serialized_network(network, config) is None and monitor.steps == 1
    error("asked to stop")


def told_every_step():
    class Listens(trt.IProgressMonitor):
        def __init__(self):
            trt.IProgressMonitor.__init__(self)
            self.expected, self.steps, self.open = [], [], []

        def phase_start(self, phase_name, parent_phase, num_steps):
            self.open.append(phase_name)
            self.expected += [(phase_name, i) for i in range(num_steps)]

        def phase_finish(self, phase_name):
            self.open.remove(phase_name)

        def step_complete(self, phase_name, step):
            assert phase_name in self.open
            self.steps.append((phase_name, step))
            return True

    config = builder.create_builder_config()
    config.progress_monitor = monitor = Listens()
    assert engine_of(relu(), config) is not None
    assert monitor.steps == monitor.expected != [] and not monitor.open, (monitor.steps, monitor.expected)


def while_building():
    config = builder.create_builder_config()
    if MAJOR >= 10:
        config.progress_monitor = monitor = throws("IProgressMonitor")
        assert runs(engine_of(relu(), config).create_execution_context()), monitor
        stopped_by_its_monitor()
        told_every_step()
        writer = throws("IStreamWriter")
        assert not builder.build_serialized_network_to_stream(relu(), config, writer)
        error("stream")
        assert runtime.deserialize_cuda_engine(throws("IStreamReaderV2")) is None
        error("deserializeCudaEngine")
    if MAJOR < 11:
        config.set_flag(trt.BuilderFlag.INT8)
        config.int8_calibrator = calibrator = throws("IInt8EntropyCalibrator2")
        assert engine_of(relu(), config) is None, calibrator
        error("the calibrator gave no batch")


def while_running():
    context = engine_of(relu()).create_execution_context()
    context.profiler = profiler = throws("IProfiler")
    assert runs(context), profiler

    allocator = throws("IOutputAllocator")
    assert context.set_output_allocator("y", allocator)
    assert not runs(context)
    error("allocator", "'y'")

    runtime.gpu_allocator = memory = throws("IGpuAllocator")
    assert not runs(engine_of(relu()).create_execution_context()), memory
    error("allocator")
    runtime.gpu_allocator = None

    if MAJOR >= 10:
        network = relu()
        assert network.mark_debug(network.get_layer(0).get_output(0))
        context = engine_of(network).create_execution_context()
        listener = throws("IDebugListener")
        assert context.set_debug_listener(listener) and context.set_all_tensors_debug_state(True)
        runs(context)  # the module says yes for the listener
        logger.messages.clear()


def plugins():
    from onnx import TensorProto, helper

    def fails(name):
        if name == failing:
            raise ValueError(f"{name} raises")

    def array(address):
        return np.frombuffer((ctypes.c_float * 4).from_address(address), np.float32)

    class Relu(trt.IPluginV3, trt.IPluginV3OneCore, trt.IPluginV3OneBuild, trt.IPluginV3OneRuntime):
        def __init__(self):
            for base in (trt.IPluginV3, trt.IPluginV3OneCore, trt.IPluginV3OneBuild, trt.IPluginV3OneRuntime):
                base.__init__(self)
            self.num_outputs = 1
            self.plugin_name, self.plugin_version, self.plugin_namespace = "Relu_TRT", "1", ""

        def get_capability_interface(self, kind):
            fails("get_capability_interface")
            return self

        def get_output_data_types(self, types):
            fails("get_output_data_types")
            return types

        def get_output_shapes(self, inputs, shape_inputs, builder):
            fails("get_output_shapes")
            return [trt.DimsExprs(inputs[0])]

        def supports_format_combination(self, at, tensors, inputs):
            fails("supports_format_combination")
            return tensors[at].desc.type == trt.float32

        def configure_plugin(self, inputs, outputs):
            fails("configure_plugin")

        def on_shape_change(self, inputs, outputs):
            fails("on_shape_change")

        def attach_to_context(self, context):
            fails("attach_to_context")
            return self.clone()

        def get_fields_to_serialize(self):
            fails("get_fields_to_serialize")
            return trt.PluginFieldCollection([])

        def enqueue(self, inputs, outputs, x, y, workspace, stream):
            fails("enqueue")
            array(y[0])[...] = np.maximum(array(x[0]), 0)

        def clone(self):
            fails("clone")
            return Relu()

    class Creator(trt.IPluginCreatorV3One):
        def __init__(self):
            trt.IPluginCreatorV3One.__init__(self)
            self.name, self.plugin_version, self.plugin_namespace = "Relu_TRT", "1", ""
            self.field_names = trt.PluginFieldCollection([])

        def create_plugin(self, name, fields, phase):
            fails("create_plugin")
            return Relu()

    registry, creator, failing = trt.get_plugin_registry(), Creator(), ""
    assert registry.register_creator(creator, "")

    def parsed():
        info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4]) for n in "xy"]
        graph = helper.make_graph([helper.make_node("Relu_TRT", ["x"], ["y"])], "g", info[:1], info[1:])
        network = builder.create_network(EXPLICIT_BATCH)
        parser = trt.OnnxParser(network, logger)
        return parser.parse(helper.make_model(graph).SerializeToString()) and network

    def added(type_of_input=trt.float32):
        network = builder.create_network(EXPLICIT_BATCH)
        x = network.add_input("x", type_of_input, (4,))
        layer = network.add_plugin_v3([x], [], Relu())
        if layer is None:
            return None
        layer.get_output(0).name = "y"
        network.mark_output(layer.get_output(0))
        return network

    for make in (parsed, added):
        assert runs(engine_of(make()).create_execution_context()), logger.errors()
    for failing in ("create_plugin", "get_capability_interface", "clone", "get_fields_to_serialize"):
        assert not (parsed if failing == "create_plugin" else added)(), failing
        error("plugin")
    for failing in ("get_output_data_types", "get_output_shapes", "supports_format_combination"):
        assert engine_of(added()) is None, failing
        error("plugin 'Relu_TRT'")
    for failing in ("configure_plugin", "on_shape_change", "enqueue"):
        assert not runs(engine_of(added()).create_execution_context()), failing
        error("plugin 'Relu_TRT'")
    failing = ""
    assert engine_of(added(trt.int32)) is None
    error("plugin 'Relu_TRT'", "does not take type i32")
    assert runs(engine_of(added()).create_execution_context()), logger.errors()


loggers_and_recorders()
while_building()
while_running()
if MAJOR >= 10:
    plugins()
assert logger.errors() == [], logger.errors()
print("ok")
