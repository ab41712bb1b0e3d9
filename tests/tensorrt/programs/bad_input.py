"""Wrong calls: each gives None or False and an error through the logger, and nothing crashes."""

from common import EXPLICIT_BATCH, Logger, trt

logger = Logger()
builder = trt.Builder(logger)
runtime = trt.Runtime(logger)


def fails(result, *words):
    assert not result, result
    message = logger.errors()[-1]
    assert all(word.lower() in message.lower() for word in words), message
    logger.messages.clear()


fails(
    runtime.deserialize_cuda_engine(b"not an engine, but long enough to hold a header of one......"), "engine"
)
fails(runtime.deserialize_cuda_engine(b"ftrt" + bytes(60)), "NVIDIA", "ONNX")

if hasattr(trt, "UffParser"):  # of 8
    for old in (trt.UffParser, trt.CaffeParser):
        try:
            raise AssertionError(old())
        except TypeError:
            fails(None, old.__name__.removesuffix("Parser").lower(), "ONNX")

network = builder.create_network(EXPLICIT_BATCH)
parser = trt.OnnxParser(network, logger)
fails(parser.parse(b"\x08\x07garbage"))
assert parser.num_errors == 1 and parser.get_error(0).desc()
config = builder.create_builder_config()
fails(builder.build_serialized_network(network, config), "output")

x = network.add_input("x", trt.float32, (-1, 3))
relu = network.add_activation(x, trt.ActivationType.RELU)
network.mark_output(relu.get_output(0))
relu.get_output(0).name = "y"
fails(network.add_input("x", trt.float32, (1,)), "x")
# an error is kept: the network is not built without the input that it should have
fails(builder.build_serialized_network(network, config), "x")

network = builder.create_network(EXPLICIT_BATCH)
x = network.add_input("x", trt.float32, (-1, 3))
network.mark_output(network.add_activation(x, trt.ActivationType.RELU).get_output(0))
profile = builder.create_optimization_profile()
profile.set_shape("x", (1, 3), (2, 3), (4, 3))
assert config.add_optimization_profile(profile) == 0
engine = runtime.deserialize_cuda_engine(builder.build_serialized_network(network, config))
context = engine.create_execution_context()
logger.messages.clear()
fails(context.set_input_shape("nothing", (1, 3)), "nothing", "x")
fails(context.set_input_shape("x", (1, 4)), "x", "4")
fails(context.execute_async_v3(0), "x")
fails(context.set_input_shape("x", (9, 3)), "9x3", "profile 0")
for i in range(engine.num_io_tensors):
    context.set_tensor_address(engine.get_tensor_name(i), 4096)
fails(context.execute_async_v3(0), "x", "shape")
print("ok")
