"""The benchmark's graphs: where they lie, the sizes given to their free dimensions, and their inputs."""

import importlib.util
from pathlib import Path

import numpy as np
import onnx

ROOT = Path(__file__).resolve().parents[1]
STRIPPED = ROOT.parent / "shared" / "graphs"  # graphs without weights, and the script that fills them
CACHE = ROOT / ".cache" / "graphs"

# Free dimensions by input and axis; where nothing is said they are 1 (the batch).
FIXED = {
    "bert_base": {"input_ids": (1, 128), "attention_mask": (1, 128), "token_type_ids": (1, 128)},
    "gpt2": {"input_ids": (1, 128)},
    "bilstm": {"ids": (1, 128)},
    "fcn_resnet101": {"input": (1, 3, 128, 128)},
}
# Outputs that can be compared value by value, where it is not all of them: with drawn weights most scores of
# ssdlite320 are nearly equal, so boxes and labels trade places.
COMPARED = {"ssdlite320": ["scores"]}


def names():
    return sorted(path.stem for path in STRIPPED.glob("*.onnx"))


def model_path(name):
    """The full model in the cache; its weights are drawn on first use."""
    path = CACHE / f"{name}.onnx"
    if not path.exists():
        spec = importlib.util.spec_from_file_location("fill_weights", STRIPPED / "fill_weights.py")
        filler = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(filler)
        half_done = CACHE / "half_done"
        half_done.mkdir(parents=True, exist_ok=True)
        filler.fill(str(STRIPPED), str(half_done), name)
        (half_done / path.name).rename(path)
    return path


class Input:
    """One input of a graph with every dimension fixed; free dimensions keep their names in `free`."""

    def __init__(self, graph, info):
        dims = info.type.tensor_type.shape.dim
        fixed = FIXED.get(graph, {}).get(info.name, [dim.dim_value or 1 for dim in dims])
        self.name, self.shape = info.name, tuple(fixed)
        self.free = {dim.dim_param: size for dim, size in zip(dims, fixed, strict=True) if dim.dim_param}
        self.integer = info.type.tensor_type.elem_type == onnx.TensorProto.INT64

    def values(self, rng):
        if not self.integer:
            return rng.standard_normal(self.shape, dtype=np.float32)
        # masks are all ones and types all zeros in a full single sentence; the rest are word numbers
        constant = {"attention_mask": 1, "token_type_ids": 0}.get(self.name)
        if constant is not None:
            return np.full(self.shape, constant, np.int64)
        return rng.integers(0, 1000, self.shape)


def inputs(name):
    graph = onnx.load(model_path(name), load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    return [Input(name, info) for info in graph.input if info.name not in weights]
