"""docs/tensorrt_coverage.md is what the tables and the adapter's sources say; nothing is left unexplained."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "compat" / "tensorrt"))
from generate import coverage  # noqa: E402


def test_page_is_current():
    command = "python -m generate.coverage --write in compat/tensorrt"
    assert coverage.PAGE.read_text() == coverage.page(), f"run {command}"


def test_what_does_not_work_says_why():
    assert coverage.unexplained() == []


def test_what_the_sources_do_is_found():
    states = {c: {m: s for m, (s, *_) in methods.items()} for c, methods in coverage.table().items()}
    assert states["INetworkDefinition"]["addActivation"] == "yes"
    assert states["IActivationLayer"]["setAlpha"] == "yes"
    assert states["IExecutionContext"]["enqueueV3"] == "yes"
    assert states["ILogger"]["log"] == "yes"  # of a class that programs implement
    assert states["IRefitter"]["refitCudaEngine"] == "no"
