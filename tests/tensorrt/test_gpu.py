"""On a machine with a GPU: device pointers and streams of the programs' own CUDA, and clients that need one.

bench/gpu/tensorrt_programs.py runs these, and the other tests of this folder, where there is no network."""

import os
import sys

import graphs
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


@pytest.mark.parametrize(
    "name", ["resnet50", "bert_base", "magika/model.onnx", "yunet/face_detection_yunet_120x160.onnx"]
)
def test_provider_of_onnxruntime(name):
    """onnxruntime-gpu's TensorRT provider against its CPU provider."""
    folder = os.environ.get("ONNXRUNTIME_GPU")
    if not folder:
        pytest.skip(
            "ONNXRUNTIME_GPU does not name a folder with onnxruntime-gpu's core and provider libraries"
        )
    model = modules.SHARED / "models" / name if "/" in name else graphs.model_path(name)
    if not model.is_file():
        pytest.skip(f"there is no {model}")
    script = modules.ROOT / "tests" / "tensorrt" / "programs" / "onnxruntime_provider.py"
    said = modules.execute(sys.executable, script, model, major="10", packages=[folder])
    assert said.splitlines()[-1].startswith("ok"), said
