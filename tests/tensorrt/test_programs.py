"""Programs as TensorRT's users write them, unmodified."""

import json
import subprocess

import modules
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

EXAMPLES = modules.ROOT / "examples" / "tensorrt"
DIGITS = modules.ROOT / "examples" / "digits" / "digits.onnx"


def run(*command, major):
    return modules.execute(*command, major=major, bindings=major)


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
    run(modules.python("8"), script, engine, tmp_path / "image.npy", tmp_path / "classes.npy", major="8")
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
    run(modules.python("8"), script, engine, tmp_path / "batch.npy", tmp_path / "scores.npy", 10, major="8")
    expected = onnxruntime.InferenceSession(DIGITS).run(["probabilities"], {"image": batch})[0]
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), expected, 1e-4, 1e-6)


def compiled(source, major, target, *options):
    """One of the C++ programs, made with the headers and libraries of a major."""
    cuda_headers, cuda_libraries = modules.cuda()
    command = ["g++", "-std=c++17", "-Wall", f"-I{modules.headers(major)}", f"-I{cuda_headers}", *options]
    libraries = [f"-L{modules.libraries(major)}", "-lnvinfer", "-lnvonnxparser"]
    cuda = [f"-L{cuda_libraries}", "-lcudart", f"-Wl,-rpath,{cuda_libraries}"]
    subprocess.run([*command, EXAMPLES / source, "-o", target, *libraries, *cuda], check=True)
    return target


def check_digits(folder, *command, **options):
    """Runs a program on random images; its answers are onnxruntime's."""
    batch = np.random.default_rng(0).random((3, 1, 8, 8), np.float32)
    batch.tofile(folder / "in")
    modules.execute(*command, **options)
    expected = onnxruntime.InferenceSession(DIGITS).run(["probabilities"], {"image": batch})[0]
    answers = np.fromfile(folder / "out", np.float32).reshape(3, 10)
    np.testing.assert_allclose(answers, expected, 1e-4, 1e-6)


@pytest.mark.parametrize("major", modules.WHEELS)
def test_onnx_to_answers(major, tmp_path):
    program = compiled("onnx_to_answers.cpp", major, tmp_path / "program")
    command = [program, DIGITS, tmp_path / "in", tmp_path / "out", 3, 1, 8, 8]
    check_digits(tmp_path, *command)
    other = "11" if major == "10" else "10"
    said = modules.execute(*command, major=other, passes=False)
    assert f"libnvinfer.so.{major}: cannot open" in said


def write_weights(path):
    """The digit classifier's, as text: the bits of each value in hexadecimal."""
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(DIGITS).graph.initializer}
    lines = [
        f"{name} {array.size} " + " ".join(f"{v:08x}" for v in array.ravel().view(np.uint32))
        for name, array in tensors.items()
    ]
    path.write_text("\n".join([str(len(lines)), *lines]) + "\n")


@pytest.mark.parametrize("major", modules.WHEELS)
def test_network_api(major, tmp_path):
    write_weights(tmp_path / "digits.wts")
    program = compiled("network_api.cpp", major, tmp_path / "program")
    check_digits(tmp_path, program, tmp_path / "digits.wts", tmp_path / "in", tmp_path / "out", 3)


def shuffle_model(path):
    """x -> Relu -> ChannelShuffle, an op that ONNX does not have."""
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("ChannelShuffle", ["r"], ["y"], groups=2),
    ]
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 6, 2, 3]) for n in "xy"]
    graph = helper.make_graph(nodes, "shuffle", info[:1], info[1:])
    opsets = [helper.make_opsetid("", 17)]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


@pytest.mark.parametrize("major", ["10", "11"])  # 8 has no V3 plugins
def test_plugin_library(major, tmp_path):
    plugin = compiled("channel_shuffle.cpp", major, tmp_path / "libchannel_shuffle.so", "-shared", "-fPIC")
    options = ["-Wl,--no-as-needed", plugin, f"-Wl,-rpath,{tmp_path}"]
    linked = compiled("onnx_to_answers.cpp", major, tmp_path / "program", *options)
    shuffle_model(tmp_path / "model.onnx")
    x = np.random.default_rng(0).standard_normal((2, 6, 2, 3)).astype(np.float32)
    x.tofile(tmp_path / "in")
    modules.execute(linked, tmp_path / "model.onnx", tmp_path / "in", tmp_path / "out", 2, 6, 2, 3)
    expected = np.maximum(x, 0).reshape(2, 2, 3, 6).swapaxes(1, 2)
    assert (np.fromfile(tmp_path / "out", np.float32) == expected.ravel()).all()

    command = ["trtexec", f"--onnx={tmp_path / 'model.onnx'}", "--shapes=x:2x6x2x3", "--duration=0"]
    engine, out = tmp_path / "model.engine", tmp_path / "out.json"
    said = modules.execute(*command, "--buildOnly", major=major, passes=False)
    assert "no plugin 'ChannelShuffle' version '1'" in said
    modules.execute(
        *command, f"--staticPlugins={plugin}", "--buildOnly", f"--saveEngine={engine}", major=major
    )
    command = [
        "trtexec",
        f"--loadEngine={engine}",
        f"--plugins={plugin}",
        f"--loadInputs=x:{tmp_path / 'in'}",
    ]
    said = modules.execute(
        *command, "--shapes=x:2x6x2x3", f"--exportOutput={out}", "--duration=0", major=major
    )
    assert "Loading supplied plugin library" in said
    values = json.loads(out.read_text())[0]["values"]
    np.testing.assert_allclose(values, expected.ravel(), 1e-6)
