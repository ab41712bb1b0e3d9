"""Plugins written as decorated Python functions, as tensorrt.plugin of 10 and 11 has them.

decorated.py build FOLDER: makes engines and runs them; load FOLDER: in a process that built none."""

# ruff: noqa: UP006, UP007, UP035 - the module compares annotations with those of typing

import ctypes
import sys
from pathlib import Path
from typing import Any, Tuple, Union

import numpy as np
import tensorrt.plugin as trtp
from common import Logger, infer, trt

FOLDER = Path(sys.argv[2])
FEED = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
logger = Logger()
# numpy.typing.NDArray, which the module does not know as NumPy 2.5 has it
Floats, Integers = np.ndarray[Any, np.dtype[np.float32]], np.ndarray[Any, np.dtype[np.int32]]


def array(tensor):
    count = int(np.prod(tuple(tensor.shape)))
    ctype = np.ctypeslib.as_ctypes_type(trt.nptype(tensor.dtype))
    flat = np.frombuffer((ctype * count).from_address(tensor.data_ptr), trt.nptype(tensor.dtype))
    return flat.reshape(tuple(tensor.shape))


@trtp.register("sample::scaled")
def _(x: trtp.TensorDesc, factor: Floats) -> trtp.TensorDesc:
    return x.like()


@trtp.impl("sample::scaled")
def _(x: trtp.Tensor, factor: Floats, outputs, stream: int):
    array(outputs[0])[:] = factor * array(x)


@trtp.register("sample::circ_pad")
def _(x: trtp.TensorDesc, pads: Integers) -> trtp.TensorDesc:
    out, ndim = x.like(), x.ndim
    for i in range(np.size(pads) // 2):
        out.shape_expr[ndim - i - 1] += int(pads[i * 2] + pads[i * 2 + 1])
    return out


@trtp.impl("sample::circ_pad")
def _(x: trtp.Tensor, pads: Integers, outputs, stream: int):
    widths = [(0, 0)] * (x.ndim - pads.size // 2) + pads.reshape(-1, 2)[::-1].tolist()
    array(outputs[0])[:] = np.pad(array(x), widths, mode="wrap")


@trtp.register("sample::non_zero")
def _(x: trtp.TensorDesc) -> Tuple[trtp.TensorDesc, trtp.TensorDesc]:
    most = x.shape_expr.numel()
    size = trtp.size_tensor(opt=most // 2, upper_bound=most)
    return trtp.from_shape_expr((size.expr(), x.ndim), dtype=trt.int32), size


@trtp.impl("sample::non_zero")
def _(x: trtp.Tensor, outputs, stream: int):
    found = np.argwhere(array(x))
    ctypes.memmove(outputs[0].data_ptr, found.astype(np.int32).tobytes(), found.size * 4)
    ctypes.c_int.from_address(outputs[1].data_ptr).value = len(found)


@trtp.register("sample::add_in_place")
def _(x: trtp.TensorDesc, delta: Integers) -> trtp.TensorDesc:
    return x.aliased()


@trtp.impl("sample::add_in_place")
def _(x: trtp.Tensor, delta: Integers, outputs, stream: int):
    array(x)[:] += delta


@trtp.register("sample::tuned")
def _(x: trtp.TensorDesc) -> trtp.TensorDesc:
    return x.like()


@trtp.autotune("sample::tuned")
def _(x: trtp.TensorDesc, outputs) -> list[trtp.AutoTuneCombination]:
    return [trtp.AutoTuneCombination("FP16|FP32, FP16|FP32", "LINEAR", [7, 5])]


@trtp.impl("sample::tuned")
def _(x: trtp.Tensor, outputs, stream: int, tactic: int):
    assert tactic in (5, 7), tactic
    array(outputs[0])[:] = -array(x)


@trtp.register("sample::multiplied")
def _(x: trtp.TensorDesc, factor: Integers) -> trtp.TensorDesc:
    return x.like()


@trtp.aot_impl("sample::multiplied")
def _(
    x: trtp.TensorDesc, factor: Integers, outputs: Tuple[trtp.TensorDesc], tactic: int
) -> Tuple[Union[str, bytes], Union[str, bytes], trtp.KernelLaunchParams, trtp.SymExprs]:
    launch, n = trtp.KernelLaunchParams(), outputs[0].shape_expr.numel()
    launch.grid_x, launch.block_x = trtp.cdiv(n, 128), 128
    integers = trtp.SymIntExprs(2)
    integers[0], integers[1] = trtp.SymInt32(n), trtp.SymInt32(int(factor[0]))
    return "multiplied", "no code", launch, integers


class Allocator(trt.IOutputAllocator):
    """For an output whose size the run tells."""

    def __init__(self):
        trt.IOutputAllocator.__init__(self)

    def reallocate_output_async(self, name, memory, size, alignment, stream):
        self.memory = np.zeros(size, np.uint8)
        return self.memory.ctypes.data

    def notify_shape(self, name, shape):
        self.shape = tuple(shape)


def infer_sized(engine, context):
    allocator, size = Allocator(), np.zeros(1, np.int32)
    assert context.set_input_shape("x", FEED.shape)
    assert tuple(context.get_tensor_shape("y0")) == (-1, 2)
    assert context.set_tensor_address("x", FEED.ctypes.data)
    assert context.set_tensor_address("y1", size.ctypes.data)
    assert context.set_output_allocator("y0", allocator)
    assert context.execute_async_v3(0)
    assert allocator.shape == (FEED.size, 2) and size[0] == FEED.size
    return allocator.memory.view(np.int32)[: FEED.size * 2].reshape(-1, 2)


def network_of(add):
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    x = network.add_input("x", trt.float32, (-1, 3))
    layer = add(network, x)
    for i in range(layer.num_outputs):
        layer.get_output(i).name = f"y{i}"
        network.mark_output(layer.get_output(i))
    return builder, network


def built(builder, network):
    config = builder.create_builder_config()
    profile = builder.create_optimization_profile()
    profile.set_shape("x", (1, 3), (2, 3), (4, 3))
    config.add_optimization_profile(profile)
    if hasattr(trt.PreviewFeature, "ALIASED_PLUGIN_IO_10_03"):
        config.set_preview_feature(trt.PreviewFeature.ALIASED_PLUGIN_IO_10_03, True)
    plan = builder.build_serialized_network(network, config)
    assert plan is not None, logger.errors()
    return bytes(plan)


def of_node(name):
    """The network of an ONNX model with one node, which is the plugin."""
    from onnx import TensorProto, helper

    attributes = {"plugin_namespace": "sample", "factor": [3.0] if name == "scaled" else [2]}
    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ("n", 3)) for n in "xy"]
    node = helper.make_node(name, ["x"], ["y"], domain="sample", **attributes)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("sample", 1)]
    model = helper.make_model(helper.make_graph([node], "g", value[:1], value[1:]), opset_imports=opsets)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(model.SerializeToString()):
        return None, parser.get_error(0).desc()
    network.get_output(0).name = "y0"
    return builder, network


