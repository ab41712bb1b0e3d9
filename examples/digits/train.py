#!/usr/bin/env python3
"""Trains a small digit classifier and writes what the demo uses: digits.onnx and images/ with labels.csv.

The data are scikit-learn's 1797 scanned digits of 8x8 pixels. A fifth is held out: the reported accuracy is
measured on it, and the first ten images of each digit in it become the PNG files. The network is
conv 3x3 - ReLU - conv 3x3 - ReLU - max pool - fully connected, trained with numpy alone (half a minute on two
cores). Everything random is seeded; another BLAS may still round differently.
"""

import csv
import shutil
from pathlib import Path

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from sklearn.datasets import load_digits

HERE = Path(__file__).parent
EPOCHS, BATCH, RATE = 40, 32, 2e-3


class Conv:
    """3x3 convolution that keeps the image size; x is (N, C, H, W), the weight (K, C, 3, 3)."""

    def __init__(self, rng, channels, filters):
        self.w = rng.standard_normal((filters, channels, 3, 3)) * np.sqrt(2 / (9 * channels))
        self.b = np.zeros(filters)

    @staticmethod
    def windows(x):
        return sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), axis=(2, 3))

    def forward(self, x):
        self.seen = self.windows(x)  # (N, C, H, W, 3, 3)
        return np.einsum("nchwij,kcij->nkhw", self.seen, self.w, optimize=True) + self.b[:, None, None]

    def backward(self, dy):
        self.dw = np.einsum("nchwij,nkhw->kcij", self.seen, dy, optimize=True)
        self.db = dy.sum((0, 2, 3))
        # the gradient of the input is a convolution of dy with the flipped filters
        return np.einsum("nkhwij,kcij->nchw", self.windows(dy), self.w[:, :, ::-1, ::-1], optimize=True)


class Dense:
    def __init__(self, rng, inputs, outputs):
        self.w = rng.standard_normal((outputs, inputs)) * np.sqrt(1 / inputs)
        self.b = np.zeros(outputs)

    def forward(self, x):
        self.seen = x
        return x @ self.w.T + self.b

    def backward(self, dy):
        self.dw, self.db = dy.T @ self.seen, dy.sum(0)
        return dy @ self.w


class Relu:
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, dy):
        return dy * self.on


class MaxPool:
    """2x2 windows, stride 2."""

    def forward(self, x):
        n, c, h, w = x.shape
        tiles = x.reshape(n, c, h // 2, 2, w // 2, 2)
        y = tiles.max((3, 5), keepdims=True)
        self.top = tiles == y
        return y.reshape(n, c, h // 2, w // 2)

    def backward(self, dy):
        n, c, h, w = dy.shape
        return (self.top * dy.reshape(n, c, h, 1, w, 1)).reshape(n, c, 2 * h, 2 * w)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy):
        return dy.reshape(self.shape)


def predict(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


def train(layers, x, labels, rng):
    """Adam on the cross entropy, the rate falling to zero along a cosine."""
    trained = [layer for layer in layers if hasattr(layer, "w")]
    moments = [[np.zeros((2, *p.shape)) for p in (layer.w, layer.b)] for layer in trained]
    steps = EPOCHS * (len(x) // BATCH)
    for step in range(steps):
        pick = rng.choice(len(x), BATCH, replace=False)
        logits = predict(layers, x[pick])
        chance = np.exp(logits - logits.max(1, keepdims=True))
        chance /= chance.sum(1, keepdims=True)
        dy = (chance - np.eye(10)[labels[pick]]) / BATCH
        for layer in reversed(layers):
            dy = layer.backward(dy)

        rate = RATE * (1 + np.cos(np.pi * step / steps)) / 2
        for layer, pair in zip(trained, moments, strict=True):
            for weight, grad, m in zip((layer.w, layer.b), (layer.dw, layer.db), pair, strict=True):
                m[0] += 0.1 * (grad - m[0])
                m[1] += 0.001 * (grad * grad - m[1])
                first, second = m[0] / (1 - 0.9 ** (step + 1)), m[1] / (1 - 0.999 ** (step + 1))
                weight -= rate * first / (np.sqrt(second) + 1e-8)
        if (step + 1) % (steps // 8) == 0:
            loss = -np.log(chance[np.arange(BATCH), labels[pick]]).mean()
            print(f"step {step + 1}/{steps}: loss {loss:.4f}", flush=True)


def export(layers, path):
    """The trained network as ONNX with a free batch dimension; it answers with the ten probabilities."""
    first, second, last = (layer for layer in layers if hasattr(layer, "w"))
    conv = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["image", "conv1.weight", "conv1.bias"], ["conv1"], "conv1", **conv),
        helper.make_node("Relu", ["conv1"], ["relu1"], "relu1"),
        helper.make_node("Conv", ["relu1", "conv2.weight", "conv2.bias"], ["conv2"], "conv2", **conv),
        helper.make_node("Relu", ["conv2"], ["relu2"], "relu2"),
        helper.make_node("MaxPool", ["relu2"], ["pool"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["pool"], ["features"], "flatten"),
        helper.make_node("Gemm", ["features", "fc.weight", "fc.bias"], ["scores"], "fc", transB=1),
        helper.make_node("Softmax", ["scores"], ["probabilities"], "softmax", axis=1),
    ]
    weights = [
        numpy_helper.from_array(array.astype(np.float32), f"{name}.{kind}")
        for name, layer in (("conv1", first), ("conv2", second), ("fc", last))
        for kind, array in (("weight", layer.w), ("bias", layer.b))
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 8, 8])
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])
    graph = helper.make_graph(nodes, "digits", [image], [answer], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def write_images(pixels, labels, folder, per_digit=10):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    chosen = sorted(i for digit in range(10) for i in np.flatnonzero(labels == digit)[:per_digit])
    with open(folder / "labels.csv", "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["file", "digit"])
        for number, i in enumerate(chosen):
            name = f"{number:02}.png"
            Image.fromarray(pixels[i]).save(folder / name, optimize=True)
            rows.writerow([name, labels[i]])


def load():
    """Pixels as the PNG files hold them, labels, and the indices that are held out and trained on."""
    data = load_digits()
    pixels = np.round(data.images * (255 / 16)).astype(np.uint8)
    order = np.random.default_rng(2024).permutation(len(pixels))
    return pixels, data.target, order[: len(order) // 5], order[len(order) // 5 :]


def main():
    pixels, labels, held, used = load()
    images = pixels[:, None] / 255
    rng = np.random.default_rng(1)
    layers = [Conv(rng, 1, 16), Relu(), Conv(rng, 16, 32), Relu(), MaxPool(), Flatten(), Dense(rng, 512, 10)]
    train(layers, images[used], labels[used], rng)
    right = (predict(layers, images[held]).argmax(1) == labels[held]).sum()
    print(f"held-out accuracy: {right}/{len(held)} = {right / len(held):.1%}")

    export(layers, HERE / "digits.onnx")
    write_images(pixels[held], labels[held], HERE / "images")


if __name__ == "__main__":
    main()
