"""An inference recorded into a CUDA graph, with its copies, and launched on other inputs: MODEL.onnx."""

import ctypes
import math
import sys

import numpy as np
from common import EXPLICIT_BATCH, Logger, infer, trt
from cuda.bindings import runtime as cuda

OK, COPY = cuda.cudaError_t.cudaSuccess, cuda.cudaMemcpyKind.cudaMemcpyDefault


def take(result):
    error, *values = result
    assert error == OK, error
    return values[0] if values else None


logger = Logger()
builder = trt.Builder(logger)
network = builder.create_network(EXPLICIT_BATCH)
parser = trt.OnnxParser(network, logger)
assert parser.parse_from_file(sys.argv[1])
config, profile = builder.create_builder_config(), builder.create_optimization_profile()
profile.set_shape("image", (1, 1, 8, 8), (3, 1, 8, 8), (8, 1, 8, 8))
config.add_optimization_profile(profile)
engine = trt.Runtime(logger).deserialize_cuda_engine(builder.build_serialized_network(network, config))
context = engine.create_execution_context()


def pinned(*shape):
    """Page-locked memory, which copies of a graph need."""
    address = take(cuda.cudaHostAlloc(4 * math.prod(shape), cuda.cudaHostAllocDefault))
    return np.ctypeslib.as_array((ctypes.c_float * math.prod(shape)).from_address(int(address))).reshape(
        shape
    )


rng = np.random.default_rng(0)
image, scores = pinned(3, 1, 8, 8), pinned(3, 10)
memory = {"image": take(cuda.cudaMalloc(image.nbytes)), "probabilities": take(cuda.cudaMalloc(scores.nbytes))}
stream = take(cuda.cudaStreamCreate())


def inference():
    """As it goes on the stream, recorded or not."""
    take(cuda.cudaMemcpyAsync(memory["image"], image.ctypes.data, image.nbytes, COPY, stream))
    assert context.set_input_shape("image", image.shape)
    for name, address in memory.items():
        assert context.set_tensor_address(name, address)
    assert context.execute_async_v3(stream)
    take(cuda.cudaMemcpyAsync(scores.ctypes.data, memory["probabilities"], scores.nbytes, COPY, stream))


inference()  # a first run before recording, as CUDA wants it
take(cuda.cudaStreamSynchronize(stream))
scores[:] = 7
mode = cuda.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
take(cuda.cudaStreamBeginCapture(stream, mode))
inference()
graph = take(cuda.cudaStreamEndCapture(stream))
assert (scores == 7).all(), "recording does nothing"
executable = take(cuda.cudaGraphInstantiate(graph, 0))

other = np.ones((1, 1, 8, 8), np.float32)
for _ in range(3):
    image[:] = rng.random(image.shape, np.float32)
    take(cuda.cudaGraphLaunch(executable, stream))
    take(cuda.cudaStreamSynchronize(stream))
    # the context has other shapes and addresses meanwhile
    fresh = engine.create_execution_context()
    expected = infer(engine, fresh, {"image": image})["probabilities"]
    np.testing.assert_allclose(scores, expected, 1e-5, 1e-6)
    infer(engine, context, {"image": other})
assert logger.errors() == []
take(cuda.cudaGraphExecDestroy(executable))
print("ok")
