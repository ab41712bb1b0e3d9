#!/usr/bin/env python3
"""list_ops.py [--missing] [FOLDER ...]: every operator that ONNX models under the folders use, one row each.

Subgraphs (If, Loop, Scan) and the bodies of local functions count; a call of a local function does not. The
default folders are the shared graphs and models beside the checkout. Nothing but the model's text is needed:
weights are not read. With --missing: only those that Ingot's front end does not know, and exit code 1 if any.
"""

import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path

import onnx

ROOT = Path(__file__).resolve().parents[2]
SHARED = [ROOT.parent / "shared" / "graphs", ROOT.parent / "shared" / "models"]


class Use:
    """Where one operator is used: opset versions declared, schema versions those select, models."""

    def __init__(self):
        self.opsets, self.since, self.models = set(), set(), set()


def imports_of(proto):
    return {entry.domain or "ai.onnx": entry.version for entry in proto.opset_import}


def since_version(op, opset, domain):
    try:
        return onnx.defs.get_schema(op, opset, "" if domain == "ai.onnx" else domain).since_version
    except onnx.defs.SchemaError:
        return None  # a contrib operator: onnx has no schema


def nodes_of(nodes):
    """The nodes and, below each, those of the subgraphs in its attributes."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in [attribute.g, *attribute.graphs]:
                yield from nodes_of(graph.node)


def operators(model):
    """(domain, op, opset) of each node, without the calls of the model's own functions."""
    local = {(f.domain or "ai.onnx", f.name) for f in model.functions}
    bodies = [(model.graph.node, imports_of(model))] + [(f.node, imports_of(f)) for f in model.functions]
    for nodes, versions in bodies:
        for node in nodes_of(nodes):
            domain = node.domain or "ai.onnx"
            if (domain, node.op_type) not in local:
                yield domain, node.op_type, versions.get(domain)


def collect(folders):
    """{(domain, op): Use} over all .onnx files below the folders."""
    uses = defaultdict(Use)
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.onnx")):
            model = onnx.load(path, load_external_data=False)
            for domain, op, opset in operators(model):
                use = uses[domain, op]
                use.models.add(path.stem)
                if opset is not None:
                    use.opsets.add(opset)
                    use.since.add(since_version(op, opset, domain))
    return dict(uses)


class Supported:
    """What the front end's table of operators and the registry of ops say; both are one line an entry."""

    ROW = re.compile(r'^INGOT_ONNX\("([^"]*)", (\w+), (\d+), (\w+), (\w+)\)', re.M)
    OP = re.compile(r"^INGOT_OP\((\w+)\)", re.M)

    def __init__(self, opsets_text, ops_text):
        self.rows = defaultdict(list)
        ops = set(self.OP.findall(ops_text))
        for domain, op, first, last, builder in self.ROW.findall(opsets_text):
            if builder != "same" or op in ops:
                last = sys.maxsize if last == "kNewest" else int(last)
                self.rows[domain or "ai.onnx", op].append(range(int(first), last))

    @classmethod
    def of_sources(cls):
        sources = ROOT / "src"
        return cls((sources / "frontend/onnx/opsets.inc").read_text(), (sources / "ops/ops.inc").read_text())

    def missing(self, uses):
        """{(domain, op): opsets that no entry covers}"""
        gaps = {}
        for key, use in uses.items():
            ranges = self.rows[key]
            uncovered = {v for v in use.opsets if not any(r.start <= v <= r.stop for r in ranges)}
            if uncovered or not ranges:
                gaps[key] = uncovered
        return gaps


def numbers(values):
    return ",".join(str(v) for v in sorted(v for v in values if v is not None)) or "-"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=SHARED)
    parser.add_argument("--missing", action="store_true", help="only what the front end does not know")
    options = parser.parse_args()
    uses = collect(options.folders)
    if not uses:
        sys.exit("list_ops: no .onnx file found")
    if options.missing:
        gaps = Supported.of_sources().missing(uses)
        uses = {key: use for key, use in uses.items() if key in gaps}
    print("# domain op | opsets declared | schema since | models")
    for (domain, op), use in sorted(uses.items()):
        columns = [f"{domain} {op}", numbers(use.opsets), numbers(use.since), " ".join(sorted(use.models))]
        print(" | ".join(columns))
    sys.exit(1 if options.missing and uses else 0)


if __name__ == "__main__":
    main()
