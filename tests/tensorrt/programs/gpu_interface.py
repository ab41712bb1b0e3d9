"""MODEL ANSWERS.npz CONTEXT: on a GPU, with the program's own memory, streams and events of the CUDA driver,
in the primary CONTEXT or in its own.

ANSWERS.npz holds images and the probabilities that the model has for them."""

import ctypes
import sys
import time

import numpy as np
from common import EXPLICIT_BATCH, Logger, trt

MAJOR = int(trt.__version__.split(".")[0])
NOT_READY = 600
cuda = ctypes.CDLL("libcuda.so.1")
P, SIZE = ctypes.c_void_p, ctypes.c_size_t
logger = Logger()
builder = trt.Builder(logger)
runtime = trt.Runtime(logger)


def call(name, *arguments):
    code = getattr(cuda, name)(*arguments)
    assert code == 0, (name, code)


def start(kind):
    call("cuInit", 0)
    context = P()
    if kind == "own":
        call("cuCtxCreate_v2", ctypes.byref(context), 0, 0)
    else:
        call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
        call("cuCtxSetCurrent", context)
    return context


class Memory:
    """Memory of the GPU, with what an array holds."""

    def __init__(self, array=None, size=0):
        self.nbytes = array.nbytes if array is not None else size
        pointer = P()
        call("cuMemAlloc_v2", ctypes.byref(pointer), SIZE(max(self.nbytes, 1)))
        self.address = pointer.value
        if array is not None:
            source = np.ascontiguousarray(array)
            call("cuMemcpyHtoD_v2", P(self.address), P(source.ctypes.data), SIZE(self.nbytes))

    def read(self, shape, dtype):
        out = np.empty(shape, dtype)
        call("cuMemcpyDtoH_v2", P(out.ctypes.data), P(self.address), SIZE(out.nbytes))
        return out


def made(name, *arguments):
    handle = P()
    call(name, ctypes.byref(handle), *arguments)
    return handle


HostFunction = ctypes.CFUNCTYPE(None, P)


@HostFunction
def sleep(_):
    time.sleep(0.3)


def build(network, shapes=()):
    config = builder.create_builder_config()
    config.builder_optimization_level = 0
    if shapes:
        profile = builder.create_optimization_profile()
        profile.set_shape("image", *shapes)
        config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    assert plan is not None, logger.errors()
    return runtime.deserialize_cuda_engine(plan)


def digits(model, images, expected):
    network = builder.create_network(EXPLICIT_BATCH)
    parser = trt.OnnxParser(network, logger)
    assert parser.parse_from_file(model), logger.errors()
    engine = build(network, ((1, 1, 8, 8), images.shape, (16, 1, 8, 8)))
    context = engine.create_execution_context()
    x, y = Memory(images), Memory(size=expected.nbytes)
    assert context.set_input_shape("image", images.shape)
    assert context.set_tensor_address("image", x.address)
    assert context.set_tensor_address("probabilities", y.address)
    stream = made("cuStreamCreate", 1)
    consumed = made("cuEventCreate", 0)
    context.set_input_consumed_event(consumed.value)
    for _ in range(3):  # step by step, recorded, replayed
        call("cuMemsetD8_v2", P(y.address), ctypes.c_ubyte(0), SIZE(y.nbytes))
        assert context.execute_async_v3(stream.value), logger.errors()
        call("cuStreamSynchronize", stream)
        np.testing.assert_allclose(y.read(expected.shape, np.float32), expected, 2e-3, 1e-4)

    # behind what takes long on the stream, the call returns at once, and nothing is done yet
    call("cuLaunchHostFunc", stream, sleep, None)
    begin = time.perf_counter()
    assert context.execute_async_v3(stream.value)
    took = time.perf_counter() - begin
    assert cuda.cuStreamQuery(stream) == NOT_READY and cuda.cuEventQuery(consumed) == NOT_READY
    call("cuStreamSynchronize", stream)
    call("cuEventQuery", consumed)
    assert took < 0.2, took

    # recorded by the program: a graph of its own
    context.set_input_consumed_event(0)
    call("cuStreamBeginCapture_v2", stream, 1)
    assert context.execute_async_v3(stream.value), logger.errors()
    graph = P()
    call("cuStreamEndCapture", stream, ctypes.byref(graph))
    program = P()
    call("cuGraphInstantiateWithFlags", ctypes.byref(program), graph, ctypes.c_ulonglong(0))
    call("cuMemsetD8_v2", P(y.address), ctypes.c_ubyte(0), SIZE(y.nbytes))
    call("cuGraphLaunch", program, stream)
    call("cuStreamSynchronize", stream)
    np.testing.assert_allclose(y.read(expected.shape, np.float32), expected, 2e-3, 1e-4)

    # the default stream, and the synchronous call
    call("cuMemsetD8_v2", P(y.address), ctypes.c_ubyte(0), SIZE(y.nbytes))
    assert context.execute_v2([x.address, y.address])
    np.testing.assert_allclose(y.read(expected.shape, np.float32), expected, 2e-3, 1e-4)
    return took


