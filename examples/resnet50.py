"""ResNet-50 (arXiv:1512.03385) made op by op, for Ingot's network API and, from the same code, as ONNX.

The weights are drawn, not trained: speed does not depend on their values.
"""

import time
from statistics import median

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

BLOCKS = [(3, 64), (4, 128), (6, 256), (3, 512)]  # (residual blocks, channels in their middle) of each stage


class OnnxNetwork:
    """The part of ingot.Network that the code below uses, for an ONNX model."""

    def __init__(self):
        self.nodes, self.weights, self.inputs, self.outputs = [], [], [], []

    def input(self, name, shape):
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def constant(self, value):
        self.weights.append(numpy_helper.from_array(value, f"w{len(self.weights)}"))
        return self.weights[-1].name

    def op(self, op, inputs, **attrs):
        self.nodes.append(helper.make_node(op, inputs, [f"v{len(self.nodes)}"], **attrs))
        return self.nodes[-1].output[0]

    def output(self, tensor, name):
        self.nodes.append(helper.make_node("Identity", [tensor], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 1000]))

    def model(self):
        graph = helper.make_graph(self.nodes, "resnet50", self.inputs, self.outputs, self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def make(net):
    """Adds the network to `net` and returns it."""
    rng = np.random.default_rng(50)

    def draw(*shape, scale):
        return net.constant((rng.standard_normal(shape) * scale).astype(np.float32))

    def conv(x, inputs, outputs, size, stride=1, gain=1):
        w = draw(outputs, inputs, size, size, scale=np.sqrt(2 / (inputs * size * size)))
        edge = size // 2
        y = net.op("Conv", [x, w], strides=[stride, stride], pads=[edge] * 4, kernel_shape=[size, size])
        gain, mean, variance = (net.constant(np.full(outputs, v, np.float32)) for v in (gain, 0, 1))
        return net.op("BatchNormalization", [y, gain, draw(outputs, scale=0.1), mean, variance])

    def block(x, inputs, middle, stride):
        outputs = 4 * middle
        y = net.op("Relu", [conv(x, inputs, middle, 1)])
        y = net.op("Relu", [conv(y, middle, middle, 3, stride)])
        y = conv(y, middle, outputs, 1, gain=0.3)  # or the values would grow from block to block
        if inputs != outputs:
            x = conv(x, inputs, outputs, 1, stride)
        return net.op("Relu", [net.op("Add", [x, y])])

    x = net.op("Relu", [conv(net.input("image", [1, 3, 224, 224]), 3, 64, 7, 2)])
    x = net.op("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels = 64
    for stage, (count, middle) in enumerate(BLOCKS):
        for i in range(count):
            x = block(x, channels, middle, stride=2 if i == 0 and stage > 0 else 1)
            channels = 4 * middle
    x = net.op("Flatten", [net.op("GlobalAveragePool", [x])])
    x = net.op("Gemm", [x, draw(1000, channels, scale=0.01), draw(1000, scale=0.01)], transB=1)
    net.output(x, "scores")
    return net


def race(engine, threads, rounds=7, seconds=0.25):
    """(milliseconds of Ingot's run, of onnxruntime's, largest relative difference of their outputs)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    model = make(OnnxNetwork()).model().SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    context = engine.context(threads)
    feeds = {"image": np.random.default_rng(0).standard_normal((1, 3, 224, 224), dtype=np.float32)}

    contestants = [lambda: context.run(feeds)["scores"], lambda: session.run(None, feeds)[0]]
    ours, theirs = (run() for run in contestants)
    times = [[], []]
    for _ in range(rounds):
        for run, taken in zip(contestants, times, strict=True):
            time.sleep(0.05)  # until the other's threads have stopped spinning
            end = time.perf_counter() + seconds
            while (start := time.perf_counter()) < end:
                run()
                taken.append((time.perf_counter() - start) * 1000)
    return median(times[0]), median(times[1]), np.abs(ours - theirs).max() / np.abs(theirs).max()
