"""Programs that use NVIDIA's own Python modules of TensorRT 8, 10 and 11 run on Ingot."""

import json

import modules
import numpy as np
import onnxruntime
import pytest


@pytest.fixture(params=modules.WHEELS)
def major(request):
    return request.param


def test_model_becomes_engine_and_answers(major, tmp_path):
    model = modules.ROOT / "examples" / "digits" / "digits.onnx"
    feeds = {"image": np.random.default_rng(0).random((3, 1, 8, 8), np.float32)}
    np.savez(tmp_path / "feeds.npz", **feeds)
    arguments = [tmp_path / "feeds.npz", tmp_path / "answers.npz", tmp_path / "engine"]
    said = json.loads(modules.run(major, "onnx_to_answers.py", model, *arguments))
    assert said["errors"] == []
    expected = onnxruntime.InferenceSession(model).run(["probabilities"], feeds)[0]
    with np.load(tmp_path / "answers.npz") as answers:
        np.testing.assert_allclose(answers["probabilities"], expected, 1e-4, 1e-5)


def test_wrong_calls_are_logged(major):
    assert modules.run(major, "bad_input.py").strip() == "ok"


@pytest.fixture
def on_cpu(monkeypatch):
    """For programs whose plugins compute on the host."""
    monkeypatch.setenv("INGOT_DEVICE", "cpu")


def test_callbacks_that_throw(major, on_cpu):
    assert modules.run(major, "throwing.py").strip() == "ok"


@pytest.mark.parametrize("major", ["10", "11"])
def test_streams_of_the_program(major):
    assert modules.run(major, "streams.py").strip() == "ok"


def test_every_kind_of_layer(major):
    assert int(modules.run(major, "layers.py")) >= 50
    assert int(modules.run(major, "layers_of_majors.py")) >= 3


def test_loops_and_conditionals(major):
    assert modules.run(major, "control.py").strip() == "ok"


def test_plugins(major, on_cpu):
    modules.require("onnx", major)
    assert modules.run(major, "plugins.py").strip() == "ok"


@pytest.mark.parametrize("major", ["10", "11"])
def test_plugins_written_as_functions(major, on_cpu, tmp_path):
    modules.require("onnx", major)
    for step in ("build", "load"):
        assert modules.run(major, "decorated.py", step, tmp_path).strip().endswith("ok")


def test_cuda_graph(major):
    if modules.gpu():  # else `ingot exec` brings it
        modules.require("cuda.bindings", major)
    model = modules.ROOT / "examples" / "digits" / "digits.onnx"
    assert modules.run(major, "cuda_graph.py", model).strip() == "ok"


def test_every_attribute_is_touched(major):
    assert int(modules.run(major, "touch.py")) > 5000


def test_refit(major):
    modules.require("onnx", major)
    assert modules.run(major, "refit.py").strip() == "ok"


@pytest.mark.parametrize("major", ["8", "10"])
def test_calibration(major):
    assert modules.run(major, "calibration.py", "gpu" if modules.gpu() else "cpu").strip() == "ok"


def test_engines_tell_of_themselves(major):
    model = modules.ROOT / "examples" / "digits" / "digits.onnx"
    assert modules.run(major, "inspect_engine.py", model).strip() == "ok"
