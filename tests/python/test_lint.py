"""The lint scripts find what they are there to find, and the repository itself passes them."""

import subprocess

import check_layers
import check_sizes
import pytest
from sources import ROOT


@pytest.fixture
def tree(tmp_path):
    """A small repository with one header per room that the tests include."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return check_layers.check(tmp_path)[1]

    write({name: "#pragma once\n" for name in ("src/base/a.h", "src/ops/op.h", "src/runtime/device.h")})
    write({name: "#pragma once\n" for name in ("src/runtime/loader.h", "include/ingot/engine.h")})
    return write


@pytest.mark.parametrize(
    "name, text",
    {
        "src/ops/x.cpp": '#include "base/a.h"\n#include <vector>\n',
        "src/ops/own.cpp": '#include "op.h"\n',
        "src/tune/x.cpp": '#include "runtime/device.h"\n',
        "src/base/a_test.cpp": "#include <gtest/gtest.h>\n",
        "src/frontend/onnx/x.cpp": '#include "onnx.pb.h"\n',
        "src/api/x.cpp": '#include "ingot/engine.h"\n#include "runtime/loader.h"\n',
        "tools/ingot/x.cpp": "#include <CLI/CLI.hpp>\n",
        "include/ingot/x.h": "#include <stdint.h>\n#include <span>\n",
        "src/base/comment.cpp": '// #include "ops/op.h"\n',
    }.items(),
)
def test_allowed_include(tree, name, text):
    assert tree({name: text}) == []


@pytest.mark.parametrize(
    "name, text, words",
    [
        (
            "src/base/x.cpp",
            '#include "ops/op.h"\n',
            '"src/ops/op.h": src/base may include only include/ingot',
        ),
        ("src/base/deep/x.cpp", '#include "../../ops/op.h"\n', "src/base may include only"),
        ("src/tune/x.cpp", '#include "runtime/loader.h"\n', "src/tune may include only"),
        ("src/ops/x.cpp", '#include "ingot/engine.h"\n', "include/ingot/engine.h"),
        (
            "src/backends/cpu/kernels/gemm/x.cpp",
            '#include "ops/op.h"\n',
            "cpu/kernels may include only src/base",
        ),
        ("src/base/x.cpp", "#include <gtest/gtest.h>\n", "gtest/gtest.h"),
        ("src/engine/x.cpp", "#include <google/protobuf/arena.h>\n", "google/protobuf/arena.h"),
        ("include/ingot/x.h", "#include <nlohmann/json.hpp>\n", "standard library only"),
        ("tools/ingot/x.cpp", '#include "base/a.h"\n', "tools may include only include/ingot"),
        ("src/attic/x.cpp", "", "in no room"),
    ],
)
def test_forbidden_include(tree, name, text, words):
    problems = tree({name: text})
    assert len(problems) == 1 and problems[0].startswith(f"{name}:1: ") and words in problems[0], problems


def test_line_of_the_include_is_named(tree):
    assert tree({"src/base/x.h": '#pragma once\n\n  #  include "ops/op.h"\n'})[0].startswith(
        "src/base/x.h:3: "
    )


def test_sizes():
    errors, warnings = check_sizes.check({"a.cpp": 1001, "b.cpp": 1000, "c.cpp": 451, "d.cpp": 450})
    assert [e.split(":")[0] for e in errors] == ["a.cpp"]
    assert warnings == ["b.cpp: 1000 lines", "c.cpp: 451 lines"]


def test_allowed_rooms_exist_in_the_table():
    for room, entries in check_layers.ALLOWED.items():
        for entry in entries:
            assert check_layers.room_of(entry) or entry == "src", f"{room} may include the unknown {entry}"


def test_repository_keeps_the_rules():
    assert check_layers.check(ROOT)[1] == []
