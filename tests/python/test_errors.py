"""What goes wrong says so: exceptions of their own types, with what was got and expected."""

import os
import subprocess
import sys

import ingot
import numpy as np
import pytest
from onnx import TensorProto, helper
from sources import ROOT

DIGITS = ROOT / "examples" / "digits" / "digits.onnx"


@pytest.fixture(scope="module")
def engine():
    return ingot.build(str(DIGITS), level=0, threads=1)


IMAGE = np.zeros((1, 1, 8, 8), np.float32)


@pytest.mark.parametrize(
    "inputs, words",
    [
        ({}, "input 'image' is not given"),
        ({"image": IMAGE, "other": IMAGE}, "no input 'other', expected 'image'"),
        ({"image": IMAGE.astype(np.float64)}, "got an array of float64, expected an array of float32"),
        ({"image": IMAGE[0]}, r"got shape \[1, 8, 8\], expected \[N, 1, 8, 8\]"),
        ({"image": np.zeros((1, 2, 8, 8), np.float32)}, r"got shape \[1, 2, 8, 8\]"),
        ({"image": None}, "got None"),
        ({"image": "text"}, "input 'image'"),
        ({"image": np.array([object()])}, "input 'image'"),
    ],
)
def test_wrong_inputs(engine, inputs, words):
    with pytest.raises(ingot.InvalidArgument, match=words):
        engine.run(inputs)
    assert engine.run({"image": IMAGE})["probabilities"].shape == (1, 10)  # and the engine is none the worse


def test_before_a_run(engine):
    context = engine.context()
    with pytest.raises(ingot.FailedPrecondition, match="not run yet"):
        _ = context.outputs
    with pytest.raises(ingot.FailedPrecondition, match="input 'image'"):
        context.run()
    with pytest.raises(ingot.InvalidArgument, match="thread count -1"):
        engine.context(threads=-1)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"level": 9}, "level 9 is out of range, expected 0 to 5"),
        ({"threads": -2}, "thread count -2"),
        ({"shapes": {"x": (1,)}}, "'x', .*'image'"),
        ({"shapes": {"image": (1, 3, 8, 8)}}, "image"),
        ({"shapes": {"image": 5}}, "shape of input 'image'"),
        ({"profiles": [{"image": (1, 1, 8, 8)}]}, "expected an ingot.Profile"),
        ({"shapes": {"image": ingot.Profile((2, 1, 8, 8), (1, 1, 8, 8), (1, 1, 8, 8))}}, "min <= opt <= max"),
        ({"disable_passes": ["no-such-pass"]}, "no-such-pass"),
        ({"stop_after": "no-such-pass"}, "no-such-pass"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises((ingot.InvalidArgument, ingot.NotFound), match=words):
        ingot.build(str(DIGITS), **{"level": 0, **options})


def test_devices():
    with pytest.raises(ingot.Unsupported, match="'tpu' is not available, expected 'cpu'"):
        ingot.build(str(DIGITS), device="tpu", level=0)


def test_files(engine, tmp_path):
    with pytest.raises(ingot.NotFound, match="nothing.onnx"):
        ingot.build(tmp_path / "nothing.onnx")
    with pytest.raises(ingot.NotFound, match="nothing.ingot"):
        ingot.load(tmp_path / "nothing.ingot")
    with pytest.raises(ingot.IngotError):
        ingot.build(tmp_path)  # a folder
    (tmp_path / "junk").write_bytes(b"junk" * 100)
    for read in (ingot.build, ingot.load):
        with pytest.raises(ingot.CorruptFile, match="junk|not an"):
            read(tmp_path / "junk")
        with pytest.raises(ingot.CorruptFile):
            read(b"")
    with pytest.raises(ingot.IngotError):
        engine.save(tmp_path / "no" / "folder" / "engine.ingot")


SAVE_WITHIN = """
import resource, sys, ingot
engine = ingot.load(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # as a full disk: the write fails in the middle
try:
    engine.save(sys.argv[1])
except ingot.IoError as error:
    print("IoError:", error)
"""


def test_a_full_disk_keeps_the_old_file(engine, tmp_path):
    path = tmp_path / "engine.ingot"
    engine.save(path)
    before = path.read_bytes()
    command = [sys.executable, "-c", SAVE_WITHIN, str(path)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert out.startswith("IoError:") and "engine.ingot" in out
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["engine.ingot"]


def test_damaged_engines(engine):
    whole = engine.serialize()
    rng = np.random.default_rng(5)
    for at in [*range(0, 64, 5), *rng.integers(64, len(whole), 60)]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        try:
            ingot.load(bytes(damaged)).run({"image": IMAGE})
        except ingot.IngotError as error:
            assert str(error)
    for size in rng.integers(0, len(whole), 20):
        with pytest.raises(ingot.IngotError):
            ingot.load(whole[:size])


def test_everything_that_is_not_understood_is_listed():
    nodes = [
        helper.make_node("Bogus", ["x"], ["a"], "first"),
        helper.make_node("Frob", ["a"], ["y"], "second", domain="odd"),
    ]
    value = (
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1]),
    )
    graph = helper.make_graph(nodes, "g", [value[0]], [value[1]])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("odd", 1)], ir_version=8
    )
    with pytest.raises(ingot.IngotError) as raised:
        ingot.build(model.SerializeToString())
    assert all(word in str(raised.value) for word in ("first", "Bogus", "second", "Frob"))


def test_hierarchy():
    assert issubclass(ingot.InvalidArgument, ValueError) and issubclass(ingot.OutOfMemory, MemoryError)
    for name in (
        "InvalidArgument",
        "Unsupported",
        "NotFound",
        "CorruptFile",
        "IoError",
        "OutOfMemory",
        "FailedPrecondition",
    ):
        assert issubclass(getattr(ingot, name), ingot.IngotError)
