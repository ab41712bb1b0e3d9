"""The tables that the TensorRT headers are generated from agree with the published binary interface, and the
compiler's own dump of the generated classes agrees with the tables."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT.parent / "shared" / "tensorrt-abi"
VERSIONS = {"8": "8.6", "10": "10.16", "11": "11.1"}

sys.path.insert(0, str(ROOT / "compat" / "tensorrt"))
from generate import headers  # noqa: E402
from generate.tables import Interface  # noqa: E402


@pytest.fixture(params=VERSIONS)
def interface(request):
    return Interface(request.param)


def full_name(c):
    """As the compiler names the class: with the version's namespace, and what Dims is an alias of."""
    return "::".join(part for part in (c.space, c.version, c.own_name) if part)


def published(major, name):
    if not PUBLISHED.is_dir():
        pytest.skip(f"the published tables are not beside the checkout, in {PUBLISHED}")
    with open(PUBLISHED / VERSIONS[major] / f"{name}.tsv", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def dumped(tmp_path_factory):
    """{major: text of -fdump-lang-class}, made when first asked for."""
    made = {}

    def dump(interface):
        if interface.major not in made:
            folder = tmp_path_factory.mktemp(f"tensorrt-{interface.major}")
            headers.write(interface, folder)
            (folder / "all.cpp").write_text('#include "NvInfer.h"\n#include "NvOnnxParser.h"\n')
            command = ["g++", "-std=c++17", "-c", f"-fdump-lang-class={folder}/dump", f"-I{folder}"]
            subprocess.run([*command, "-o", folder / "all.o", folder / "all.cpp"], check=True)
            made[interface.major] = (folder / "dump").read_text()
        return made[interface.major]

    return dump


def test_slots_are_the_published_ones(interface):
    ours = {(full_name(c), m.slot): m.name for c in interface.classes.values() for m in c.slots}
    checked = 0
    for row in published(interface.major, "vtables"):
        if row["overrider"] != row["class"] or row["kind"] == "dtor-deleting":
            continue
        if row["kind"] == "dtor-complete":
            if row["introduced_in"] == row["class"]:
                assert ours[row["class"], int(row["slot"])] == "~", row
            continue
        assert ours[row["class"], int(row["slot"])] == row["name"], row
        checked += 1
    assert checked > 800


def test_enumerators_sizes_and_offsets_are_the_published_ones(interface):
    classes = {full_name(c): c for c in interface.classes.values()}
    for row in published(interface.major, "structs"):
        c = classes[row["class"]]
        if row["row"] == "type":
            assert (c.size, c.align) == (int(row["size"]), int(row["align"])), row
        elif row["row"] == "field":
            assert (row["name"], int(row["offset"])) in [(n, at) for n, _, _, at in c.fields], row
    for row in published(interface.major, "enums"):
        name = re.sub(r"::v_\d_0", "", row["enum"])
        assert (row["enumerator"], int(row["value"])) in interface.enums[name][1], row


def test_compiler_lays_classes_out_as_the_tables_say(interface, dumped):
    text = dumped(interface)
    sizes = dict(re.findall(r"^Class (\S+)\n   size=(\d+)", text, re.M))
    entries = dict(re.findall(r"^Vtable for (\S+)\n\S+ (\d+) entries", text, re.M))
    for c in interface.classes.values():
        name = full_name(c)
        assert int(sizes[name]) == c.size, name
        slots = [s for a in interface.ancestors(c) for s in a.slots]
        if slots:
            # offset to top and type information come first; a destructor takes two slots
            last = max(s.slot + (s.kind == "destructor") for s in slots)
            assert int(entries[name]) == last + 3, name
