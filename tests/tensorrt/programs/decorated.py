"""Plugins written as decorated Python functions, as tensorrt.plugin of 10 and 11 has them."""

import ctypes

import numpy as np
import numpy.typing as npt
import tensorrt.plugin as trtp
from common import Logger, infer, trt


@trtp.register("sample::scaled")
def scaled_description(x: trtp.TensorDesc, factor: npt.NDArray[np.float32]) -> trtp.TensorDesc:
    return x.like()


def array(tensor):
    count = int(np.prod(tensor.shape))
    return np.frombuffer((ctypes.c_float * count).from_address(tensor.data_ptr), np.float32)


@trtp.impl("sample::scaled")
def scaled(x: trtp.Tensor, factor: npt.NDArray[np.float32], outputs, stream: int):
    array(outputs[0])[:] = factor * array(x)


logger = Logger()
builder = trt.Builder(logger)
network = builder.create_network(0)
x = network.add_input("x", trt.float32, (-1, 3))
layer = network.add_plugin(trtp.op.sample.scaled(x, factor=np.array([2.5], np.float32)))
out = network.add_activation(layer.get_output(0), trt.ActivationType.RELU)
out.get_output(0).name = "y"
network.mark_output(out.get_output(0))
config = builder.create_builder_config()
profile = builder.create_optimization_profile()
profile.set_shape("x", (1, 3), (2, 3), (4, 3))
config.add_optimization_profile(profile)
plan = builder.build_serialized_network(network, config)
assert plan is not None, logger.errors()
engine = trt.Runtime(logger).deserialize_cuda_engine(plan)
assert engine is not None, logger.errors()
feed = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
y = infer(engine, engine.create_execution_context(), {"x": feed})["y"]
np.testing.assert_allclose(y, np.maximum(2.5 * feed, 0), 1e-6)
assert logger.errors() == [], logger.errors()
print("ok")
