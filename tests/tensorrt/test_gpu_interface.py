"""The interface on a machine with a GPU: memory, streams, events and graphs of the program's own."""

import json

import modules
import numpy as np
import onnxruntime
import pytest

MODEL = modules.ROOT / "examples" / "digits" / "digits.onnx"
BUILD = """
import sys
from common import EXPLICIT_BATCH, Logger, trt
builder = trt.Builder(Logger())
network = builder.create_network(EXPLICIT_BATCH)
relu = network.add_activation(network.add_input("x", trt.float32, (4,)), trt.ActivationType.RELU)
network.mark_output(relu.get_output(0))
with open(sys.argv[1], "wb") as file:
    file.write(builder.build_serialized_network(network, builder.create_builder_config()))
"""
LOAD = """
import json, sys
from common import Logger, trt
logger = Logger()
with open(sys.argv[1], "rb") as file:
    engine = trt.Runtime(logger).deserialize_cuda_engine(file.read())
print(json.dumps([m for s, m in logger.messages if s <= trt.ILogger.WARNING]))
"""


@pytest.fixture(autouse=True)
def with_gpu():
    if not modules.gpu():
        pytest.skip("there is no GPU")


@pytest.fixture(params=modules.WHEELS)
def major(request):
    return request.param


@pytest.mark.parametrize("context", ["primary", "own"])
def test_memory_and_streams_of_the_program(major, context, tmp_path):
    images = np.random.default_rng(0).random((5, 1, 8, 8), np.float32)
    probabilities = onnxruntime.InferenceSession(MODEL).run(["probabilities"], {"image": images})[0]
    np.savez(tmp_path / "answers.npz", images=images, probabilities=probabilities)
    said = modules.run(major, "gpu_interface.py", MODEL, tmp_path / "answers.npz", context)
    print(said)
    assert said.startswith("ok")


def test_engine_of_the_cpu_is_planned_anew(major, tmp_path, monkeypatch):
    """Built where INGOT_DEVICE says cpu, loaded where the GPU is."""
    programs = modules.ROOT / "tests" / "tensorrt" / "programs"
    for code, device in ((BUILD, "cpu"), (LOAD, "")):
        monkeypatch.setenv("INGOT_DEVICE", device)
        command = [modules.python(major), "-c", code, tmp_path / "engine"]
        said = modules.execute(*command, major=major, bindings=major, packages=[programs])
    warnings = json.loads(said)
    assert len(warnings) == 1 and "made anew for cuda" in warnings[0], warnings
