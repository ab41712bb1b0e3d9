#!/usr/bin/env python3
"""check_sizes.py: a hand-written file over 1000 lines fails, one over 450 is named.

Small files are how the project stays readable: the aim is a median of about 120 lines. A file that has to be
longer is listed below with the reason.
"""

import sys
from statistics import quantiles

from sources import CPP, PYTHON, ROOT, source_files

LIMIT, ADVICE = 1000, 450
ALLOWED = {}  # "path": "why it has to be one long file"


def line_count(path):
    return path.read_bytes().count(b"\n")


def check(counts):
    """(errors, warnings) for {path: lines}."""
    long = sorted((item for item in counts.items() if item[1] > ADVICE), key=lambda item: -item[1])
    errors = [
        f"{path}: {lines} lines, at most {LIMIT} are allowed: split it, or list it in check_sizes.py"
        for path, lines in long
        if lines > LIMIT and str(path) not in ALLOWED
    ]
    warnings = [f"{path}: {lines} lines" for path, lines in long if lines <= LIMIT]
    return errors, warnings


def main():
    counts = {p: line_count(ROOT / p) for p in source_files((*CPP, *PYTHON, ".sh"))}
    errors, warnings = check(counts)
    for warning in warnings:
        print(f"long file: {warning}")
    tenths = quantiles(counts.values(), n=10)
    spread = f"median {tenths[4]:.0f}, 90 % {tenths[8]:.0f}"
    print(f"sizes: {len(counts)} files, {sum(counts.values())} lines, {spread}")
    sys.exit("\n".join(errors) if errors else 0)


if __name__ == "__main__":
    main()
