"""Inference between PyTorch's tensors on the GPU and on its streams: MODEL.onnx, of images 1x8x8."""

import sys
import time

import torch
from common import EXPLICIT_BATCH, Logger, trt

logger = Logger()
builder = trt.Builder(logger)


def build(network):
    config, profile = builder.create_builder_config(), builder.create_optimization_profile()
    tensor = network.get_input(0)
    rest = tuple(tensor.shape)[1:]
    profile.set_shape(tensor.name, (1, *rest), (4, *rest), (16, *rest))
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    assert plan is not None, logger.errors()
    return trt.Runtime(logger).deserialize_cuda_engine(plan)


def inference(context, stream, **tensors):
    for name, tensor in tensors.items():
        if context.engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT:
            assert context.set_input_shape(name, tuple(tensor.shape))
        assert context.set_tensor_address(name, tensor.data_ptr())
    assert context.execute_async_v3(stream.cuda_stream), logger.errors()


def scores_of(engine, image):
    """Alone, on a context and a stream of its own."""
    out = torch.empty(len(image), 10, device="cuda")
    stream = torch.cuda.Stream()
    torch.cuda.synchronize()
    inference(engine.create_execution_context(), stream, image=image, probabilities=out)
    stream.synchronize()
    return out


network = builder.create_network(EXPLICIT_BATCH)
parser = trt.OnnxParser(network, logger)
assert parser.parse_from_file(sys.argv[1])
engine = build(network)
images = [torch.rand(n, 1, 8, 8, device="cuda") for n in (1, 4, 16)]
expected = [scores_of(engine, image) for image in images]
for scores in expected:
    torch.testing.assert_close(scores.sum(1), torch.ones(len(scores), device="cuda"))

# in order with PyTorch's work on the same stream, also the default one; the call does not wait for the GPU
for stream in (torch.cuda.Stream(), torch.cuda.default_stream()):
    context = engine.create_execution_context()
    out = torch.zeros(4, 10, device="cuda")
    staged = torch.zeros_like(images[1])
    for _ in range(3):  # the third run replays a recording
        inference(context, stream, image=staged, probabilities=out)
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(1_000_000_000)  # cycles: about half a second
        staged.copy_(images[1])
        begin = time.perf_counter()
        inference(context, stream, image=staged, probabilities=out)
        seconds = time.perf_counter() - begin
        doubled = out * 2
    assert not stream.query() and seconds < 0.1, seconds
    stream.synchronize()
    torch.testing.assert_close(doubled, expected[1] * 2, rtol=1e-4, atol=1e-5)

# two contexts side by side, each on its stream
contexts = [engine.create_execution_context() for _ in images]
streams = [torch.cuda.Stream() for _ in images]
outs = [torch.empty_like(scores) for scores in expected]
for _ in range(20):
    for context, stream, image, out in zip(contexts, streams, images, outs, strict=True):
        inference(context, stream, image=image, probabilities=out)
torch.cuda.synchronize()
for out, scores in zip(outs, expected, strict=True):
    torch.testing.assert_close(out, scores, rtol=1e-4, atol=1e-5)

# recorded into PyTorch's own CUDA graph
graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()
fixed, out = torch.zeros_like(images[1]), torch.zeros(4, 10, device="cuda")
context = engine.create_execution_context()
inference(context, stream, image=fixed, probabilities=out)
torch.cuda.synchronize()
with torch.cuda.graph(graph, stream=stream):
    inference(context, stream, image=fixed, probabilities=out)
for _ in range(2):
    fixed.copy_(images[1])
    out.zero_()
    graph.replay()
    torch.cuda.synchronize()
    torch.testing.assert_close(out, expected[1], rtol=1e-4, atol=1e-5)


# an output whose size only the run tells, in PyTorch's memory
class Allocator(trt.IOutputAllocator):
    def __init__(self):
        trt.IOutputAllocator.__init__(self)
        self.memory, self.shape = None, None

    def reallocate_output(self, name, memory, size, alignment):
        self.memory = torch.empty(max(size, 1), dtype=torch.uint8, device="cuda")
        return self.memory.data_ptr()

    def reallocate_output_async(self, name, memory, size, alignment, stream):
        return self.reallocate_output(name, memory, size, alignment)

    def notify_shape(self, name, shape):
        self.shape = tuple(shape)


network = builder.create_network(EXPLICIT_BATCH)
x = network.add_input("x", trt.float32, (-1, 5))
found = network.add_non_zero(x).get_output(0)
found.name = "found"
network.mark_output(found)
engine = build(network)
context, allocator, stream = engine.create_execution_context(), Allocator(), torch.cuda.Stream()
values = torch.tensor([[0, 1, 0, 2, 0], [3, 0, 0, 0, 4]], dtype=torch.float32, device="cuda")
torch.cuda.synchronize()
assert context.set_output_allocator("found", allocator)
inference(context, stream, x=values)
stream.synchronize()
kind = torch.int64 if engine.get_tensor_dtype("found") == trt.int64 else torch.int32
places = allocator.memory.view(kind)[: allocator.shape[0] * allocator.shape[1]].reshape(allocator.shape)
assert places.cpu().tolist() == [[0, 0, 1, 1], [1, 3, 0, 4]]
assert logger.errors() == []
print("ok")
