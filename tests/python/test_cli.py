"""The `ingot` command: what it prints, and that every failure is a message and exit code 1."""

import json
import os
import subprocess

import ingot
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from prefix import TOOL
from sources import ROOT

DIGITS = ROOT / "examples" / "digits" / "digits.onnx"
QUICK = ["--level", "0", "--threads", "1"]


def run(*words, cwd=None):
    return subprocess.run([TOOL, *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=300)


def succeed(*words, cwd=None):
    result = run(*words, cwd=cwd)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "digits.ingot"
    succeed("build", DIGITS, "-o", path, *QUICK)
    return path


def test_help():
    text = succeed("--help")
    for command in ("build", "run", "bench", "inspect", "verify"):
        assert command in text and "--shapes" in succeed(command, "--help")
    assert succeed("--version").strip() == f"ingot {ingot.__version__}"


def test_build_reports(tmp_path):
    text = succeed("build", DIGITS, "-o", tmp_path / "d.ingot", "--json", tmp_path / "report.json", *QUICK)
    for words in (
        "8 layers imported",
        "after optimization",
        "kernels for cpu",
        "weights",
        "memory of a context",
        "built in",
    ):
        assert words in text
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["layers_imported"] == 8 and report["seconds"] > 0 and report["plans"][0]["threads"] == 1
    assert ingot.load(tmp_path / "d.ingot").inputs[0].shape == ("N", 1, 8, 8)


def test_precisions_without_effect_are_told(tmp_path):
    for flag, words in (("--int8", "int8 is without effect"), ("--fp8", "fp8 is"), ("--best", "--best is")):
        result = run("build", DIGITS, "-o", tmp_path / "d.ingot", flag, *QUICK)
        assert result.returncode == 0 and f"warning: {words}" in result.stderr


def test_build_shapes_and_profiles(tmp_path):
    succeed("build", DIGITS, "-o", tmp_path / "d.ingot", "--shapes", "image:3x1x8x8", *QUICK)
    assert ingot.load(tmp_path / "d.ingot").inputs[0].shape == (3, 1, 8, 8)
    sets = [
        f"--{bound}-shapes=image:{n}x1x8x8"
        for n, bound in ((1, "min"), (2, "opt"), (4, "max"), (5, "min"), (5, "opt"), (6, "max"))
    ]
    succeed("build", DIGITS, "-o", tmp_path / "p.ingot", *sets, *QUICK)
    plans = ingot.load(tmp_path / "p.ingot").report["plans"]
    assert [p["profile"][0]["max"][0] for p in plans] == [4, 6]


def test_refit(tmp_path):
    model = onnx.load(DIGITS)
    for initializer in model.graph.initializer:
        if initializer.name == "fc.bias":
            bias = numpy_helper.to_array(initializer).copy()
            bias[4] += 1000
            initializer.CopyFrom(numpy_helper.from_array(bias, "fc.bias"))
    onnx.save(model, tmp_path / "other.onnx")
    succeed("build", DIGITS, "-o", tmp_path / "d.ingot", "--refittable", *QUICK)
    text = succeed("refit", tmp_path / "d.ingot", tmp_path / "other.onnx", "-o", tmp_path / "other.ingot")
    assert "6 of " in text
    feeds = {"image": np.ones((1, 1, 8, 8), np.float32)}
    assert ingot.load(tmp_path / "other.ingot").run(feeds)["probabilities"].argmax() == 4
    succeed("build", DIGITS, "-o", tmp_path / "plain.ingot", *QUICK)
    failed = run("refit", tmp_path / "plain.ingot", tmp_path / "other.onnx", "-o", tmp_path / "x.ingot")
    assert failed.returncode == 1 and "refittable" in failed.stderr


def test_dumps(tmp_path):
    succeed(
        "build",
        DIGITS,
        "-o",
        tmp_path / "d.ingot",
        "--dump-after",
        "fold_constants",
        "--dump-dir",
        tmp_path,
        *QUICK,
    )
    dumps = [p for p in tmp_path.iterdir() if "fold_constants" in p.name]
    assert len(dumps) >= 1 and "graph digits" in dumps[0].read_text()


def test_run(engine, tmp_path):
    x = np.random.default_rng(0).random((2, 1, 8, 8), np.float32)
    np.save(tmp_path / "x.npy", x)
    text = succeed("run", engine, "--input", f"image={tmp_path / 'x.npy'}", "--output-dir", tmp_path / "out")
    assert "output probabilities: f32 2x10" in text
    got = np.load(tmp_path / "out" / "probabilities.npy")
    np.testing.assert_allclose(got, ingot.load(engine).run({"image": x})["probabilities"], 1e-6)
    assert "random, seed 3" in succeed("run", DIGITS, "--seed", 3, *QUICK)
    assert succeed("run", engine) == succeed("run", engine)


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "int32", "int64", "bool", "uint8"])
def test_npy_types(dtype, tmp_path):
    net = ingot.Network()
    net.output(net.op("Identity", [net.input("a:b/c", ("n", 3), dtype)]), "out/1")
    ingot.build(net, level=0).save(tmp_path / "e.ingot")
    values = (np.arange(6).reshape(2, 3) % 2).astype(dtype)
    np.save(tmp_path / "v.npy", values)
    succeed("run", tmp_path / "e.ingot", "--input", f"a:b/c={tmp_path / 'v.npy'}", "--output-dir", tmp_path)
    got = np.load(tmp_path / "out_1.npy")
    assert got.dtype == values.dtype
    np.testing.assert_array_equal(got, values)


