"""Every attribute that the module and its objects have is looked at, without a crash."""

import numpy as np
from common import EXPLICIT_BATCH, Logger, trt

logger = Logger()
builder = trt.Builder(logger)
network = builder.create_network(EXPLICIT_BATCH)
config = builder.create_builder_config()
profile = builder.create_optimization_profile()
x = network.add_input("x", trt.float32, (1, 4, 6, 6))
kept = [np.ones((4, 4, 3, 3), np.float32), np.zeros(4, np.float32), np.array([2], np.int32)]
w, b = trt.Weights(kept[0]), trt.Weights(kept[1])
index = network.add_constant((1,), trt.Weights(kept[2])).get_output(0)

layers = [
    network.add_activation(x, trt.ActivationType.RELU),
    network.add_convolution_nd(x, 4, (3, 3), w, b),
    network.add_deconvolution_nd(x, 4, (3, 3), w, b),
    network.add_pooling_nd(x, trt.PoolingType.MAX, (2, 2)),
    network.add_padding_nd(x, (1, 1), (1, 1)),
    network.add_lrn(x, 3, 1.0, 1.0, 1.0),
    network.add_scale(x, trt.ScaleMode.UNIFORM, trt.Weights(), trt.Weights(), trt.Weights()),
    network.add_softmax(x),
    network.add_concatenation([x, x]),
    network.add_elementwise(x, x, trt.ElementWiseOperation.SUM),
    network.add_unary(x, trt.UnaryOperation.EXP),
    network.add_shuffle(x),
    network.add_slice(x, (0, 0, 0, 0), (1, 1, 1, 1), (1, 1, 1, 1)),
    network.add_reduce(x, trt.ReduceOperation.SUM, 1, True),
    network.add_topk(x, trt.TopKOperation.MAX, 1, 2),
    network.add_gather(x, index, 2),
    network.add_matrix_multiply(x, trt.MatrixOperation.NONE, x, trt.MatrixOperation.TRANSPOSE),
    network.add_identity(x),
    network.add_cast(x, trt.float16),
    network.add_shape(x),
    network.add_parametric_relu(x, x),
    network.add_resize(x),
    network.add_select(network.add_cast(x, trt.bool).get_output(0), x, x),
    network.add_einsum([x, x], "abcd,abcd->a"),
    network.add_non_zero(x),
    network.add_normalization(x, x, x, 8),
]
layers[-5].shape = (1, 4, 12, 12)
loop = network.add_loop()
layers.append(loop.add_recurrence(x))
layers.append(loop.add_iterator(x, 1))
branch = network.add_if_conditional()
layers.append(branch.add_input(x))
network.mark_output(layers[0].get_output(0))

plan = builder.build_serialized_network(network, config)
assert plan is not None, logger.errors()
runtime = trt.Runtime(logger)
engine = runtime.deserialize_cuda_engine(plan)
context = engine.create_execution_context()
registry = trt.get_plugin_registry()
inspector = engine.create_engine_inspector()
parser = trt.OnnxParser(builder.create_network(EXPLICIT_BATCH), logger)
cache = config.create_timing_cache(b"")

seen = 0
things = [trt, builder, network, config, profile, x, loop, branch, plan, runtime, engine, context, registry]
for thing in (*things, inspector, parser, cache, *layers, *vars(trt).values()):
    for name in dir(thing):
        try:
            getattr(thing, name)
        except (AttributeError, RuntimeError, TypeError, ValueError):
            pass  # Python's own errors: what matters is that nothing crashes
        seen += 1

# the network tells each layer's kind, and its class has that kind's attributes
kinds = {network.get_layer(i).type for i in range(network.num_layers)}
assert {trt.LayerType.CONVOLUTION, trt.LayerType.SHUFFLE, trt.LayerType.RECURRENCE} <= kinds
del builder, network, config  # the engine lives on
assert context.get_tensor_shape("x") == (1, 4, 6, 6) and engine.num_io_tensors == 2
print(seen)
