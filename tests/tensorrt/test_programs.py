"""Programs as TensorRT's users write them, unmodified."""

import os
import subprocess
import sys

import modules
import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

EXAMPLES = modules.ROOT / "examples" / "tensorrt"
DIGITS = modules.ROOT / "examples" / "digits" / "digits.onnx"


def run(*command, major):
    """A program with Ingot's libraries and modules on its search paths; what it printed."""
    lib = modules.libraries(major).parent
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": f"{lib / f'tensorrt-{major}'}:{lib / 'cuda'}",
        "PYTHONPATH": f"{lib / 'tensorrt-python'}:{lib / 'cuda' / 'python'}:{modules.module(major)}",
        "INGOT_TENSORRT": major,
    }
    result = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def segmentation_model(path):
    """A small network with the inputs and outputs of an FCN: 5 classes for each pixel."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((5, 3, 3, 3)).astype(np.float32)
    node = helper.make_node("Conv", ["input", "w"], ["out"], pads=[1, 1, 1, 1])
    shape = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        [node],
        "fcn",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 5, "h", "w"])],
        [numpy_helper.from_array(weights, "w")],
    )
    opsets = [helper.make_opsetid("", 17)]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


def test_segmentation_script(tmp_path):
    model, engine = tmp_path / "fcn.onnx", tmp_path / "fcn.engine"
    segmentation_model(model)
    said = run(
        modules.program("trtexec"),
        f"--onnx={model}",
        "--shapes=input:1x3x20x30",
        f"--saveEngine={engine}",
        "--buildOnly",
        major="8",
    )
    assert "&&&& PASSED" in said
    image = np.random.default_rng(1).random((3, 20, 30), np.float32)
    np.save(tmp_path / "image.npy", image)
    script = EXAMPLES / "segmentation.py"
    run(sys.executable, script, engine, tmp_path / "image.npy", tmp_path / "classes.npy", major="8")
    mean, deviation = (
        np.array(v, np.float32).reshape(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )
    feeds = {"input": ((image - mean) / deviation)[None]}
    expected = onnxruntime.InferenceSession(model).run(None, feeds)[0][0].argmax(0)
    assert (np.load(tmp_path / "classes.npy") == expected).mean() > 0.99


def test_classifier_script(tmp_path):
    engine = tmp_path / "digits.trt"
    run(
        modules.program("trtexec"),
        f"--onnx={DIGITS}",
        "--shapes=image:32x1x8x8",
        f"--saveEngine={engine}",
        "--buildOnly",
        major="8",
    )
    batch = np.random.default_rng(0).random((32, 1, 8, 8), np.float32)
    np.save(tmp_path / "batch.npy", batch)
    script = EXAMPLES / "classifier.py"
    run(sys.executable, script, engine, tmp_path / "batch.npy", tmp_path / "scores.npy", 10, major="8")
    expected = onnxruntime.InferenceSession(DIGITS).run(["probabilities"], {"image": batch})[0]
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), expected, 1e-4, 1e-6)


@pytest.mark.parametrize("major", modules.WHEELS)
def test_cpp_program(major, tmp_path):
    libraries = modules.libraries(major)
    headers = modules.build_folder() / "compat" / "tensorrt" / major / "include"
    program = tmp_path / "program"
    (tmp_path / "cuda_runtime_api.h").write_text(
        "typedef struct CUstream_st* cudaStream_t;\ntypedef struct CUevent_st* cudaEvent_t;\n"
    )
    command = [
        "g++",
        "-std=c++17",
        f"-I{headers}",
        f"-I{tmp_path}",
        EXAMPLES / "onnx_to_answers.cpp",
        "-o",
        program,
    ]
    subprocess.run([*command, f"-L{libraries}", "-lnvinfer", "-lnvonnxparser"], check=True)
    batch = np.random.default_rng(0).random((3, 1, 8, 8), np.float32)
    batch.tofile(tmp_path / "in")
    run(program, DIGITS, tmp_path / "in", tmp_path / "out", 3, 1, 8, 8, major=major)
    expected = onnxruntime.InferenceSession(DIGITS).run(["probabilities"], {"image": batch})[0]
    answers = np.fromfile(tmp_path / "out", np.float32).reshape(3, 10)
    np.testing.assert_allclose(answers, expected, 1e-4, 1e-6)


@pytest.mark.parametrize("major", modules.WHEELS)
def test_module_has_its_usual_name(major):
    code = "import tensorrt as t, tensorrt_bindings as b; print(t.__version__, t.Logger is b.Logger)"
    said = run(sys.executable, "-c", code, major=major).split()
    assert said[0].startswith(major + ".") and said[1] == "True"
