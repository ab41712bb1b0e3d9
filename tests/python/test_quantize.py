"""Models with quantizers: made from models in floats, and run in integers, FP8 or floats."""

import ingot
import numpy as np
import onnx
import pytest
from ingot import calibration
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(3)


def constant(name, *dims):
    array = (RNG.standard_normal(dims) / np.sqrt(np.prod(dims[1:] or dims))).astype(np.float32)
    return numpy_helper.from_array(array, name)


@pytest.fixture(scope="module")
def model():
    """A residual block, and a product behind it."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w0", "b0"], ["c0"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", ["c0"], ["r0"]),
        node("Conv", ["r0", "w1"], ["c1"], pads=[1, 1, 1, 1]),
        node("Add", ["c1", "r0"], ["sum"]),
        node("Relu", ["sum"], ["r1"]),
        node("GlobalAveragePool", ["r1"], ["pool"]),
        node("Flatten", ["pool"], ["flat"]),
        node("Gemm", ["flat", "w2", "b2"], ["hidden"], transB=1),
        node("MatMul", ["hidden", "w3"], ["y"]),
    ]
    weights = [
        constant("w0", 16, 3, 3, 3),
        constant("b0", 16),
        constant("w1", 16, 16, 3, 3),
        constant("w2", 24, 16),
        constant("b2", 24),
        constant("w3", 24, 10),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 12, 12])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])
    graph = helper.make_graph(nodes, "block", [x], [y], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def quantized(model, kind, method="minmax"):
    pytest.importorskip("ingot.quantize")
    from ingot.quantize import Quantizer, random_batches

    copy = onnx.ModelProto.FromString(model.SerializeToString())
    quantizer = Quantizer(copy, kind)
    ranges = quantizer.calibrate(random_batches(copy, 4, 2), method)
    assert list(ranges) == ["x", "r0", "flat", "hidden"]
    return quantizer.apply(ranges).SerializeToString()


def run(model, **options):
    engine = ingot.build(model, level=0, **options)
    x = np.random.default_rng(5).standard_normal((3, 3, 12, 12)).astype(np.float32)
    return engine, engine.run({"x": x})["y"]


def kernels(engine):
    return {step["kernel"] for step in engine.report["plans"][0]["steps"]}


@pytest.mark.parametrize(
    "kind, method, error", [("int8", "minmax", 0.03), ("int8", "entropy", 0.06), ("fp8", "minmax", 0.1)]
)
def test_quantized_models_compute_the_same(model, kind, method, error):
    _, expected = run(model.SerializeToString())
    narrow = quantized(model, kind, method)
    engine, y = run(narrow, **{kind: True})
    assert engine.warnings == []
    assert kernels(engine) >= {"QuantizedConv", "QuantizedMatMul"}
    wide_engine, wide = run(narrow)
    assert not kernels(wide_engine) & {"QuantizedConv", "QuantizedMatMul"}
    scale = np.abs(expected).max()
    assert np.abs(y - expected).max() < error * scale
    assert np.abs(y - wide).max() < error * scale


def test_calibration_replaces_quantizers(model, tmp_path):
    data = model.SerializeToString()
    _, expected = run(data)
    rng = np.random.default_rng(9)
    samples = [{"x": rng.standard_normal((2, 3, 12, 12)).astype(np.float32)} for _ in range(3)]
    cache = tmp_path / "ranges.json"
    engine, y = run(
        data, int8=True, calibration=samples, calibration_method="minmax", calibration_cache=cache
    )
    assert kernels(engine) >= {"QuantizedConv", "QuantizedMatMul"} and engine.warnings == []
    assert np.abs(y - expected).max() < 0.03 * np.abs(expected).max()
    _, again = run(data, int8=True, calibration_cache=cache)
    assert np.array_equal(again, y)
    with pytest.raises(ZeroDivisionError):
        run(data, int8=True, calibration=({"x": 1 / 0} for _ in range(1)))
    with pytest.raises(ingot.FailedPrecondition):
        run(data, int8=True, calibration=[])


def test_integers_are_those_of_onnxruntime(model):
    onnxruntime = pytest.importorskip("onnxruntime")
    narrow = quantized(model, "int8")
    session = onnxruntime.InferenceSession(narrow, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(5).standard_normal((3, 3, 12, 12)).astype(np.float32)
    _, y = run(narrow, int8=True)
    expected = session.run(None, {"x": x})[0]
    assert np.abs(y - expected).max() < 0.02 * np.abs(expected).max()


def test_ranges():
    histogram = calibration.Histogram()
    histogram.add(np.zeros(5))
    assert calibration.entropy(histogram) == 0
    normal = np.random.default_rng(1).standard_normal(200_000)
    histogram.add(normal)
    histogram.add([-40.0])  # an outlier that rounding the rest would pay for
    assert calibration.minmax(histogram) == 40
    assert 2 < calibration.entropy(histogram) < 8
    assert histogram.counts.sum() == 200_001
