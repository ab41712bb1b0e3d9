"""Makes a model with quantizers (QuantizeLinear and DequantizeLinear) of an ONNX model in floats:

    python -m ingot.quantize model.onnx -o model_int8.onnx --data samples.npz

Weights get one scale for each filter, activations one for the tensor, from the samples. Quantized are the
inputs of convolutions and of products with constant weights, and the other operand of a sum that follows one
of them, so that a residual stays narrow. Needs the package `onnx`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

try:
    from .calibration import METHODS, Histogram
except ImportError:  # run as a file, where the package is not built: ranges come from a cache then
    from calibration import METHODS, Histogram

LARGEST = {"int8": 127.0, "fp8": 448.0}
TYPES = {"int8": TensorProto.INT8, "fp8": TensorProto.FLOAT8E4M3FN}


class Quantizer:
    def __init__(self, model, kind="int8", exclude=()):
        if kind == "fp8" and model.opset_import[0].version < 19:
            model = onnx.version_converter.convert_version(model, 19)
        self.model, self.kind = model, kind
        self.graph = model.graph
        self.constants = {i.name: i for i in self.graph.initializer}
        self.producers = {name: node for node in self.graph.node for name in node.output}
        self.users = {}
        for node in self.graph.node:
            for name in node.input:
                self.users.setdefault(name, []).append(node)
        self.layers = [n for n in self.graph.node if self._is_layer(n) and n.name not in exclude]

    def _is_layer(self, node):
        if node.op_type not in ("Conv", "Gemm", "MatMul") or node.input[1] not in self.constants:
            return False
        weights = self.constants[node.input[1]]
        return weights.data_type == TensorProto.FLOAT and len(weights.dims) >= 2

    def tensors(self):
        """Names of the activations that get a scale, in order."""
        names = {node.input[0]: None for node in self.layers}
        for node in self.graph.node:
            names.update({name: None for name in self._residuals(node)})
        return [n for n in names if n not in self.constants]

    def _residuals(self, node):
        """What is added to the result of a layer that nothing else reads: its kernel does so."""
        if node.op_type != "Add" or any(name in self.constants for name in node.input):
            return []
        results = {layer.output[0] for layer in self.layers}
        main = [name for name in node.input if name in results and len(self.users[name]) == 1]
        return [name for name in node.input if name != main[-1]] if main else []

    def calibrate(self, batches, method="entropy"):
        """The largest magnitude of each tensor, from feeds {input name: array}."""
        from ingot import build

        names = self.tensors()
        inputs = {v.name for v in self.graph.input}
        observed = onnx.ModelProto()
        observed.CopyFrom(self.model)
        outputs = {v.name for v in self.graph.output}
        for name in names:
            if name not in inputs and name not in outputs:
                observed.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
        engine = build(observed.SerializeToString(), level=0)
        histograms = {name: Histogram() for name in names}
        for feeds in batches:
            results = engine.run(feeds)
            for name in names:
                histograms[name].add(feeds[name] if name in inputs else results[name])
        return {name: float(METHODS[method](h)) for name, h in histograms.items()}

    def apply(self, ranges):
        """The model with quantizers for these ranges."""
        for name in self.tensors():
            self._quantize_activation(name, max(ranges[name], 1e-12) / LARGEST[self.kind])
        for node in self.layers:
            self._quantize_weights(node)
        self._sort()
        onnx.checker.check_model(self.model)
        return self.model

    def _add_constant(self, name, array, data_type=None):
        if data_type == TensorProto.FLOAT8E4M3FN:
            tensor = helper.make_tensor(name, data_type, array.shape, array.ravel().tolist())
        else:
            tensor = numpy_helper.from_array(array, name)
        self.graph.initializer.append(tensor)
        return name

    def _zero(self, name, shape=()):
        zeros = np.zeros(shape, np.int8 if self.kind == "int8" else np.float32)
        return self._add_constant(name, zeros, TYPES[self.kind])

    def _quantize_activation(self, name, scale):
        scale = self._add_constant(f"{name}_scale", np.float32(scale).reshape(()))
        zero = self._zero(f"{name}_zero")
        narrow, wide = f"{name}_quantized", f"{name}_dequantized"
        self.graph.node.append(helper.make_node("QuantizeLinear", [name, scale, zero], [narrow], narrow))
        self.graph.node.append(helper.make_node("DequantizeLinear", [narrow, scale, zero], [wide], wide))
        for node in self.users[name]:
            read = [0] if node in self.layers else []
            if name in self._residuals(node):
                read = range(len(node.input))
            for i in read:
                if node.input[i] == name:
                    node.input[i] = wide

    def _quantize_weights(self, node):
        weights = numpy_helper.to_array(self.constants[node.input[1]])
        transposed = any(a.name == "transB" and a.i for a in node.attribute)
        axis = 0 if node.op_type == "Conv" or transposed else weights.ndim - 1
        others = tuple(d for d in range(weights.ndim) if d != axis)
        scale = np.maximum(np.abs(weights).max(axis=others), 1e-12).astype(np.float32) / LARGEST[self.kind]
        shape = [-1 if d == axis else 1 for d in range(weights.ndim)]
        ratio = weights / scale.reshape(shape)
        name = f"{node.input[1]}_{node.output[0]}"
        if self.kind == "int8":
            ratio = np.clip(np.rint(ratio), -127, 127).astype(np.int8)
        narrow = self._add_constant(f"{name}_quantized", ratio, TYPES[self.kind])
        scale = self._add_constant(f"{name}_scale", scale)
        zero = self._zero(f"{name}_zero", (weights.shape[axis],))
        wide = f"{name}_dequantized"
        self.graph.node.append(
            helper.make_node("DequantizeLinear", [narrow, scale, zero], [wide], wide, axis=axis)
        )
        old, node.input[1] = node.input[1], wide
        if not any(old in n.input for n in self.graph.node):
            self.graph.initializer.remove(self.constants.pop(old))

    def _sort(self):
        """Nodes in an order in which each comes after what it reads."""
        known = {""} | {v.name for v in self.graph.input} | {i.name for i in self.graph.initializer}
        waiting, ordered = list(self.graph.node), []
        while waiting:
            ready = [n for n in waiting if all(name in known for name in n.input)]
            if not ready:
                raise ValueError("the graph has a cycle, or a body that reads what was quantized")
            taken = {id(n) for n in ready}
            known.update(name for n in ready for name in n.output)
            ordered += ready
            waiting = [n for n in waiting if id(n) not in taken]
        nodes = [onnx.NodeProto.FromString(n.SerializeToString()) for n in ordered]
        del self.graph.node[:]
        self.graph.node.extend(nodes)


def random_batches(model, count, batch, seed=7):
    """Feeds of standard normal numbers for the model's inputs; open dims take `batch`. Integers are 1: as an
    index or a mask that is nearly everywhere something."""
    rng = np.random.default_rng(seed)
    names = {i.name for i in model.graph.initializer}

    def one(tensor):
        dims = [d.dim_value or batch for d in tensor.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        return rng.standard_normal(dims).astype(dtype) if dtype.kind == "f" else np.ones(dims, dtype)

    for _ in range(count):
        yield {v.name: one(v.type.tensor_type) for v in model.graph.input if v.name not in names}


def file_batches(path, batch):
    """Feeds from an .npz file that holds, for each input, the samples along the first dimension."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    count = min(len(a) for a in arrays.values())
    for at in range(0, count, batch):
        yield {name: a[at : at + batch] for name, a in arrays.items()}


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m ingot.quantize", description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--data", help=".npz with the samples of each input along the first dimension")
    parser.add_argument("--random", type=int, default=0, help="batches of normal numbers instead")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--method", choices=sorted(METHODS), default="entropy")
    parser.add_argument("--type", choices=sorted(TYPES), default="int8")
    parser.add_argument("--exclude", nargs="*", default=[], help="names of layers that stay in floats")
    parser.add_argument("--cache", help="JSON file of ranges: read where it is there, else written")
    o = parser.parse_args(arguments)
    model = onnx.load(o.model)
    quantizer = Quantizer(model, o.type, o.exclude)
    if o.cache and Path(o.cache).exists():
        ranges = json.loads(Path(o.cache).read_text())
    elif o.data or o.random:
        batches = file_batches(o.data, o.batch) if o.data else random_batches(model, o.random, o.batch)
        ranges = quantizer.calibrate(batches, o.method)
    else:
        parser.error("there are no samples: expected --data, --random or a --cache that exists")
    if o.cache:
        Path(o.cache).write_text(json.dumps(ranges, indent=1) + "\n")
    onnx.save(quantizer.apply(ranges), o.output)
    print(f"{o.output}: {len(quantizer.layers)} layers, {len(ranges)} activations in {o.type}")


if __name__ == "__main__":
    main()
