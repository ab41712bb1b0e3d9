"""The benchmark's machinery: workers obey and are stopped in between, differences and ratios are right."""

import time

import numpy as np
import peers
import pytest
import report
from sources import ROOT


def process_state(pid):
    return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]


@pytest.mark.parametrize("engine", report.PEERS)
def test_worker(engine, tmp_path):
    feeds, outputs = str(tmp_path / "feeds.npz"), str(tmp_path / "outputs.npz")
    np.savez(feeds, image=np.ones((2, 1, 8, 8), np.float32))
    model = {
        "path": str(ROOT / "examples/digits/digits.onnx"),
        "shapes": {"image": (2, 1, 8, 8)},
        "free": {"N": 2},
    }
    with peers.Worker(engine) as worker:
        created = worker.order("create", threads=1, feeds=feeds, outputs=outputs, **model)
        assert 0 < created["seconds"] < 60
        with np.load(outputs) as result:
            np.testing.assert_allclose(result["probabilities"].sum(1), [1, 1], rtol=1e-5)
        timed = worker.order("time", seconds=0, least=4)
        assert len(timed["ms"]) == 4 and min(timed["ms"]) > 0
        assert timed["peak_mib"] >= created["library_mib"] > 10
        deadline = time.monotonic() + 10  # the signal takes its time on a busy machine
        while process_state(worker.process.pid) not in "tT" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process_state(worker.process.pid) in "tT"  # stopped until the next order
        with pytest.raises(RuntimeError, match="unknown order nothing"):
            worker.order("nothing")
    assert worker.process.poll() is not None


def test_difference(tmp_path):
    def saved(name, **arrays):
        np.savez(tmp_path / name, **arrays)
        return tmp_path / f"{name}.npz"

    reference = saved("r", a=np.float32([1, -4]), b=np.int64([3]))
    assert peers.difference(reference, reference) == 0
    assert peers.difference(saved("s", a=np.float32([1, -3]), b=np.int64([3])), reference) == 0.25
    assert peers.difference(saved("t", a=np.float32([1]), b=np.int64([3])), reference) == float("inf")
    assert peers.difference(saved("u", a=np.float32([9, 9]), b=np.int64([3])), reference, ["b"]) == 0


def test_report():
    def figures(ms, create, mib):
        return {
            "ms": ms,
            "best_ms": ms / 2,
            "create_s": create,
            "peak_mib": mib,
            "difference": 1e-6,
            "build_s": 1.0,
            "engine_mib": 30,
        }

    def result(graph, ours):
        engines = {"onnxruntime": figures(10, 1, 90), "openvino": figures(8, 2, 80), "ingot": ours}
        return {"graph": graph, "threads": 1, "engines": engines}

    page = report.page(
        [result("fast", figures(4, 0.01, 50)), result("slow", figures(16, 0.01, 50))], "./dev bench"
    )
    assert "| fast | 10 (5) | 8 (4) | 4 (2) | 2 | 2 | 1e-06 |" in page
    assert "Geometric mean 1.000 (by minima 1.000); lowest slow, 0.50." in page
    assert "| fast | 1 | 1000 | 2000 | 10 | 90 | 80 | 50 | 30 | 1 |" in page
    assert "Creation by onnxruntime / ingot: 100 at least" in page
    assert "Smallest peer's memory / ingot's: 1.6 at least" in page
