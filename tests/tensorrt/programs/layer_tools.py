"""What the tests of layers share: networks in the making, and their answers against expected ones."""

import numpy as np
from common import EXPLICIT_BATCH, Logger, infer, trt

MAJOR = int(trt.__version__.split(".")[0])
INT_INDEX = np.int32 if MAJOR == 8 else np.int64  # what Shape gives
logger = Logger()
builder = trt.Builder(logger)
runtime = trt.Runtime(logger)
rng = np.random.default_rng(7)
kept = []  # weights have to outlive the build


class Net:
    """A network in the making: `n` is TensorRT's, arrays become inputs of it."""

    def __init__(self):
        self.n = builder.create_network(EXPLICIT_BATCH)
        self.feeds = {}

    def __call__(self, array):
        array = np.asarray(array)
        name = f"x{len(self.feeds)}"
        self.feeds[name] = array
        return self.n.add_input(name, trt_type(array.dtype), array.shape)

    def constant(self, array):
        array = np.ascontiguousarray(array)
        kept.append(array)
        return self.n.add_constant(array.shape, trt.Weights(array)).get_output(0)


def trt_type(dtype):
    types = {
        np.float32: trt.float32,
        np.float16: trt.float16,
        np.int32: trt.int32,
        np.bool_: trt.bool,
        np.int8: trt.int8,
    }
    if MAJOR >= 10:
        types[np.int64] = trt.int64
    return types[np.dtype(dtype).type]


def weights(array):
    array = np.ascontiguousarray(array, np.float32)
    kept.append(array)
    return trt.Weights(array)


NONE = trt.Weights()


def f32(*shape):
    return rng.standard_normal(shape, np.float32)


def check(title, net, layers, expected, tolerance=1e-5):
    """Builds the network of these output tensors and compares."""
    outputs = layers if isinstance(layers, (list, tuple)) else [layers]
    outputs = [t.get_output(0) if isinstance(t, trt.ILayer) else t for t in outputs]
    expected = expected if isinstance(expected, (list, tuple)) else [expected]
    assert outputs and all(o is not None for o in outputs), (title, logger.errors())
    for i, t in enumerate(outputs):
        t.name = f"y{i}"
        net.n.mark_output(t)
    config = builder.create_builder_config()
    config.builder_optimization_level = 0
    plan = builder.build_serialized_network(net.n, config)
    assert plan is not None, (title, logger.errors())
    engine = runtime.deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    answers = infer(engine, context, net.feeds)
    for i, want in enumerate(expected):
        got = answers[f"y{i}"]
        want = np.asarray(want)
        assert got.dtype == want.dtype, (title, i, got.dtype, want.dtype)
        np.testing.assert_allclose(got, want, tolerance, tolerance, err_msg=f"{title} output {i}")
    assert logger.errors() == [], (title, logger.errors())
    done.append(title)


done = []


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def conv2d(x, w, b, stride, pad, dilation=1, groups=1):
    """pad: (top, left, bottom, right)"""
    x = np.pad(x, ((0, 0), (0, 0), (pad[0], pad[2]), (pad[1], pad[3])))
    n, _, h, wd = x.shape
    k, c, kh, kw = w.shape
    oh = (h - (kh - 1) * dilation - 1) // stride + 1
    ow = (wd - (kw - 1) * dilation - 1) // stride + 1
    y = np.zeros((n, k, oh, ow), np.float32)
    for o in range(k):
        g = o // (k // groups)
        for i in range(oh):
            for j in range(ow):
                top, left = i * stride, j * stride
                part = x[:, g * c : g * c + c, top : top + (kh - 1) * dilation + 1 : dilation,
                         left : left + (kw - 1) * dilation + 1 : dilation]  # fmt: skip
                y[:, o, i, j] = (part * w[o]).sum((1, 2, 3))
    return y + b[None, :, None, None]
