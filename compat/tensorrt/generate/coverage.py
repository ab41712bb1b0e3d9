"""python -m generate.coverage [--write]: docs/tensorrt_coverage.md, what of TensorRT's interface works here.

A method works when the adapter overrides its slot (../src), or, for classes that clients implement, when the
adapter calls it. What works in part or not at all has its reason in coverage_notes.tsv."""

import csv
import re
import sys
from collections import defaultdict
from pathlib import Path

from .tables import MAJORS, Interface

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parent / "src"
PAGE = HERE.parents[2] / "docs" / "tensorrt_coverage.md"
LIBRARY = ["nvinfer1::IPluginRegistry", "nvinfer1::IPluginResourceContext", "nvonnxparser::IParser",
           "nvinfer1::IKernelLaunchParamsImpl", "nvinfer1::ISymExprsImpl", "nvonnxparser::IParserError",
           "nvonnxparser::IParserRefitter"]  # fmt: skip
# Why methods of whole families do not work, by the start of the class's name.
OTHER = {
    "nvcaffeparser1": "Caffe models are refused: export to ONNX",
    "nvuffparser": "UFF models are refused: export to ONNX",
    "nvinfer1::consistency": "safety certification has no meaning here",
    "nvinfer1::safe": "safety certification has no meaning here",
    "IConfig": "the configuration object of older samples is not used by the parser",
    "IOnnxConfig": "the configuration object of older samples is not used by the parser",
}


def overrides_by_class():
    """{V class or plain interface: names of the methods that the adapter overrides}, and all calls made."""
    own, bases, text = defaultdict(set), {}, ""
    for path in sorted([*SOURCES.rglob("*.h"), *SOURCES.rglob("*.cpp")]):
        code = re.sub(r"//.*", "", path.read_text())
        text += code
        for match in re.finditer(r"\nclass (\w+)(?: final)?\s*:([^{;]*)\{", code):
            body = block(code, match.end())
            name = f"{path.stem}:{match[1]}" if path.suffix == ".cpp" else match[1]
            bases[name] = re.findall(r"[\w:]+", match[2])
            plain = re.sub(r"INGOT_\w*PARAMETER\(.*\)", "", body)
            own[name] |= set(re.findall(r"(\w+)\([^;{}()]*\)[^;{}()]*override", plain))
            for _, parameter in re.findall(r"INGOT_(\w*PARAMETER)\((?:[^,()]*, )?(\w+), \w+\)", body):
                own[name] |= {f"set{parameter}", f"get{parameter}"}
    result = defaultdict(set)
    local = {n.partition(":")[2] or n: n for n in own}

    def inherited(name):
        found = set(own[name])
        for base in bases[name]:
            if base in local and local[base] != name:
                found |= inherited(local[base])
        return found

    def interfaces(name):
        found = {b for b in bases[name] if re.search(r"apiv::V|::I", b)}
        for base in bases[name]:
            if base in local and local[base] != name:
                found |= interfaces(local[base])
        return found

    for name in own:
        for interface in interfaces(name):
            result[interface] |= inherited(name)
    return result, text


def block(code, start):
    """The text up to the brace that closes the one before `start`."""
    depth = 1
    for at in range(start, len(code)):
        depth += (code[at] == "{") - (code[at] == "}")
        if depth == 0:
            return code[start:at]
    return code[start:]


def notes():
    with open(HERE / "coverage_notes.tsv", newline="") as file:
        return {
            (r["class"], r["method"]): (r["state"], r["why"]) for r in csv.DictReader(file, delimiter="\t")
        }


def reason(c, shown):
    return next((w for k, w in OTHER.items() if c.name.startswith(k) or shown.startswith(k)), "")


def table():
    """{public class: {method: (state, why, majors)}}"""
    overrides, code = overrides_by_class()
    known = notes()
    out = defaultdict(dict)
    for major in MAJORS:
        interface = Interface(major)
        for c in interface.classes.values():
            library = c.space == "nvinfer1::apiv" or c.name in LIBRARY
            for slot in c.slots:
                if slot.kind == "destructor" or slot.name == "getPImpl":
                    continue
                short = "I" + c.own_name[1:] if c.space == "nvinfer1::apiv" else c.own_name
                shown = short if c.space in ("nvinfer1::apiv", "nvinfer1", "nvonnxparser") else c.name
                if library:
                    works = slot.name in overrides[c.name]
                else:
                    works = bool(re.search(rf"(->|\.){slot.name}\(", code)) or "final" in slot.flags
                    works = works or short in ("INetworkDefinition", "IBuilderConfig")
                    works = works and "parser1" not in c.space  # names that other classes have, too
                state, why = known.get((shown, slot.name)) or known.get((shown, "*")) or ("yes", "")
                if not works and state != "no":
                    state, why = ("yes", "") if (state == "yes" and why) else ("no", reason(c, shown))
                entry = out[shown].setdefault(slot.name, (state, why, []))
                if major not in entry[2]:
                    entry[2].append(major)
    return out


def used():
    """{method's name: state, the worst of its classes}, for the methods that programs are known to call."""
    text = (HERE / "used_methods.txt").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    classes, out = table(), {}
    for line in "\n".join(lines).replace("\n  ", " ").splitlines():
        name, _, methods = line.partition(": ")
        for method in methods.split():
            states = (out.get(method, "yes"), classes[name][method][0])
            out[method] = min(states, key=["no", "partly", "yes"].index)
    return out


def used_line():
    states = used()
    rest = [f"`{m}` ({s})" for m, s in sorted(states.items()) if s != "yes"]
    return (
        f"Of the {len(states)} names of methods that programs are known to call (`used_methods.txt`), "
        f"{len(states) - len(rest)} work whole; the others: {', '.join(rest)}."
    )


def page():
    classes = table()
    states = [state for methods in classes.values() for state, *_ in methods.values()]
    count = {state: states.count(state) for state in ("yes", "partly", "no")}
    lines = [
        "# TensorRT's interface: what works",
        "",
        "Every class and method of TensorRT 8.6, 10.16 and 11.1, as programs find it in the libraries of",
        "`compat/tensorrt`. A method that does not work logs its name as an error and returns null, false or",
        "zero. Methods that programs implement (of loggers, plugins ...) work where they are called.",
        "This page is generated from the interface tables, the adapter's sources and `coverage_notes.tsv`:",
        "`python -m generate.coverage --write` in `compat/tensorrt`.",
        "",
        f"{count['yes']} methods work, {count['partly']} work in part, {count['no']} do not.",
        "",
        used_line(),
    ]
    for name in sorted(classes):
        methods = classes[name]
        lines += ["", f"## {name}", ""]
        whole = [m for m, (state, *_) in methods.items() if state == "yes"]
        if whole:
            lines.append("yes: " + ", ".join(f"`{m}`{versions(methods[m][2])}" for m in whole))
        for method, (state, why, majors) in methods.items():
            if state != "yes":
                lines.append(f"- {state}: `{method}`{versions(majors)}" + (f": {why}" if why else ""))
    return "\n".join(lines) + "\n"


def versions(majors):
    return "" if len(majors) == len(MAJORS) else f" ({', '.join(majors)})"


def unexplained():
    """Methods that do not work, of which nobody says why."""
    return [
        f"{name}::{method}"
        for name, methods in table().items()
        for method, (state, why, _) in methods.items()
        if state != "yes" and not why
    ]


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page())
    else:
        for line in unexplained():
            print(line)