def test_bench(engine, tmp_path):
    text = succeed(
        "bench", engine, "--iterations", 5, "--layers", "--json", tmp_path / "b.json", "--threads", 1
    )
    for words in ("5 runs on 1 thread", "latency", "p90", "p99", "runs/s", "GFLOP/s of", "share", "kernel"):
        assert words in text
    figures = json.loads((tmp_path / "b.json").read_text())
    latency = figures["latency_ms"]
    assert 0 < latency["min"] <= latency["median"] <= latency["p90"] <= latency["p99"] <= latency["max"]
    assert figures["peak_gflops"] > 1 and figures["runs"] == 5
    assert sum(layer["share"] for layer in figures["layers"]) == pytest.approx(1)


def test_inspect(engine):
    text = succeed("inspect", engine, "--layers")
    assert "input  image: f32[N, 1, 8, 8]" in text and "plan for cpu" in text
    report = json.loads(succeed("inspect", engine, "--json"))
    step = report["plans"][0]["steps"][0]["name"]
    assert "picked" in succeed("inspect", engine, "--why", step)
    assert succeed("inspect", engine, "--graph").startswith("graph digits(image")
    text = succeed("inspect", "--devices")
    assert text.startswith("cpu: ") and "\ncuda: " in text


def test_verify(tmp_path):
    text = succeed("verify", DIGITS, "--shapes", "image:2x1x8x8", "--json", tmp_path / "v.json", *QUICK)
    assert "verified at rtol 0.001, atol 0.0001" in text
    assert json.loads((tmp_path / "v.json").read_text())["ok"] is True
    failed = run("verify", DIGITS, "--rtol", 0, "--atol", 0, *QUICK)
    assert failed.returncode == 1 and "differs from the interpreter" in failed.stderr


@pytest.mark.parametrize(
    "words, message",
    [
        ([], "subcommand is required"),
        (["frob"], "subcommand is required"),
        (["build"], "model is required"),
        (["build", "none.onnx"], "none.onnx"),
        (["build", DIGITS, "--level", "9"], "level"),
        (["build", DIGITS, "--threads", "none"], "threads"),
        (["build", DIGITS, "--shapes", "image"], "is not a shape, expected something like"),
        (["build", DIGITS, "--shapes", "image:1x"], "is not a shape"),
        (["build", DIGITS, "--shapes", "image:99999999999999999999x1x8x8"], "is not a shape"),
        (["build", DIGITS, "--shapes", "image:1x1x8x8,image:2x1x8x8"], "given twice"),
        (["build", DIGITS, "--shapes", "other:1"], "other"),
        (["build", DIGITS, "--min-shapes", "image:1x1x8x8", "--max-shapes", "x:2"], "does not name input"),
        (["build", DIGITS, "-o", "/no/such/folder/x.ingot", "--level", "0"], "/no/such/folder"),
        (["build", DIGITS, "--device", "tpu"], "'tpu' is not available, expected 'cpu' or 'cuda'"),
        (["build", DIGITS, "--disable-pass", "nothing"], "nothing"),
        (["build", "x.ingot"], "is an engine already"),
        (["run", "none.ingot"], "none.ingot"),
        (["run", DIGITS, "--input", "image"], "expected name=file.npy"),
        (["run", DIGITS, "--input", "image=none.npy"], "none.npy: No such file"),
        (["run", DIGITS, "--input", "other=none.npy"], "no input 'other', expected 'image'"),
        (["bench", DIGITS, "--iterations", "0"], "iterations"),
        (["inspect"], "a model is required, or --devices"),
        (["inspect", DIGITS, "--why", "nobody", "--level", "0"], "'nobody'"),
        (["verify", "none.onnx"], "none.onnx"),
    ],
)
def test_failures(words, message, tmp_path):
    result = run(*words, cwd=tmp_path)
    assert result.returncode == 1 and message in result.stderr, (result.stdout, result.stderr)
    assert os.listdir(tmp_path) == []  # nothing half-written


def npy(dtype="<f4", order="False", shape="(1, 1, 8, 8)", data=b"\0" * 256, magic=b"\x93NUMPY\x01\x00"):
    header = f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return magic + len(header).to_bytes(2, "little") + header + data


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "is cut off"),
        (b"P6 not numpy at all", "is not a .npy file"),
        (npy(magic=b"\x93NUMPY\x09\x00"), "version 9"),
        (npy(dtype=">f4"), "expected a little-endian number"),
        (npy(dtype="<c8"), "expected a little-endian number"),
        (npy(dtype="<f8", data=b"\0" * 512), "got type f64, expected f32"),
        (npy(order="True"), "Fortran order"),
        (npy(shape="(1, 1, 8"), "no valid shape"),
        (npy(shape="(1, -1, 8, 8)"), "no valid shape"),
        (npy(shape="(99999999999, 99999999999)"), "is too large"),
        (npy(data=b"\0" * 255), "holds 255 bytes of elements, its shape (1, 1, 8, 8) takes 256"),
        (npy(shape="(1, 64)"), "got shape [1, 64], expected [N, 1, 8, 8]"),
        (npy()[:40], "cut off"),
    ],
)
def test_damaged_npy(engine, content, message, tmp_path):
    (tmp_path / "x.npy").write_bytes(content)
    result = run("run", engine, "--input", f"image={tmp_path / 'x.npy'}")
    assert result.returncode == 1 and message in result.stderr, result.stderr


def test_unwritable_output(engine):
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    with open("/dev/full", "w") as full:
        result = subprocess.run([TOOL, "inspect", engine], stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1 and "cannot write" in result.stderr
    result = run("build", DIGITS, "-o", engine.parent / "e.ingot", "--json", "/dev/full", *QUICK)
    assert result.returncode == 1 and "/dev/full" in result.stderr
