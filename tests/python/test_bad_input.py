"""What is damaged, absurd or of another version is refused with a message: no crash, hang or half a file."""

import os
import subprocess

import ingot
import numpy as np
import pytest
from onnx import TensorProto, helper
from prefix import TOOL
from sources import ROOT

DIGITS = ROOT / "examples" / "digits" / "digits.onnx"
IMAGE = np.zeros((1, 1, 8, 8), np.float32)


def model(nodes, inputs, outputs=("y",), initializers=()):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in inputs]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph(
        [helper.make_node(*n[:3], **n[3]) for n in nodes], "g", values, results, initializers
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


LARGE = helper.make_tensor("dims", TensorProto.INT64, [1], [1 << 46])
HUGE = helper.make_tensor("dims", TensorProto.INT64, [3], [1 << 20, 1 << 20, 1 << 20])
SHORT = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 20], raw_data=b"1234")
ELSEWHERE = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
ELSEWHERE.external_data.add(key="location", value="none.bin")

MODELS = {
    "cycle": (
        model(
            [("Add", ["x", "b"], ["a"], {}), ("Relu", ["a"], ["b"], {}), ("Relu", ["b"], ["y"], {})],
            [("x", [2])],
        ),
        "cycle",
    ),
    "dims": (model([("Relu", ["x"], ["y"], {})], [("x", [1 << 40, 1 << 40])]), "absurd"),
    "constant": (
        model([("ConstantOfShape", ["dims"], ["y"], {})], [], initializers=[HUGE]),
        "too many elements",
    ),
    "memory": (
        model([("ConstantOfShape", ["dims"], ["y"], {})], [], initializers=[LARGE]),
        "cannot allocate",
    ),
    "missing weights": (model([("Add", ["x", "w"], ["y"], {})], [("x", [4])]), "'w'"),
    "short weights": (
        model([("Add", ["x", "w"], ["y"], {})], [("x", [1 << 20])], initializers=[SHORT]),
        "'w'.*4 bytes",
    ),
    "weights elsewhere": (
        model([("Add", ["x", "w"], ["y"], {})], [("x", [4])], initializers=[ELSEWHERE]),
        "none.bin",
    ),
    "missing output": (model([("Relu", ["x"], ["z"], {})], [("x", [4])]), "'y'"),
    "shapes": (model([("MatMul", ["x", "x"], ["y"], {})], [("x", [2, 3])]), "MatMul"),
}


@pytest.mark.parametrize("name", MODELS)
def test_models_that_make_no_sense(name, tmp_path):
    data, words = MODELS[name]
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(ingot.IngotError, match=words) as raised:
        engine = ingot.build(path, level=0)
        engine.run({i.name: np.zeros(4, np.float32) for i in engine.inputs})
    assert not isinstance(raised.value, ingot.InternalError)
    result = subprocess.run([TOOL, "run", path, "--level", "0"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1 and result.stderr.startswith("ingot: "), result.stderr


def mutations(whole, count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), rng.integers(1, 5)):
            data[at] ^= 1 << int(rng.integers(8))
        yield bytes(data[: rng.integers(len(data))] if rng.random() < 0.1 else data)


@pytest.mark.parametrize("read", [lambda data: ingot.build(data, level=0, threads=1), ingot.load])
def test_damaged_files(read):
    """Some of each; tests in C++ and the fuzzers take tens of thousands."""
    whole = DIGITS.read_bytes()
    if read is ingot.load:
        whole = ingot.build(whole, level=0).serialize()
    refused = 0
    for data in mutations(whole, 300, 7):
        try:
            engine = read(data)
            shapes = {i.name: i.shape for i in engine.inputs}
            engine.run(
                {
                    n: np.zeros([d if isinstance(d, int) else 1 for d in s], np.float32)
                    for n, s in shapes.items()
                }
            )
        except ingot.IngotError as error:
            assert str(error) and not isinstance(error, ingot.InternalError)
            refused += 1
    assert refused > 10


def failed(*words):
    result = subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1 and result.stderr.startswith("ingot: "), (result.returncode, result.stderr)
    return result.stderr


def test_other_versions(tmp_path):
    engine, cache = tmp_path / "old.ingot", tmp_path / "cache"
    data = bytearray(ingot.build(str(DIGITS), level=0).serialize())
    data[8:12] = (99).to_bytes(4, "little")
    engine.write_bytes(data)
    with pytest.raises(ingot.Unsupported, match="engine file of version 99, expected .*build it again"):
        ingot.load(engine)
    assert "version 99" in failed("run", engine)

    cache.write_text("ingot timing cache 99\n1e-3\tkernel\n")
    with pytest.raises(ingot.CorruptFile, match="cache' is not a timing cache: expected 'ingot timing cache"):
        ingot.build(str(DIGITS), level=1, timing_cache=cache)
    assert cache.read_text().startswith("ingot timing cache 99")  # and it is left alone
    assert sorted(os.listdir(tmp_path)) == ["cache", "old.ingot"]


def test_damaged_files_on_the_command_line(tmp_path):
    path = tmp_path / "cut.ingot"
    path.write_bytes(ingot.build(str(DIGITS), level=0).serialize()[:5000])
    assert "is cut off" in failed("run", path)
    assert "is cut off" in failed("inspect", path)
    (tmp_path / "cut.onnx").write_bytes(DIGITS.read_bytes()[:3000])
    assert "cut.onnx" in failed("build", tmp_path / "cut.onnx")
    assert "not a regular file" in failed("run", tmp_path)
    if os.geteuid() != 0:  # root reads everything
        path.chmod(0)
        assert "ermission" in failed("run", path)


def test_a_full_disk_on_the_command_line(tmp_path):
    """A limit on file sizes stands for the disk; what stood there survives."""
    path = tmp_path / "digits.ingot"
    path.write_bytes(b"as it was")
    words = f"ulimit -f 8; exec '{TOOL}' build '{DIGITS}' -o '{path}' --level 0"
    result = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1 and "digits.ingot" in result.stderr, result.stderr
    assert path.read_bytes() == b"as it was" and os.listdir(tmp_path) == ["digits.ingot"]
