"""onnxruntime's TensorRT provider against its CPU provider, on random inputs: MODEL.onnx."""

import contextlib
import sys

import numpy as np

with contextlib.suppress(ImportError):
    import torch  # noqa: F401 (brings CUDA's libraries, which the providers then find)
import onnxruntime

model = sys.argv[1]
options = {"trt_builder_optimization_level": 1, "trt_engine_cache_enable": False}
providers = [("TensorrtExecutionProvider", options), "CPUExecutionProvider"]
session = onnxruntime.InferenceSession(model, providers=providers)
assert session.get_providers()[0] == "TensorrtExecutionProvider", session.get_providers()
host = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

rng = np.random.default_rng(0)
TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32}
feeds = {}
for tensor in session.get_inputs():
    dtype = TYPES[tensor.type]
    words = dtype != np.float32 and len(tensor.shape) == 2
    free = iter([1, 128] if words else [1] * 9)
    shape = [d if isinstance(d, int) else next(free) for d in tensor.shape]
    constant = {"attention_mask": 1, "token_type_ids": 0}.get(tensor.name)
    if constant is not None:
        feeds[tensor.name] = np.full(shape, constant, dtype)
    elif dtype == np.float32:
        feeds[tensor.name] = rng.standard_normal(shape, np.float32)
    else:
        feeds[tensor.name] = rng.integers(0, 256, shape).astype(dtype)
worst = 0.0
for _ in range(2):
    for got, want in zip(session.run(None, feeds), host.run(None, feeds), strict=True):
        assert got.shape == want.shape
        worst = max(worst, np.linalg.norm(got - want) / max(np.linalg.norm(want), 1e-30))
assert worst < 5e-3, worst  # products of float32 may be in TF32
print(f"ok {worst:.2g}")
