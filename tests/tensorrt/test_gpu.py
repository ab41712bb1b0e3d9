"""On a machine with a GPU: device pointers and streams of the programs' own CUDA.

bench/gpu/tensorrt_programs.py runs these, and the other tests of this folder, where there is no network."""

import modules
import pytest

DIGITS = modules.ROOT / "examples" / "digits" / "digits.onnx"


@pytest.fixture(autouse=True)
def with_gpu():
    if not modules.gpu():
        pytest.skip("there is no GPU")


@pytest.mark.parametrize("major", ["10", "11"])
def test_torch_tensors(major):
    pytest.importorskip("torch")
    assert modules.run(major, "torch_tensors.py", DIGITS).strip() == "ok"


@pytest.mark.parametrize("major", ["10", "11"])
def test_plugins_that_are_triton_kernels(major, tmp_path):
    pytest.importorskip("triton")
    for step in ("build", "load"):
        assert modules.run(major, "triton_plugins.py", step, tmp_path).strip().endswith("ok")
