"""Whole models with each instruction set that this machine has: INGOT_ISA chooses, answers stay the same."""

import json

import ingot
import numpy as np
import pytest
import test_models as models
from sources import ROOT

DIGITS = ROOT / "examples" / "digits" / "digits.onnx"
ISAS = ["baseline", "avx2", "avx512"]


def force(monkeypatch, isa):
    monkeypatch.setenv("INGOT_ISA", isa)
    try:
        ingot.build(str(DIGITS), level=0)
    except ingot.InvalidArgument as error:
        assert "this machine has" in str(error)
        pytest.skip(str(error))


def small_cases():
    folders = (
        "mnist",
        "cifar10-cnn",
        "squeezenet",
        "dtln",
        "silero-vad",
        "control-flow-toy",
        "tabular",
        "nanodet",
    )
    return [case for case in models.cases() if case.values[0].parents[1].name in folders]


@pytest.mark.skipif(
    not models.MODELS.is_dir(), reason="the models of ../shared/models are not beside the checkout"
)
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("case", small_cases())
def test_models(case, isa, monkeypatch):
    force(monkeypatch, isa)
    manifest = json.loads((case / "manifest.json").read_text())
    feeds, stored = models.load_inputs(case, manifest["inputs"]), models.arrays(case, manifest["outputs"])
    model = models.model_of(case)
    engine = ingot.build(model, level=0, threads=2)
    assert engine.report["plans"][0]["arch"] == isa
    got = models.thinned(engine.run(feeds), stored)
    if not stored or not models.close(got, stored):
        for name, expected in models.onnxruntime_outputs(model, feeds).items():
            if not isinstance(expected, list):
                np.testing.assert_allclose(
                    got[name], expected, models.RTOL, models.tolerance(expected), err_msg=name
                )


@pytest.fixture(scope="module")
def image():
    return {"image": np.random.default_rng(1).random((3, 1, 8, 8), np.float32)}


@pytest.mark.parametrize("isa", ["baseline", "avx2"])
def test_an_engine_for_a_larger_machine_is_planned_anew(isa, image, monkeypatch, tmp_path):
    monkeypatch.delenv("INGOT_ISA", raising=False)
    built = ingot.build(str(DIGITS), level=0)
    native = built.report["plans"][0]["arch"]
    if ISAS.index(native) <= ISAS.index(isa):
        pytest.skip(f"this machine is {native} itself")
    built.save(tmp_path / "digits.ingot")
    expected = built.run(image)["probabilities"]
    force(monkeypatch, isa)
    engine = ingot.load(tmp_path / "digits.ingot")
    (warning,) = engine.warnings
    assert f"was built for cpu {native}; its plan was made anew for cpu {isa}" in warning
    np.testing.assert_allclose(engine.run(image)["probabilities"], expected, 1e-5, 1e-6)
    engine.save(tmp_path / "anew.ingot")  # and what it became is an engine of its own
    assert ingot.load(tmp_path / "anew.ingot").warnings == []


def test_a_name_that_is_none(monkeypatch):
    monkeypatch.setenv("INGOT_ISA", "sse9")
    with pytest.raises(ingot.IngotError, match="INGOT_ISA.*'sse9'.*avx2"):
        ingot.build(str(DIGITS), level=0)
