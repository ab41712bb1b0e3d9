"""Turns the benchmark's figures into markdown: one table per number of threads, then start-up and memory."""

import os
import platform
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from math import exp, log

PEERS = ["onnxruntime", "openvino"]


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), "?")
    flags = next((line.split() for line in open("/proc/cpuinfo") if line.startswith("flags")), [])
    isa = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "baseline"
    versions = {}
    for package in (*PEERS, "ingot"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "date": date.today().isoformat(),
        "cpu": cpu,
        "isa": isa,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "versions": versions,
    }


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def ratio(engines, key):
    """How many times faster (or smaller) Ingot is than the best peer, or None where it did not run."""
    peers = [engines[peer][key] for peer in PEERS if peer in engines]
    return min(peers) / engines["ingot"][key] if "ingot" in engines and peers else None


def geometric_mean(values):
    return exp(sum(map(log, values)) / len(values))


def cell(value, digits=3):
    return "-" if value is None else f"{value:.{digits}g}" if value < 100 else f"{value:.0f}"


def latency_table(results, threads):
    rows, ratios, best_ratios = [], {}, []
    present = [e for e in (*PEERS, "ingot") if any(e in r["engines"] for r in results)]
    for result in (r for r in results if r["threads"] == threads):
        engines = result["engines"]
        by_median, by_minimum = ratio(engines, "ms"), ratio(engines, "best_ms")
        if by_median is not None:
            ratios[result["graph"]] = by_median
            best_ratios.append(by_minimum)
        cells = [f"{cell(engines[e]['ms'])} ({cell(engines[e]['best_ms'])})" for e in present]
        difference = engines.get("ingot", engines[present[-1]])["difference"]
        rows.append([result["graph"], *cells, cell(by_median), cell(by_minimum), f"{difference:.0e}"])
    header = ["graph", *(f"{e}, ms" for e in present), "best peer / ingot", "by minima", "difference"]
    text = table(header, rows)
    if ratios:
        worst = min(ratios, key=ratios.get)
        means = f"{geometric_mean(ratios.values()):.3f} (by minima {geometric_mean(best_ratios):.3f})"
        text += f"\nGeometric mean {means}; lowest {worst}, {ratios[worst]:.2f}.\n"
    return text


def resource_table(results):
    present = [e for e in (*PEERS, "ingot") if any(e in r["engines"] for r in results)]
    rows, starts, sizes = [], [], []
    for result in results:
        engines = result["engines"]
        create = [cell(engines[e]["create_s"] * 1000) for e in present]
        memory = [f"{engines[e]['peak_mib']:.0f}" for e in present]
        build = []
        if "ingot" in engines:
            build = [f"{engines['ingot']['engine_mib']:.0f}", cell(engines["ingot"]["build_s"])]
            if "onnxruntime" in engines:
                starts.append(engines["onnxruntime"]["create_s"] / engines["ingot"]["create_s"])
            if (smaller := ratio(engines, "peak_mib")) is not None:
                sizes.append(smaller)
        rows.append([result["graph"], str(result["threads"]), *create, *memory, *build])
    header = ["graph", "threads", *(f"{e}, ms to create" for e in present), *(f"{e}, MiB" for e in present)]
    text = table(header + (["engine file, MiB", "ingot build, s"] if "ingot" in present else []), rows)
    if starts:
        text += f"\nCreation by onnxruntime / ingot: {cell(min(starts))} at least, "
        text += f"geometric mean {cell(geometric_mean(starts))}.\n"
    if sizes:
        text += f"\nSmallest peer's memory / ingot's: {cell(min(sizes))} at least, "
        text += f"geometric mean {cell(geometric_mean(sizes))}.\n"
    return text


def page(results, command):
    facts = machine()
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    parts = [
        "# CPU benchmark\n",
        f"{facts['date']}, {facts['cpu']}, {facts['cores']} cores, {facts['isa']}; {versions}.",
        f"Command: `{command.strip()}`. Batch 1, float32; median of block medians, minima in brackets;",
        "`difference` is the largest one from onnxruntime's output, relative to its largest value.\n",
    ]
    timed = [r for r in results if all("ms" in figures for figures in r["engines"].values())]
    for threads in sorted({r["threads"] for r in timed}):
        parts += [f"## {threads} thread{'s' * (threads > 1)}\n", latency_table(timed, threads)]
    parts += [
        "## Start and memory\n",
        "Create: a session from the ONNX file, for Ingot an engine file loaded and a context made. Memory:",
        "peak resident size of the process that loads and runs the model, Python and the library included.\n",
        resource_table(results),
    ]
    return "\n".join(parts)