OPS = {
    "scaled": lambda x: trtp.op.sample.scaled(x, factor=np.array([2.5], np.float32)),
    "circ_pad": lambda x: trtp.op.sample.circ_pad(x, pads=np.array([1, 2, 0, 1], np.int32)),
    "non_zero": lambda x: trtp.op.sample.non_zero(x),
    "add_in_place": lambda x: trtp.op.sample.add_in_place(x, delta=np.array([4], np.int32)),
    "tuned": lambda x: trtp.op.sample.tuned(x),
}
EXPECTED = {
    "scaled": 2.5 * FEED,
    "circ_pad": np.pad(FEED, [(0, 1), (1, 2)], mode="wrap"),
    "non_zero": np.argwhere(FEED),
    "add_in_place": FEED + 4,
    "tuned": -FEED,
    "scaled.onnx": 3 * FEED,
}

if sys.argv[1] == "build":
    for name, op in OPS.items():
        plan = built(*network_of(lambda network, x, op=op: network.add_plugin(op(x))))
        (FOLDER / name).write_bytes(plan)
    (FOLDER / "scaled.onnx").write_bytes(built(*of_node("scaled")))
for name, expected in EXPECTED.items():
    engine = trt.Runtime(logger).deserialize_cuda_engine((FOLDER / name).read_bytes())
    assert engine is not None, (name, logger.errors())
    context = engine.create_execution_context()
    if name == "non_zero":
        y = infer_sized(engine, context)
    else:
        y = infer(engine, context, {"x": FEED})["y0"]
    np.testing.assert_allclose(y, expected, 1e-6, err_msg=name)
assert logger.errors() == [], logger.errors()
assert any("2 tactics" in m and "(5) is taken" in m for _, m in logger.messages), "tactics are not timed"

if sys.argv[1] == "build":  # kernels that only a GPU runs
    multiplied = trtp.op.sample.multiplied
    try:
        two = np.array([2], np.int32)
        network_of(lambda network, x: network.add_plugin(multiplied(x, factor=two), aot=True))
    except Exception:
        pass
    assert any("runs on a CPU" in e and "aot=False" in e for e in logger.errors()), logger.errors()
    none, why = of_node("multiplied")
    assert none is None and "ahead of time only" in why, why
print("ok")
