"""Engines that go through the program's own streams, in pieces."""

import numpy as np
from common import EXPLICIT_BATCH, Logger, infer, trt

logger = Logger()
builder = trt.Builder(logger)
runtime = trt.Runtime(logger)


class Writer(trt.IStreamWriter):
    def __init__(self):
        trt.IStreamWriter.__init__(self)
        self.bytes = bytearray()

    def write(self, data):
        self.bytes += bytes(data)
        return len(data)


class Pieces:
    """What readers of both generations have; no call gives more than some bytes."""

    def start(self, data):
        self.data, self.at, self.calls = data, 0, 0

    def read(self, size, *stream):
        self.calls += 1
        piece = self.data[self.at : self.at + min(size, 999)]
        self.at += len(piece)
        return piece

    def seek(self, offset, where):
        self.at = offset + {"SET": 0, "CUR": self.at, "END": len(self.data)}[where.name]
        return True


network = builder.create_network(EXPLICIT_BATCH)
weights = np.arange(2000, dtype=np.float32).reshape(1, 2000)
x = network.add_input("x", trt.float32, (1, 2000))
layer = network.add_elementwise(
    x, network.add_constant((1, 2000), trt.Weights(weights)).get_output(0), trt.ElementWiseOperation.SUM
)
layer.get_output(0).name = "y"
network.mark_output(layer.get_output(0))
writer = Writer()
assert builder.build_serialized_network_to_stream(network, builder.create_builder_config(), writer)
plan = bytes(writer.bytes)
assert len(plan) > 8000

for base in ("IStreamReader", "IStreamReaderV2"):
    if not hasattr(trt, base):
        continue
    kind = getattr(trt, base)
    reader = type("Reader", (Pieces, kind), {"__init__": lambda self, kind=kind: kind.__init__(self)})()
    reader.start(plan)
    engine = runtime.deserialize_cuda_engine(reader)
    assert engine is not None, logger.errors()
    assert reader.calls > len(plan) // 1000
    x = np.ones((1, 2000), np.float32)
    got = infer(engine, engine.create_execution_context(), {"x": x})
    np.testing.assert_array_equal(got["y"], x + weights)
assert logger.errors() == []
print("ok")
