#!/usr/bin/env python3
"""tables.py DIR [--write]: the tables of docs/benchmarks and of the README from what all.py left in DIR.

With --write they take the place of what is between <!-- NAME --> and <!-- end --> in the GPU's page
(docs/benchmarks/h200.md or h100.md), in gpu_checks.md and in the README; else they are printed.
"""

import argparse
import json
import re
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOALS = {  # ms on an H200: what is to be reached, and to come near to
    "resnet50_b1": "0.33 / 0.20",
    "resnet50_b8": "0.48 / 0.36",
    "resnet50_b32": "1.15 / 0.90",
    "resnet50_b128": "3.7 / 3.0",
    "resnet50_b128 INT8": "2.0 / 1.35",
    "fcn_resnet101": "5.2 / 4.6",
    "mobilenet_v2_b1": "0.22 / 0.17",
    "mobilenet_v2_b128": "1.6 / 1.15",
    "bert_base_1x128": "0.42 / 0.33",
    "bert_base_32x128": "1.70 / 1.40",
    "bert_base_8x384": "1.50 / 1.10",
    "vit_b_16_b1": "0.45 / 0.36",
    "vit_b_16_b32": "2.6 / 2.15",
    "efficientnet_b0_b1": "0.40 / 0.35",
    "efficientnet_b0_b32": "0.7 / 0.45",
    "resnet50_b1 TF32": "0.7",
    "resnet50_b32 TF32": "2.6",
}
PEERS = ["eager", "compile", "library"]
README = [  # three rows of networks on a line
    "resnet50_b1 mobilenet_v2_b1 bert_base_1x128",
    "resnet50_b8 mobilenet_v2_b128 bert_base_32x128",
    "resnet50_b32 efficientnet_b0_b1 bert_base_8x384",
    "resnet50_b128 efficientnet_b0_b32 vit_b_16_b1",
    "resnet50_b128_INT8 fcn_resnet101 vit_b_16_b32",
]
CHECKS = {  # beginning of a check's name: what it is
    "ops kernels": "kernels against `eval`, with guard zones",
    "ops steps": "steps: every op's cases on every kernel offered, all float types, sizes known and late",
    "memcheck": "both under compute-sanitizer's memcheck",
    "racecheck": "the kernels under racecheck",
    "streams": "a program's streams, events and CUDA graphs",
    "4 contexts": "4 contexts on 4 threads and streams, 10,000 runs each, equal bits",
    "full GPU": "a GPU whose memory is taken",
}


def name_of(row):
    precision = row["precision"].upper()
    return row["row"] + ("" if precision == "FP16" else f" {precision}")


def best(row):
    times = [row[f"{way}_ms"] for way in PEERS if f"{way}_ms" in row]
    return f"{min(times) / row['gpu_ms']:.2f}" if times else "-"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def rows_table(rows):
    head = ["row", "Ingot", "again", *PEERS, "best peer / Ingot", "goal", "kernels", "R", "R / Ingot", "R2"]
    head += ["R2 / Ingot", "error", "top-1", "cold build s", "build s", "MB"]
    out = []
    for row in rows:
        if "gpu_ms" not in row:
            out.append([name_of(row), "failed: " + row.get("error", "")[-80:], *[""] * (len(head) - 2)])
            continue
        ms = row["gpu_ms"]
        times = [ms, row.get("again_ms", "-"), *(row.get(f"{way}_ms", "-") for way in PEERS)]
        cells = [f"{t:.3f}" if isinstance(t, float) else t for t in times]
        cells += [best(row), GOALS.get(name_of(row), "-"), row["kernels"], f"{row['R']:.3f}"]
        cells += [f"{row['R'] / ms:.2f}", f"{row['R2']:.3f}", f"{row['R2'] / ms:.2f}"]
        cells += [f"{row['rel_error']:.1e}", row.get("top1", "-"), row.get("cold_s", "-"), row["build_s"]]
        out.append([name_of(row), *cells, round(row["engine_mb"])])
    return table(head, out)


def readme_table(rows):
    found = {name_of(row).replace(" ", "_"): row for row in rows if "gpu_ms" in row}
    out = []
    for line in README:
        cells = []
        for name in line.split():
            row = found.get(name)
            cells.append(name.replace("_INT8", ", INT8"))
            cells += [f"{row['gpu_ms']:.3f}", best(row)] if row else ["-", "-"]
        out.append(cells)
    return table(["row", "ms", "ratio"] * 3, out)


def checks_table(folder):
    lines = [line.split() for line in (folder / "progress.txt").read_text().splitlines()]
    words = [(line[0], " ".join(line[1:]), line[1:]) for line in lines]
    text, out = (folder / "checks.txt").read_text(errors="replace"), []
    for begin, what in CHECKS.items():
        found = [(state, name) for state, name, _ in words if name.startswith(begin)]
        failed = [re.sub(r" +\d+ s, at.*", "", name) for state, name in found if state != "ok"]
        said = f"{len(found)} processes, " + (f"failed: {', '.join(failed)}" if failed else "all pass")
        if begin == "ops steps":
            runs = sum(int(n) for n in re.findall(r"^(\d+) runs of families", text, re.M))
            said += f" ({runs} runs)" if runs else ""
        out.append([what, said if found else "not run"])
    return table(["check", "outcome"], out)


def models_table(folder):
    out = []
    for kind in ("models", "graphs", "int8", "fp8"):
        file = folder / f"{kind}.jsonl"
        rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        for precision in dict.fromkeys(row.get("precision", "-") for row in rows):
            some = [row for row in rows if row.get("precision", "-") == precision]
            errors = [(row["worst"], row["model"]) for row in some if "worst" in row]
            failed = [row["model"] for row in some if "error" in row or row.get("failed")]
            largest = max(errors, default=(float("nan"), "-"))
            median = statistics.median(e for e, _ in errors) if errors else float("nan")
            passed = f"{len(some) - len(failed)}" + (f" (not {', '.join(failed)})" if failed else "")
            cells = [len(some), passed, f"{median:.1e}", f"{largest[0]:.1e}, {largest[1]}"]
            out.append([f"{kind} {precision}", *cells])
    return table(["", "rows", "pass", "median error", "largest"], out)


def write(path, name, text):
    before, place = path.read_text(), rf"(<!-- {name} -->\n).*?(<!-- end -->)"
    after = re.sub(place, lambda m: m[1] + text + "\n" + m[2], before, flags=re.S)
    if after == before:
        print(f"{path}: no place for '{name}', or nothing new")
    path.write_text(after)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    folder = options.folder
    rows = json.loads((folder / "results.json").read_text())
    m = json.loads((folder / "machine.json").read_text())
    sm = m.get("sm", [0, 0, 0])
    machine = f"{m.get('gpu', '?')}, driver {m.get('driver', '?')}, {m['date']}; SM clock while busy "
    machine += f"{sm[0]} to {sm[2]} MHz (median {sm[1]}), memory {m.get('memory', '?')} MHz."
    page = ROOT / "docs" / "benchmarks" / ("h200.md" if "H200" in m.get("gpu", "") else "h100.md")
    checked = ROOT / "docs" / "benchmarks" / "gpu_checks.md"
    parts = [
        (page, "rows", machine + "\n\n" + rows_table(rows)),
        (ROOT / "README.md", "GPU rows", readme_table(rows)),
        (checked, "checks", machine + "\n\n" + checks_table(folder)),
        (checked, "models", models_table(folder)),
    ]
    for path, name, text in parts:
        if options.write:
            write(path, name, text)
        else:
            print(f"{path.name}, {name}:\n\n{text}\n")


if __name__ == "__main__":
    main()