def sizes_that_data_tell():
    network = builder.create_network(EXPLICIT_BATCH)
    x = network.add_input("x", trt.float32, (6,))
    layer = network.add_non_zero(x)
    layer.get_output(0).name = "y"
    network.mark_output(layer.get_output(0))
    engine = build(network)
    context = engine.create_execution_context()

    class Allocator(trt.IOutputAllocator):
        def __init__(self):
            trt.IOutputAllocator.__init__(self)
            self.memory, self.shape = None, None

        def reallocate_output(self, name, memory, size, alignment):
            self.memory = Memory(size=size)
            return self.memory.address

        def reallocate_output_async(self, name, memory, size, alignment, stream):
            return self.reallocate_output(name, memory, size, alignment)

        def notify_shape(self, name, shape):
            self.shape = tuple(shape)

    x, allocator = Memory(np.array([0, 1, 0, 2, 3, 0], np.float32)), Allocator()
    assert context.set_tensor_address("x", x.address) and context.set_output_allocator("y", allocator)
    stream = made("cuStreamCreate", 1)
    assert context.execute_async_v3(stream.value), logger.errors()
    call("cuStreamSynchronize", stream)
    assert allocator.shape == (1, 3)
    dtype = trt.nptype(engine.get_tensor_dtype("y"))
    assert allocator.memory.read((1, 3), dtype).tolist() == [[1, 3, 4]]


def plugin_gets_the_gpus_memory():
    class Copy(trt.IPluginV3, trt.IPluginV3OneCore, trt.IPluginV3OneBuild, trt.IPluginV3OneRuntime):
        seen = []

        def __init__(self):
            for base in (trt.IPluginV3, trt.IPluginV3OneCore, trt.IPluginV3OneBuild, trt.IPluginV3OneRuntime):
                base.__init__(self)
            self.num_outputs = 1
            self.plugin_name, self.plugin_version, self.plugin_namespace = "Copy", "1", ""

        def get_capability_interface(self, kind):
            return self

        def get_output_data_types(self, types):
            return types

        def get_output_shapes(self, inputs, shape_inputs, builder):
            return [trt.DimsExprs(inputs[0])]

        def supports_format_combination(self, at, tensors, inputs):
            return tensors[at].desc.format == trt.TensorFormat.LINEAR

        def configure_plugin(self, inputs, outputs):
            pass

        def on_shape_change(self, inputs, outputs):
            pass

        def attach_to_context(self, context):
            return self.clone()

        def get_workspace_size(self, inputs, outputs):
            return 1024

        def get_fields_to_serialize(self):
            return trt.PluginFieldCollection([])

        def enqueue(self, inputs, outputs, x, y, workspace, stream):
            Copy.seen.append((workspace, stream))
            call("cuMemcpyDtoDAsync_v2", P(y[0]), P(x[0]), SIZE(16), P(stream))

        def clone(self):
            return Copy()

    network = builder.create_network(EXPLICIT_BATCH)
    x = network.add_input("x", trt.float32, (4,))
    middle = network.add_plugin_v3(
        [network.add_activation(x, trt.ActivationType.RELU).get_output(0)], [], Copy()
    )
    out = network.add_activation(middle.get_output(0), trt.ActivationType.RELU)
    out.get_output(0).name = "y"
    network.mark_output(out.get_output(0))
    engine = build(network)
    context = engine.create_execution_context()
    x, y = Memory(np.array([1, -2, 3, -4], np.float32)), Memory(size=16)
    assert context.set_tensor_address("x", x.address) and context.set_tensor_address("y", y.address)
    stream = made("cuStreamCreate", 1)
    assert context.execute_async_v3(stream.value), logger.errors()
    call("cuStreamSynchronize", stream)
    assert y.read((4,), np.float32).tolist() == [1, 0, 3, 0]
    workspace, used = Copy.seen[-1]
    assert workspace and used == stream.value


entered = start(sys.argv[3])
with np.load(sys.argv[2]) as known:
    took = digits(sys.argv[1], known["images"], known["probabilities"])
sizes_that_data_tell()
if MAJOR >= 10:
    plugin_gets_the_gpus_memory()
current = P()
call("cuCtxGetCurrent", ctypes.byref(current))
assert current.value == entered.value
assert logger.errors() == [], logger.errors()
print(f"ok: a call took {took * 1e6:.0f} us behind a busy stream")
