"""The Python surface: build, load, run, contexts, networks, as docs and stubs describe them."""

import ast
import inspect
import signal
import threading
from pathlib import Path

import ingot
import numpy as np
import pytest
from sources import ROOT

DIGITS = ROOT / "examples" / "digits" / "digits.onnx"


def small_network(op="Relu", dtype="float32", shape=("n", 4)):
    net = ingot.Network("small")
    x = net.input("x", shape, dtype)
    net.output(net.op(op, [x], name="only"), "y")
    return net


@pytest.fixture(scope="module")
def engine():
    """y = relu(x @ w + b), z = x, for any batch."""
    rng = np.random.default_rng(3)
    weight, bias = rng.standard_normal((4, 3)).astype(np.float32), np.float32([1, 2, 3])
    net = ingot.Network("linear")
    x = net.input("x", ("n", 4))
    y = net.op("Relu", [net.op("Gemm", [x, net.constant(weight), net.constant(bias)], name="fc")])
    net.output(y, "y")
    net.output(x, "z")
    made = ingot.build(net, threads=2, level=0)
    return made, lambda x: np.maximum(x @ weight + bias, 0)


def test_names_of_the_design(tmp_path):
    engine = ingot.build(str(DIGITS), shapes={"image": (1, 1, 8, 8)}, level=0)
    engine.save(tmp_path / "digits.ingot")
    loaded = ingot.load(tmp_path / "digits.ingot")
    x = np.random.default_rng(1).random((1, 1, 8, 8), np.float32)
    y = loaded.run({"image": x})["probabilities"]
    assert y.shape == (1, 10) and abs(y.sum() - 1) < 1e-5
    np.testing.assert_array_equal(y, engine.run({"image": x})["probabilities"])


def test_description(engine):
    (x,), (y, z) = engine[0].inputs, engine[0].outputs
    assert (x.name, x.dtype, x.shape) == ("x", "float32", ("n", 4))
    assert (y.name, y.shape, z.name, z.shape) == ("y", ("n", 3), "z", ("n", 4))
    assert repr(x) == "TensorInfo(name='x', dtype='float32', shape=('n', 4))"
    report = engine[0].report
    assert report["name"] == "linear" and report["layers_imported"] >= 2 and report["plans"][0]["steps"]
    assert "graph linear(x: f32[n, 4])" in engine[0].graph
    assert engine[0].warnings == []


def test_outputs_keep_their_names_in_any_layout():
    net = ingot.Network()
    x = net.input("x", (1, 16, 6, 6))
    weight = net.constant(np.ones((16, 16, 3, 3), np.float32))
    net.output(net.op("Conv", [x, weight], name="conv"), "y")
    engine = ingot.build(net, level=0)
    assert [o.name for o in engine.outputs] == ["y"]
    y = engine.run({"x": np.ones((1, 16, 6, 6), np.float32)})["y"]
    np.testing.assert_allclose(y, np.full((1, 16, 4, 4), 144), 1e-5)


def test_open_dims_are_taken_large_enough_for_windows():
    """Kernels are chosen for some size of an open dim: one that a window of 128 samples fits into."""
    net = ingot.Network()
    x = net.input("x", ("n", 1, "samples"))
    weight = net.constant(np.ones((16, 1, 128), np.float32))
    net.output(net.op("Conv", [x, weight], strides=[64], name="conv"), "y")
    engine = ingot.build(net, level=0)
    assert engine.report["plans"][0]["reference_kernels"] == []
    y = engine.run({"x": np.ones((2, 1, 576), np.float32)})["y"]
    np.testing.assert_allclose(y, np.full((2, 16, 8), 128), 1e-5)


def test_values_and_batches(engine):
    for batch in (1, 5, 2):
        x = np.random.default_rng(batch).standard_normal((batch, 4)).astype(np.float32)
        result = engine[0].run({"x": x})
        np.testing.assert_allclose(result["y"], engine[1](x), 1e-5, 1e-6)
        np.testing.assert_array_equal(result["z"], x)
        assert list(result) == ["y", "z"]


def test_results_are_independent(engine):
    context = engine[0].context(threads=1)
    x = np.ones((2, 4), np.float32)
    first = context.run({"x": x})["y"]
    kept = first.copy()
    second = context.run({"x": 3 * x})["y"]
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(context.outputs["y"], second)
    assert not np.array_equal(first, second)


def test_context_keeps_inputs(engine):
    context = engine[0].context()
    context.set_input("x", np.full((1, 4), 2, np.float32))
    np.testing.assert_allclose(context.run()["y"], engine[1](np.full((1, 4), 2)), 1e-5)
    x = np.zeros((1, 4), np.float32)
    context.set_input("x", x)
    x[:] = 1  # read in place, during the run
    np.testing.assert_allclose(context.run()["y"], engine[1](x), 1e-5)
    assert context.threads == 2 and context.memory_bytes >= 0


