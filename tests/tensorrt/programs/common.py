"""What the programs share: the module under its usual name, a logger, buffers."""

import numpy as np
import tensorrt_bindings as trt

__all__ = ["EXPLICIT_BATCH", "Logger", "infer", "trt"]

EXPLICIT_BATCH = 1 if trt.__version__.startswith("8.") else 0  # a flag of 8, the only way later


class Logger(trt.ILogger):
    """Keeps what was logged."""

    def __init__(self):
        trt.ILogger.__init__(self)
        self.messages = []

    def log(self, severity, message):
        self.messages.append((severity, message))

    def errors(self):
        return [m for s, m in self.messages if s <= trt.ILogger.ERROR]


def infer(engine, context, feeds):
    """One run with numpy arrays as device memory; all outputs by name."""
    names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
    buffers = {n: np.ascontiguousarray(a) for n, a in feeds.items()}
    for name, array in buffers.items():
        assert engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
        assert context.set_input_shape(name, array.shape)
    for name in names:
        if name not in buffers:
            shape, dtype = tuple(context.get_tensor_shape(name)), trt.nptype(engine.get_tensor_dtype(name))
            buffers[name] = np.full(shape, 77, dtype)
        assert context.set_tensor_address(name, buffers[name].ctypes.data)
    assert context.execute_async_v3(0)
    return {n: buffers[n] for n in names if n not in feeds}
