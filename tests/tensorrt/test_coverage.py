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


def test_what_programs_are_known_to_call_is_found():
    states = {c: {m: s for m, (s, *_) in methods.items()} for c, methods in coverage.table().items()}
    assert states["INetworkDefinition"]["addConvolutionNd"] == "yes"
    assert states["IConvolutionLayer"]["setPaddingNd"] == "yes"  # in a base class of the layer
    assert states["IExecutionContext"]["enqueueV3"] == "yes"
    assert states["IPluginV3OneRuntime"]["enqueue"] == "yes"  # of a class that programs implement
    assert states["IRefitter"]["refitCudaEngine"] == "yes"
    assert states["INetworkDefinition"]["addDistCollective"] == "no"


def test_nearly_all_that_programs_call_works():
    states = coverage.used()
    assert len(states) >= 275
    assert [m for m, s in states.items() if s == "no"] == [
        "getAllBuildRoutes",
        "setBuildRoute",
        "setRemoteAutoTuningConfig",
    ]
    assert sum(s == "partly" for s in states.values()) <= 2
