#!/usr/bin/env python3
"""lint.py [--fix]: formatting of C++ and Python, allowed includes, file sizes; all of it, then the verdict.

--fix formats in place instead of complaining.
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sources import CPP, PYTHON, ROOT, source_files

BIN = Path(sys.executable).parent
HERE = Path(__file__).parent
TABLES = ".inc"  # macro tables keep their own columns


def run(*command):
    return subprocess.run(command, cwd=ROOT).returncode == 0


def format_cpp(files, fix):
    """Formats, or names the files that are not formatted; clang-format itself would quote every line."""
    mode = ["-i"] if fix else ["--dry-run"]

    def unformatted(part):
        command = [BIN / "clang-format", *mode, *part]
        return subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.PIPE, text=True).stderr

    parts = os.cpu_count() or 1
    with ThreadPoolExecutor(parts) as pool:
        complaints = "".join(pool.map(unformatted, [files[i::parts] for i in range(min(parts, len(files)))]))
    names = sorted(set(re.findall(r"^(\S+?):\d+:\d+: warning", complaints, re.M)))
    for name in names:
        print(f"{name}: not formatted")
    return not names


def checks(fix):
    """(name, function that is true when all is well)"""
    cpp = [p for p in source_files(CPP) if p.suffix != TABLES]
    python = source_files(PYTHON)
    return {
        "includes": lambda: run(sys.executable, HERE / "check_layers.py"),
        "file sizes": lambda: run(sys.executable, HERE / "check_sizes.py"),
        "Python format": lambda: run(BIN / "ruff", "format", "-q", *([] if fix else ["--diff"]), *python),
        "Python": lambda: run(BIN / "ruff", "check", "-q", *(["--fix"] if fix else []), *python),
        "C++ format": lambda: format_cpp(cpp, fix),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fix", action="store_true", help="format in place")
    fix = parser.parse_args().fix
    failed = [name for name, passes in checks(fix).items() if not passes()]
    if failed:
        hint = "" if fix else "; './dev lint --fix' formats"
        sys.exit(f"lint: failed in {', '.join(failed)}{hint}")
    print("lint: passed")


if __name__ == "__main__":
    main()
