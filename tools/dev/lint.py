#!/usr/bin/env python3
"""lint.py [--fix]: formatting of C++ and Python, allowed includes, file sizes; all of it, then the verdict.

--fix formats in place instead of complaining.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from sources import CPP, PYTHON, ROOT, source_files

BIN = Path(sys.executable).parent
HERE = Path(__file__).parent
TABLES = ".inc"  # macro tables keep their own columns


def commands(fix):
    """(what is checked, command line) in the order of speed."""
    cpp = [str(p) for p in source_files(CPP) if p.suffix != TABLES]
    python = [str(p) for p in source_files(PYTHON)]
    yield "includes", [sys.executable, HERE / "check_layers.py"]
    yield "file sizes", [sys.executable, HERE / "check_sizes.py"]
    yield "Python format", [BIN / "ruff", "format", "--quiet", *([] if fix else ["--diff"]), *python]
    yield "Python", [BIN / "ruff", "check", "--quiet", *(["--fix"] if fix else []), *python]
    yield "C++ format", [BIN / "clang-format", *(["-i"] if fix else ["--dry-run", "-Werror"]), *cpp]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fix", action="store_true", help="format in place")
    fix = parser.parse_args().fix
    failed = [name for name, command in commands(fix) if subprocess.run(command, cwd=ROOT).returncode]
    if failed:
        hint = "" if fix else "; './dev lint --fix' formats"
        sys.exit(f"lint: failed in {', '.join(failed)}{hint}")
    print("lint: passed")


if __name__ == "__main__":
    main()
