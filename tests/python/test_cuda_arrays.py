"""Arrays on a GPU in and out, over a driver that only pretends (tests/cuda/fake).

Its memory is the host's, and kernels do nothing: what is tested is where pointers go.
"""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import ingot
import numpy as np
import pytest
from prefix import TOOL
from sources import ROOT

FAKE = Path(TOOL).resolve().parents[1] / "tests" / "cuda" / "fake"
DIGITS = ROOT / "examples" / "digits" / "digits.onnx"


class OnGpu:
    """What has __cuda_array_interface__ and no more."""

    def __init__(self, address, shape, typestr="<f4", strides=None, read_only=False):
        self.__cuda_array_interface__ = {
            "shape": shape,
            "typestr": typestr,
            "data": (address, read_only),
            "version": 3,
            "strides": strides,
        }


def test_arrays_on_a_gpu_are_refused_by_engines_on_the_cpu():
    context = ingot.build(DIGITS, level=0).context()
    with pytest.raises(ingot.InvalidArgument, match="lies on a GPU"):
        context.set_input("image", OnGpu(4096, (1, 1, 8, 8)))
    with pytest.raises(ingot.Unsupported, match="enqueue is for engines on a GPU"):
        context.enqueue({"image": np.zeros((1, 1, 8, 8), np.float32)})
    with pytest.raises(ingot.Unsupported):
        context.set_stream(1)
    with pytest.raises(ingot.InvalidArgument, match="lies on a GPU"):
        ingot.build(DIGITS, level=0, refittable=True).refit({"w": OnGpu(4096, (2,))})


def test_outputs_are_written_in_place():
    context = ingot.build(DIGITS, level=0).context()
    image = np.random.default_rng(1).random((3, 1, 8, 8), np.float32)
    expected = context.run({"image": image})
    name = next(iter(expected))
    y = np.zeros_like(expected[name])
    results = context.run({"image": image}, {name: y})
    assert results[name] is y and np.array_equal(y, expected[name])
    with pytest.raises(ingot.InvalidArgument, match="to be written"):
        context.set_output(name, np.broadcast_to(np.float32(0), y.shape))
    with pytest.raises(ingot.InvalidArgument):
        context.set_output(name, y.astype(np.float64))
    context.set_output(name, None)
    assert context.run()[name] is not y


SCRIPT = """
    import ctypes
    import ingot, numpy as np
    from test_cuda_arrays import DIGITS, OnGpu

    cuda = ctypes.CDLL("libcuda.so.1")
    if not hasattr(cuda, "fake_cuda_calls"):
        raise SystemExit("another driver was loaded")
    gpu = ingot.devices()[1]
    assert gpu.name == "cuda" and gpu.memory_bytes == 8 << 30
    def allocate(array):
        address = ctypes.c_ulonglong()
        assert cuda.cuMemAlloc_v2(ctypes.byref(address), ctypes.c_size_t(array.nbytes)) == 0
        ctypes.memmove(address.value, array.ctypes.data, array.nbytes)
        return address.value
    calls = lambda name: cuda.fake_cuda_calls(name.encode())

    context = ingot.build(DIGITS, device="cuda", level=0).context()
    image = np.random.default_rng(1).random((2, 1, 8, 8), np.float32)
    on_gpu = OnGpu(allocate(image), image.shape)
    first = context.enqueue({"image": on_gpu})
    context.synchronize()
    (name, y), = first.items()
    assert isinstance(y, ingot.DeviceArray) and y.shape == (2, 10) and y.dtype == "float32"
    interface = y.__cuda_array_interface__
    assert interface["shape"] == (2, 10) and interface["typestr"] == "<f4" and interface["data"][0] != 0
    assert y.__dlpack_device__() == (2, 0) and "dltensor" in repr(y.__dlpack__())

    result = np.full((2, 10), 7, np.float32)
    given = OnGpu(allocate(result), result.shape)
    copies = calls("cuMemcpyHtoDAsync_v2") + calls("cuMemcpyDtoHAsync_v2")
    class Stream:
        cuda_stream = 0
    for _ in range(4):
        assert context.enqueue({"image": on_gpu}, {name: given}, stream=Stream())[name] is given
    assert calls("cuMemcpyHtoDAsync_v2") + calls("cuMemcpyDtoHAsync_v2") == copies
    context.wait_for(1234)
    context.record(1234)
    context.synchronize()
    try:
        context.set_input("image", OnGpu(allocate(image), image.shape, strides=(256, 256, 4, 32)))
        raise SystemExit("an array that is not contiguous was taken")
    except ingot.InvalidArgument as error:
        assert "not contiguous" in str(error)
    out = context.run({"image": image}, {name: None})[name]  # numpy in and out works as well
    assert out.shape == (2, 10)
    print("done")
"""


def run_over_pretended_driver(script, *arguments):
    if not (FAKE / "libcuda.so.1").exists():
        pytest.skip("the pretended driver is not built")
    libraries = "\n".join(line for d in ingot.devices() for line in d.libraries)
    if "cuDNN" in libraries:
        pytest.skip("a GPU is here, whose libraries would ask the pretended driver for more")
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    env = dict(os.environ, LD_LIBRARY_PATH=str(FAKE), PYTHONPATH=path)
    words = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.run(words, env=env, capture_output=True, text=True, timeout=120)


def test_pointers_go_where_they_should():
    done = run_over_pretended_driver(SCRIPT)
    assert done.returncode == 0 and "done" in done.stdout, done.stdout + done.stderr


INTERRUPTED = """
    import os, signal, sys
    import ingot
    from test_cuda_arrays import DIGITS

    device, engine, timings, number = sys.argv[1:]
    def progress(phase, done, total, left):
        if phase == "tune" and done > 1:
            os.kill(os.getpid(), int(number))
    try:
        ingot.build(DIGITS, device=device, level=1, timing_cache=timings, progress=progress).save(engine)
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_build_that_is_interrupted_leaves_what_was_there(device, tmp_path):
    engine, timings = tmp_path / "model.ingot", tmp_path / "timings"
    ingot.build(DIGITS, level=1, timing_cache=str(timings)).save(engine)
    for number in (signal.SIGINT, signal.SIGKILL):
        before = engine.read_bytes()
        done = run_over_pretended_driver(INTERRUPTED, device, engine, timings, int(number))
        assert done.returncode == (0 if number == signal.SIGINT else -number), done.stderr
        assert ("interrupted" in done.stdout) == (number == signal.SIGINT)
        assert engine.read_bytes() == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["model.ingot", "timings"]
    ingot.build(DIGITS, level=1, timing_cache=str(timings))  # what lies there can be read