def test_views_lists_and_other_arrays(engine):
    base = np.random.default_rng(0).random((4, 6)).astype(np.float32)
    view = base.T[::3]  # strided: a copy is made
    np.testing.assert_allclose(engine[0].run({"x": view})["y"], engine[1](view), 1e-5)
    np.testing.assert_allclose(
        engine[0].run({"x": [[1, 2, 3, 4.5]]})["y"], engine[1](np.float32([[1, 2, 3, 4.5]])), 1e-5
    )
    frozen = np.ones((1, 4), np.float32)
    frozen.flags.writeable = False
    np.testing.assert_allclose(engine[0].run({"x": frozen})["y"], engine[1](frozen), 1e-5)


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint8", "int32", "int64", "bool"])
def test_types(dtype):
    engine = ingot.build(small_network("Identity", dtype), level=0)
    x = (np.arange(8).reshape(2, 4) % 5).astype(dtype)
    y = engine.run({"x": x})["y"]
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(x, y)


def test_bfloat16():
    engine = ingot.build(small_network("Identity", "bfloat16"), level=0)
    bits = np.uint16([[0x3F80, 0xC000, 0, 0x4049]])
    y = engine.run({"x": bits})["y"]
    np.testing.assert_array_equal(y.view(np.uint16), bits)
    ml_dtypes = pytest.importorskip("ml_dtypes")
    typed = engine.run({"x": bits.view(ml_dtypes.bfloat16)})["y"]
    assert typed.dtype == ml_dtypes.bfloat16 and typed.astype(np.float32)[0, 1] == -2


def test_scalars_and_empty_arrays():
    engine = ingot.build(small_network(shape=()), level=0)
    assert engine.run({"x": np.float32(-3)})["y"] == 0 and engine.run({"x": 2.5})["y"].shape == ()
    rows = ingot.build(small_network(), level=0)
    assert rows.run({"x": np.empty((0, 4), np.float32)})["y"].shape == (0, 4)


def test_results_of_unknown_size():
    net = ingot.Network()
    x = net.input("x", ("n",))
    net.output(net.op("NonZero", [x]), "where")
    engine = ingot.build(net, level=0)
    context = engine.context()
    for values in ([0, 1, 0, 2], [0, 0], [3, 3, 3]):
        where = context.run({"x": np.float32(values)})["where"]
        np.testing.assert_array_equal(where, np.nonzero(values))


def test_profiles():
    engine = ingot.build(small_network(), shapes={"x": ingot.Profile((1, 4), (2, 4), (8, 4))}, level=0)
    assert engine.run({"x": np.ones((8, 4), np.float32)})["y"].shape == (8, 4)
    with pytest.raises(ingot.InvalidArgument, match=r"x=\[9, 4\] are outside .* from \[1, 4\] to \[8, 4\]"):
        engine.run({"x": np.ones((9, 4), np.float32)})
    two = ingot.build(
        small_network(),
        profiles=[{"x": ingot.Profile((1, 4))}, {"x": ingot.Profile((5, 4), max=(6, 4))}],
        level=0,
    )
    assert len(two.report["plans"]) == 2
    assert two.run({"x": np.ones((6, 4), np.float32)})["y"].shape == (6, 4)
    with pytest.raises(ingot.InvalidArgument):
        two.run({"x": np.ones((3, 4), np.float32)})


