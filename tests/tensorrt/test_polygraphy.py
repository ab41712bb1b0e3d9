"""Polygraphy, NVIDIA's own tool, as its users type it."""

import re

import modules
import onnx
import pytest

MODELS = modules.ROOT.parent / "shared" / "models"
SHAPES = "modelInput:[1,3,32,32]", "modelInput:[4,3,32,32]", "modelInput:[8,3,32,32]"
FLAGS = "--trt-min-shapes", "--trt-opt-shapes", "--trt-max-shapes"
DYNAMIC = [word for pair in zip(FLAGS, SHAPES, strict=True) for word in pair]


def model(name):
    path = MODELS / name
    if not path.is_file():
        pytest.skip(f"the shared models are not beside the checkout, in {MODELS}")
    return path


def installed():
    return modules.packages("polygraphy", "polygraphy==0.53.6", "onnx-graphsurgeon==0.6.1")


def polygraphy(*words, major="10", **options):
    command = [modules.python(major), installed() / "bin" / "polygraphy", *words]
    return modules.execute(*command, major=major, bindings=major, packages=[installed()], **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mnist/mnist-8.onnx", []),
        ("cifar10-cnn/cifar10_cnn.onnx", ["--input-shapes", "modelInput:[5,3,32,32]", *DYNAMIC]),
        ("magika/model.onnx", ["--val-range", "[0,255]"]),  # bytes; on two values only, it amplifies rounding
        ("dtln/dtln_model_1.onnx", []),
        ("yunet/face_detection_yunet_120x160.onnx", []),
        ("control-flow-toy/polygraphy_loop.onnx", []),
    ],
)
def test_run_agrees_with_onnxruntime(name, options):
    said = polygraphy("run", model(name), "--trt", "--onnxrt", "--rtol", "1e-3", "--atol", "1e-4", *options)
    assert "PASSED | All outputs matched" in said or "Pass Rate: 100.00%" in said


@pytest.mark.parametrize("major", ["8", "11"])
def test_run_on_the_other_majors(major):
    modules.require("onnxruntime", major)
    options = ["--trt", "--onnxrt", "--rtol", "1e-4", *DYNAMIC]
    said = polygraphy("run", model("cifar10-cnn/cifar10_cnn.onnx"), *options, major=major)
    assert "Pass Rate: 100.00%" in said


def test_run_marks_every_layer_and_takes_precisions():
    # They take effect on a GPU: values of eleven bits (5e-4) are rounded anew in each of a dozen layers,
    # 6e-3 at worst; scores within 2.5 in bytes have steps of 0.02 (0.03 was found, with Polygraphy's own
    # calibration on its random images), of which three are allowed.
    run = ["run", model("mnist/mnist-8.onnx"), "--trt", "--onnxrt"]
    all_layers = ["--trt-outputs", "mark", "all", "--onnx-outputs", "mark", "all"]
    if modules.gpu():
        said = polygraphy(*run, "--fp16", *all_layers, "--rtol", "1e-2", "--atol", "1e-2")
        said += polygraphy(*run, "--fp16", "--int8", "--atol", "0.06")
        assert said.count("Pass Rate: 100.00%") == 2
    else:
        said = polygraphy(*run, "--fp16", "--int8", *all_layers, "--rtol", "1e-3")
        assert "Pass Rate: 100.00%" in said


def test_convert_inspect_and_run_an_engine(tmp_path):
    source, engine = model("cifar10-cnn/cifar10_cnn.onnx"), tmp_path / "model.engine"
    polygraphy("convert", source, "--convert-to", "trt", "-o", engine, *DYNAMIC)
    shown = polygraphy("inspect", "model", engine, "--show", "layers", "attrs")
    assert re.search(r"modelInput \[dtype=float32, shape=\(-1, 3, 32, 32\)\]", shown)
    assert "min=(1, 3, 32, 32), opt=(4, 3, 32, 32), max=(8, 3, 32, 32)" in shown
    assert re.search(r"\[Op: (conv|implicit_gemm)\]", shown) and "Layer 0" in shown
    inputs, outputs = tmp_path / "inputs.json", tmp_path / "outputs.json"
    shape = ["--input-shapes", "modelInput:[8,3,32,32]"]
    polygraphy("run", source, "--onnxrt", "--save-inputs", inputs, "--save-outputs", outputs, *shape)
    said = polygraphy("run", engine, "--trt", "--model-type", "engine", "--load-inputs", inputs,
                      "--load-outputs", outputs, "--rtol", "1e-3", "--atol", "1e-4")  # fmt: skip
    assert "Pass Rate: 100.00%" in said


def test_inspect_a_model_as_tensorrt_sees_it():
    shown = polygraphy("inspect", "model", model("cifar10-cnn/cifar10_cnn.onnx"), "--display-as", "trt",
                       "--show", "layers", "attrs")  # fmt: skip
    assert "14 Layer(s)" in shown and "Conv_0 [Op: LayerType.CONVOLUTION]" in shown
    assert "Conv_0.stride_nd = (1, 1)" in shown


def test_debug_reduce_finds_the_culprit(tmp_path):
    """Down to a node, here one whose sums are in another order than onnxruntime's."""
    reduced = tmp_path / "reduced.onnx"
    check = [installed() / "bin" / "polygraphy", "run", "polygraphy_debug.onnx", "--trt",
             "--onnxrt", "--rtol", "0", "--atol", "0"]  # fmt: skip
    polygraphy("debug", "reduce", model("cifar10-cnn/cifar10_cnn.onnx"), "-o", reduced, "--mode", "bisect",
               "--check", *check, cwd=tmp_path)  # fmt: skip
    assert len(onnx.load(reduced).graph.node) <= 2
