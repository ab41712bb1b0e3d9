"""Real models on real data: the cases of ../shared/models, with all passes and with none.

The expected outputs are those stored with a case. Where the stored ones come from a reference evaluator that
is less exact than the tolerance, onnxruntime is the judge.
"""

import json

import ingot
import numpy as np
import pytest
from sources import ROOT

MODELS = ROOT.parent / "shared" / "models"
RTOL, ATOL = 1e-3, 1e-4
LARGE = {"style-transfer", "super-resolution", "ppocr"}


def model_of(case):
    """The model whose name has the case's name up to one of its dashes in it, or else the only one."""
    models = sorted(case.parents[1].glob("*.onnx"), key=lambda path: len(path.stem))
    parts = case.name.split("-")
    for length in range(len(parts), 0, -1):
        name = "-".join(parts[:length])
        for model in models:
            if name in model.stem:
                return model
    assert len(models) == 1, f"{case}: which of {[m.name for m in models]}?"
    return models[0]


def cases():
    found = sorted(path.parent for path in MODELS.glob("*/cases/*/manifest.json"))

    def param(case):
        folder = case.parents[1].name
        marks = [pytest.mark.slow] if folder in LARGE else []
        return pytest.param(case, id=f"{folder}/{case.name}", marks=marks)

    return [param(case) for case in found]


def arrays(case, rows):
    """What is stored as an array; a classifier's sequence of maps is not, and onnxruntime judges it."""
    return {name: np.load(case / file) for name, file, *_ in rows if str(file).endswith(".npy")}


def load_inputs(case, rows):
    """The one case that stores no arrays takes the folder's picture: BGR, 0 to 255."""
    if rows:
        return arrays(case, rows)
    image = pytest.importorskip("PIL.Image").open(case.parents[1] / f"{case.name.split('-')[1]}.png")
    pixels = np.asarray(image.convert("RGB"), np.float32)[..., ::-1]
    return {"inputImage": np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])}


def thinned(outputs, stored):
    """Large outputs are stored as every fourth row and column, and say so in their names."""
    suffix = "_every4th_row_and_column"
    extra = {n: outputs[n.removesuffix(suffix)][..., ::4, ::4] for n in stored if n.endswith(suffix)}
    return {**outputs, **extra}


def onnxruntime_outputs(model, feeds):
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def tolerance(expected):
    """ATOL, or the seventh digit of the largest value: float32 sums of values near 150 have no more."""
    largest = np.abs(expected[np.isfinite(expected)], dtype=np.float64).max(initial=0)
    return max(ATOL, 1e-5 * float(largest))


def close(got, expected):
    return all(
        (got[n].shape, got[n].dtype) == (e.shape, e.dtype)
        and np.allclose(got[n], e, RTOL, tolerance(e), equal_nan=True)
        for n, e in expected.items()
    )


@pytest.mark.skipif(not MODELS.is_dir(), reason="the models of ../shared/models are not beside the checkout")
@pytest.mark.parametrize("passes", ["optimized", "plain"])
@pytest.mark.parametrize("case", cases())
def test_case(case, passes):
    manifest = json.loads((case / "manifest.json").read_text())
    feeds, stored = load_inputs(case, manifest["inputs"]), arrays(case, manifest["outputs"])
    model = model_of(case)
    disabled = ["all"] if passes == "plain" else []
    engine = ingot.build(model, level=0, threads=2, disable_passes=disabled)
    got = thinned(engine.run(feeds), stored)
    assert set(stored) <= set(got)
    if stored and close(got, stored):
        return
    for name, expected in onnxruntime_outputs(model, feeds).items():
        if isinstance(expected, list):  # ZipMap's maps: the engine gives their values as one tensor
            expected = np.array([list(row.values()) for row in expected], np.float32)
        assert got[name].shape == expected.shape, name
        np.testing.assert_allclose(got[name], expected, RTOL, tolerance(expected), err_msg=name)


@pytest.mark.skipif(not MODELS.is_dir(), reason="the models of ../shared/models are not beside the checkout")
@pytest.mark.parametrize(
    "model", [pytest.param(p, id=f"{p.parent.name}/{p.stem}") for p in sorted(MODELS.glob("*/*.onnx"))]
)
def test_every_model_has_a_case_or_runs(model):
    """Models without a stored case run on random inputs, against onnxruntime."""
    folder = model.parent / "cases"
    known = {model_of(path.parent) for path in folder.glob("*/manifest.json")}
    if model in known:
        return
    engine = ingot.build(model, level=0, threads=2)
    rng = np.random.default_rng(7)
    feeds = {i.name: random_input(rng, i) for i in engine.inputs}
    for name, expected in onnxruntime_outputs(model, feeds).items():
        got = engine.run(feeds)[name]
        if isinstance(expected, list):
            expected = np.array([list(row.values()) for row in expected], np.float32)
        # Noise is no picture: what a normalisation makes of it is right to Winograd's stated bound only.
        np.testing.assert_allclose(
            got, expected, RTOL, 1e-3 * np.abs(expected).max(initial=0.1), err_msg=name
        )


@pytest.mark.skipif(not MODELS.is_dir(), reason="the models of ../shared/models are not beside the checkout")
def test_branch_for_another_sample_rate(tmp_path):
    """silero_vad with the dims of 16 kHz, which rule its branch for 8 kHz out: it fails where it is taken."""
    case = MODELS / "silero-vad" / "cases" / "silero_vad-chunk30"
    manifest = json.loads((case / "manifest.json").read_text())
    feeds, stored = load_inputs(case, manifest["inputs"]), arrays(case, manifest["outputs"])
    built = ingot.build(model_of(case), level=0, shapes={n: a.shape for n, a in feeds.items()})
    assert any("cannot be computed with these shapes" in w for w in built.warnings), built.warnings
    built.save(tmp_path / "vad.ingot")
    for engine in (built, ingot.load(tmp_path / "vad.ingot")):
        assert close(engine.run(feeds), stored)
        with pytest.raises(ingot.InvalidArgument, match="cannot be computed with these shapes"):
            engine.run({**feeds, "sr": np.int64(8000)})
        assert close(engine.run(feeds), stored)


def random_input(rng, info):
    if info.shape is None:
        shape = (2, 4, 4)
    else:
        shape = tuple(d if isinstance(d, int) else 1 for d in info.shape)
    values = rng.random(shape)
    return values.astype(info.dtype)  # integers are indices here: 0 is in range everywhere


def test_cases_are_assigned(tmp_path):
    """The rule that finds a case's model."""
    for name in ("mnist-7", "mnist-8", "opt-mnist-8", "silero_vad", "silero_vad_half"):
        (tmp_path / f"{name}.onnx").touch()
    cases = tmp_path / "cases"
    assert model_of(cases / "mnist-8-0").stem == "mnist-8"
    assert model_of(cases / "opt-mnist-8-winml_28").stem == "opt-mnist-8"
    assert model_of(cases / "silero_vad-chunk0").stem == "silero_vad"
    assert model_of(cases / "silero_vad_half-chunk0").stem == "silero_vad_half"