def test_threads_share_an_engine(engine):
    inputs = [np.random.default_rng(i).standard_normal((3, 4)).astype(np.float32) for i in range(8)]
    wrong = []

    def work(x):
        for _ in range(50):
            if not np.allclose(engine[0].run({"x": x})["y"], engine[1](x), 1e-4, 1e-5):
                wrong.append(x)

    threads = [threading.Thread(target=work, args=(x,)) for x in inputs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_busy_context_is_refused():
    """Runs of a context from two threads: each works or says why not, and the first is not disturbed."""
    net = ingot.Network()
    x = net.input("x", (400, 400))
    for _ in range(4):
        x = net.op("MatMul", [x, x])
    net.output(x, "y")
    context = ingot.build(net, level=0, threads=1).context()
    context.set_input("x", np.zeros((400, 400), np.float32))
    context.run()
    refused, started = [], threading.Event()

    def work():
        started.set()
        for _ in range(20):
            try:
                context.run()
            except ingot.FailedPrecondition as error:
                refused.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    while thread.is_alive() and not refused:
        try:
            context.run()
        except ingot.FailedPrecondition as error:
            refused.append(str(error))
    thread.join()
    assert refused and all("in use by another thread" in message for message in refused)


def test_profile_times(engine):
    context = engine[0].context()
    context.set_input("x", np.ones((2, 4), np.float32))
    times = context.profile(runs=3)
    assert times and all(t.runs == 3 and t.seconds >= 0 and t.kernel for t in times)
    assert any("fc" in t.name for t in times)


def test_progress_and_its_errors():
    seen = []
    ingot.build(str(DIGITS), level=0, progress=lambda *args: seen.append(args))
    assert seen and all(len(args) == 4 and isinstance(args[0], str) for args in seen)

    def broken(*_):
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        ingot.build(str(DIGITS), level=0, progress=broken)


def test_interrupted_build():
    """Ctrl-C ends a build before its next layer: of twenty, no more than the one under way are told of."""
    net = ingot.Network()
    x = net.input("x", (8, 8))
    for i in range(20):
        x = net.op("Softmax", [net.op("MatMul", [x, x], name=f"product{i}")], name=f"softmax{i}")
    net.output(x, "y")
    seen = []

    def interrupt(phase, *_):
        seen.append(phase)
        if phase == "tune":
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        ingot.build(net, level=0, progress=interrupt)
    assert seen.count("tune") == 1


def test_bytes_both_ways(engine):
    x = np.ones((1, 4), np.float32)
    np.testing.assert_array_equal(
        ingot.load(engine[0].serialize()).run({"x": x})["y"], engine[0].run({"x": x})["y"]
    )
    assert ingot.build(DIGITS.read_bytes(), level=0).inputs[0].name == "image"


def test_refit_and_metadata():
    engine = ingot.build(DIGITS, level=0, refittable=True, metadata={"trained": "yesterday"})
    weights = {w.name: w.shape for w in engine.weights}
    assert weights["fc.bias"] == (10,)
    bias = np.zeros(10, np.float32)
    bias[7] = 1000
    other = ingot.load(engine.refit({"fc.bias": bias}).serialize())
    assert other.metadata == {"trained": "yesterday"}
    image = np.zeros((1, 1, 8, 8), np.float32)
    assert other.run({"image": image})["probabilities"].argmax() == 7
    np.testing.assert_array_equal(
        engine.run({"image": image})["probabilities"],
        engine.refit({}).run({"image": image})["probabilities"],
    )
    with pytest.raises(ingot.InvalidArgument, match="fc.bias"):
        engine.refit({"fc.bias": bias[:5]})
    with pytest.raises(ingot.FailedPrecondition, match="refittable"):
        ingot.build(DIGITS, level=0).refit({"fc.bias": bias})


def test_network_tensors():
    net = ingot.Network("n")
    x = net.input("x", ("h", 3))
    a, b = net.add("Split", [net.op("Transpose", [x], perm=[1, 0])], num_outputs=2, name="cut", axis=1)
    assert a.shape[0] == b.shape[0] == 3
    y = net.op("Add", [x, x])
    assert (y.shape, y.dtype) == (("h", 3), "float32")
    assert net.constant([1, 2]).dtype == "int64" and net.constant(1.5).dtype == "float32"
    assert net.constant(np.zeros((2, 3), np.int8)).shape == (2, 3)
    other = ingot.Network()
    with pytest.raises(ingot.InvalidArgument, match="another network"):
        other.op("Add", [x, x])


def test_why(engine):
    text = engine[0].why(engine[0].report["plans"][0]["steps"][0]["name"])
    assert "picked" in text and "plan for cpu" in text
    with pytest.raises(ingot.NotFound, match="nothing"):
        engine[0].why("nothing")


def test_machine():
    device = ingot.devices()[0]
    assert device.name == "cpu" and device.cores >= 1 and device.arch in ("baseline", "avx2", "avx512")
    assert ingot.measure_peak_gflops(1) > 1
    assert ingot.__version__ == ingot.version()


def stub_names():
    """{class or function: its members} of the type stub beside the module."""
    tree = ast.parse((Path(ingot.__file__).parent / "_ingot.pyi").read_text())
    names = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names[node.name] = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            names[node.name] = {a.arg for a in node.args.args}
    return names


def test_stubs_and_docstrings():
    assert (Path(ingot.__file__).parent / "py.typed").is_file()
    stubs = stub_names()
    for name in ingot.__all__:
        thing = getattr(ingot, name)
        assert inspect.getdoc(thing), name
        if thing.__module__ != "ingot._ingot":
            continue
        assert name in stubs, name
        if inspect.isclass(thing):
            public = {m for m in vars(thing) if not m.startswith("_")}
            assert public <= stubs[name], name
            undocumented = {m for m in public if not inspect.getdoc(getattr(thing, m))}
            assert undocumented <= {"name", "kernel", "dtype", "runs", "threads"}, (name, undocumented)
    assert set(inspect.signature(ingot.build).parameters) >= {
        "model",
        "shapes",
        "profiles",
        "threads",
        "level",
        "progress",
    }
