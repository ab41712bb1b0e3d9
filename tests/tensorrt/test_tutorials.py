"""Command lines and scripts as TensorRT's tutorials have them, on the networks that they use."""

import re

import graphs
import modules
import numpy as np
import onnxruntime
import pytest

pytestmark = pytest.mark.slow
EXAMPLES = modules.ROOT / "examples" / "tensorrt"
QUICK = ("--builderOptimizationLevel=0", "--duration=0.3", "--iterations=2", "--warmUp=0")


def graph(name):
    if not graphs.STRIPPED.is_dir():
        pytest.skip(f"the graphs are not beside the checkout, in {graphs.STRIPPED}")
    return graphs.model_path(name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """As after unpacking the tutorial's archive: resnet50/model.onnx."""
    path = tmp_path_factory.mktemp("tutorial")
    (path / "resnet50").mkdir()
    (path / "resnet50" / "model.onnx").symlink_to(graph("resnet50"))
    return path


def trtexec(folder, *flags, major="8"):
    said = modules.execute("trtexec", *flags, major=major, cwd=folder, timeout=900)
    assert said.splitlines()[-1].startswith("&&&& PASSED TensorRT.trtexec [TensorRT v"), said
    return said


def test_first_command(folder):
    said = trtexec(folder, "--onnx=resnet50/model.onnx", "--saveEngine=resnet_engine.trt")
    assert "shapes were provided. Automatically overriding shape to: 1x3x224x224" in said
    assert float(re.search(r"Throughput: (\S+) qps", said)[1]) > 0
    assert "Engine loaded in" in trtexec(folder, "--loadEngine=resnet_engine.trt", *QUICK)


@pytest.mark.parametrize(
    ("flags", "warning"),
    [
        (["--fp16"], "--fp16 has no effect: "),
        (["--int8"], "--int8 has no effect: "),
        (["--best"], "--best has no effect: "),
        (["--workspace=1024"], "--workspace has no effect: "),
        (["--explicitBatch", "--fp16", "--workspace=8000"], "--explicitBatch has no effect: "),
        ([f"--{bound}Shapes=input:{n}x3x224x224" for bound, n in (("min", 1), ("opt", 2), ("max", 4))], None),
        (["--buildOnly"], None),
    ],
)
def test_flags(folder, flags, warning):
    said = trtexec(folder, "--onnx=resnet50/model.onnx", "--saveEngine=flags.trt", *flags, *QUICK)
    assert warning is None or f"[W] {warning}" in said or "cuda" in said
    assert ("Throughput" in said) == ("--buildOnly" not in flags)
    shapes = ["--shapes=input:3x3x224x224"] if "Shapes" in flags[0] else []
    assert "Throughput" in trtexec(folder, "--loadEngine=flags.trt", *shapes, *QUICK)


def test_classifier(folder):
    """ONNXClassifierWrapper's batch of 32."""
    trtexec(folder, "--onnx=resnet50/model.onnx", "--saveEngine=batch.trt", "--shapes=input:32x3x224x224",
            "--buildOnly", *QUICK)  # fmt: skip
    batch = np.random.default_rng(0).standard_normal((32, 3, 224, 224), np.float32)
    np.save(folder / "batch.npy", batch)
    script = EXAMPLES / "classifier.py"
    command = [modules.python("8"), script, "batch.trt", "batch.npy", "scores.npy", 1000]
    modules.execute(*command, major="8", bindings="8", cwd=folder)
    expected = onnxruntime.InferenceSession(graph("resnet50")).run(None, {"input": batch})[0]
    np.testing.assert_allclose(np.load(folder / "scores.npy"), expected, 1e-3, 1e-3 * np.abs(expected).max())


def test_segmentation(folder, pytestconfig):
    full = pytestconfig.getoption("--full-size")
    height, width = (1026, 1282) if full else (257, 321)
    shapes = f"--shapes=input:1x3x{height}x{width}"
    quick = () if full else QUICK
    model = f"--onnx={graph('fcn_resnet101')}"
    trtexec(folder, model, shapes, "--saveEngine=fcn-resnet101.engine", "--buildOnly", *QUICK)
    assert "Throughput" in trtexec(folder, shapes, "--loadEngine=fcn-resnet101.engine", *quick)
    image = np.random.default_rng(0).random((3, height, width), np.float32)
    np.save(folder / "image.npy", image)
    script = EXAMPLES / "segmentation.py"
    command = [modules.python("8"), script, "fcn-resnet101.engine", "image.npy", "classes.npy"]
    modules.execute(*command, major="8", bindings="8", cwd=folder)
    mean, deviation = (
        np.array(v, np.float32).reshape(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )
    session = onnxruntime.InferenceSession(graph("fcn_resnet101"))
    expected = session.run(["output"], {"input": ((image - mean) / deviation)[None]})[0][0].argmax(0)
    assert (np.load(folder / "classes.npy") == expected).mean() > 0.99
