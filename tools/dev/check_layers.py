#!/usr/bin/env python3
"""check_layers.py [ROOT]: every #include between two rooms must be one that the table below allows.

The table is the architecture: data flows one way, and a room knows only what stands on its line. A room is
a folder; the longest matching name counts, and a file may always include its own room. An entry is a folder
or a single header. Tests that stand beside the code (*_test.cpp, *_testing.h) obey it, plus the test library.
"""

import os
import re
import sys
from pathlib import Path

from sources import CPP, ROOT, source_files

# Public headers without behaviour: the words that every room speaks.
WORDS = ["include/ingot/status.h", "include/ingot/data_type.h"]

ALLOWED = {
    "include/ingot": [],
    "src/base": ["include/ingot"],
    "src/ops": ["src/base"],
    "src/ir": ["src/ops", "src/base"],
    "src/frontend/onnx": ["src/ir", "src/ops", "src/base"],
    "src/passes": ["src/ir", "src/ops", "src/base"],
    "src/engine": ["src/base"],
    "src/runtime": ["src/engine", "src/base"],
    "src/target": ["src/ops", "src/ir", "src/engine", "src/base"],
    "src/tune": ["src/target", "src/runtime/device.h", "src/engine", "src/base"],
    "src/compiler": ["src/passes", "src/target", "src/tune", "src/engine", "src/ops", "src/ir", "src/base"],
    "src/backends/cpu": ["src/target", "src/runtime/device.h", "src/base"],
    "src/backends/cpu/kernels": ["src/base"],
    "src/backends/cpu/compile": [
        "src/backends/cpu/plugin.h",
        "src/backends/cpu/kernels",
        "src/target",
        "src/ops",
        "src/ir",
        "src/engine",
        "src/base",
    ],
    "src/backends/cpu/run": [
        "src/backends/cpu/plugin.h",
        "src/backends/cpu/kernels",
        "src/runtime/device.h",
        "src/engine",
        "src/ops",
        "src/base",
    ],
    "src/backends/cuda": ["src/target", "src/runtime/device.h", "src/base"],
    "src/backends/cuda/driver": ["src/base"],
    "src/backends/cuda/kernels": ["src/ops/pointwise_program.h", "src/base"],
    "src/backends/cuda/libs": ["src/backends/cuda/driver", "src/base"],
    "src/backends/cuda/steps": [
        "src/backends/cuda/kernels",
        "src/backends/cuda/libs",
        "src/backends/cuda/driver",
        "src/runtime/device.h",
        "src/engine",
        "src/ops",
        "src/base",
    ],
    "src/backends/cuda/run": [
        "src/backends/cuda/plugin.h",
        "src/backends/cuda/steps",
        "src/backends/cuda/kernels",
        "src/backends/cuda/libs",
        "src/backends/cuda/driver",
        "src/runtime/device.h",
        "src/engine",
        "src/ops",
        "src/base",
    ],
    # asks the libraries on the device for what they offer, hence run/
    "src/backends/cuda/compile": [
        "src/backends/cuda/plugin.h",
        "src/backends/cuda/run",
        "src/backends/cuda/steps",
        "src/backends/cuda/kernels",
        "src/backends/cuda/libs",
        "src/backends/cuda/driver",
        "src/target",
        "src/ops",
        "src/ir",
        "src/engine",
        "src/base",
    ],
    "src/api": ["include/ingot", "src"],
    "tools": ["include/ingot"],
    "python": ["include/ingot"],
    "server": ["include/ingot"],
    "compat": ["include/ingot"],
    "compat/cuda": [],
    "compat/tensorrt/trtexec": ["include/ingot", "tools/ingot", "compat/tensorrt/inspector"],
    "examples": ["include/ingot"],
    "tests": ["include/ingot", "src"],
    "fuzz": ["include/ingot", "src"],
    "bench": ["include/ingot", "src"],
}

# Libraries from outside, by how their headers start, and the only rooms that may use them.
LIBRARIES = {
    "gtest/": ["tests"],
    "gmock/": ["tests"],
    "google/protobuf": ["src/frontend/onnx"],
    "onnx.pb.h": ["src/frontend/onnx"],
    "CLI/": ["tools", "compat/tensorrt/trtexec"],
    "nanobind/": ["python"],
    "Python.h": ["python"],
    "cuda": ["src/backends/cuda", "compat/cuda", "examples"],
}
TEST_LIBRARIES = ("gtest/", "gmock/")
# What public headers may see: the standard library, whose headers have neither folder nor suffix (but .h).
STANDARD_HEADER = re.compile(r"[a-z_0-9]+(\.h)?")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def within(path, folder):
    return path == folder or path.startswith(folder + "/")


def room_of(path):
    return max((room for room in ALLOWED if within(path, room)), key=len, default=None)


def resolve(root, file, name):
    """The repository path that a quoted include names, or None for a generated or foreign header."""
    for folder in (Path(file).parent.as_posix(), "src", "include", "."):
        path = os.path.normpath(f"{folder}/{name}")
        if (root / path).is_file():
            return path
    return None


def library_problem(file, room, name, angled):
    for prefix, rooms in LIBRARIES.items():
        if name.startswith(prefix) and not any(within(room, r) for r in rooms):
            if prefix in TEST_LIBRARIES and file.endswith(("_test.cpp", "_testing.h")):
                return None
            return f"<{name}> belongs to {', '.join(rooms)} only"
    if room == "include/ingot" and angled and not STANDARD_HEADER.fullmatch(name):
        return f"<{name}>: public headers include the standard library only"
    return None


def edge_problem(room, target):
    target_room = room_of(target)
    allowed = [*ALLOWED[room], *WORDS]
    if target_room == room or any(within(target, entry) for entry in allowed):
        return None
    return f'"{target}": {room} may include only {", ".join(ALLOWED[room]) or "the standard library"}'


def check_file(root, file, text):
    """One line for each forbidden include of one file."""
    room = room_of(file)
    if room is None:
        return [f"{file}:1: is in no room of tools/dev/check_layers.py"]
    problems = []
    for match in INCLUDE.finditer(text):
        target = resolve(root, file, match[2]) if match[1] == '"' else None
        angled = match[1] == "<"
        problem = edge_problem(room, target) if target else library_problem(file, room, match[2], angled)
        if problem:
            line = text.count("\n", 0, match.start(2)) + 1
            problems.append(f"{file}:{line}: {problem}")
    return problems


def check(root):
    files = [path.as_posix() for path in source_files(CPP, root)]
    return len(files), [p for f in files for p in check_file(root, f, (root / f).read_text(errors="replace"))]


def main():
    count, problems = check(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    print(f"layers: {count} files, {len(problems)} forbidden includes")
    sys.exit("\n".join(problems) if problems else 0)


if __name__ == "__main__":
    main()
