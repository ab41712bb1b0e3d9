"""The interface tables of one major version of TensorRT, read from ../interface/*.tsv."""

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

TABLES = Path(__file__).resolve().parents[1] / "interface"
MAJORS = ("8", "10", "11")


def rows(name):
    with open(TABLES / f"{name}.tsv", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def split_parameters(text):
    """'(int, const X*)' -> ['int', 'const X*']; commas inside <> do not count."""
    out, depth, start, text = [], 0, 0, text.strip()[1:-1]
    for at, c in enumerate(text):
        depth += (c == "<") - (c == ">")
        if c == "," and depth == 0:
            out.append(text[start:at].strip())
            start = at + 1
    return [*out, text[start:].strip()] if text.strip() else []


@dataclass
class Method:
    """A virtual slot (`slot` is its place in the vtable) or an inline function (`slot` is None)."""

    name: str
    returns: str
    parameters: list
    const: bool
    noexcept: bool
    flags: set
    slot: int | None = None
    kind: str = "method"
    body: str = "-"
    defaults: dict = field(default_factory=dict)

    @property
    def key(self):
        return self.name, tuple(self.parameters), self.const


@dataclass
class Class:
    name: str  # with namespaces, by its public alias: nvinfer1::ILogger
    version: str  # inner namespace of its definition: "", "v_1_0" or "v_2_0"
    own_name: str  # the name in that namespace: ILogger; Dims32 where Dims is its alias
    base: str | None
    destructor: str  # "", "public", "protected"
    size: int
    align: int
    slots: list = field(default_factory=list)
    methods: list = field(default_factory=list)
    fields: list = field(default_factory=list)  # (name, type, access, offset)
    constants: list = field(default_factory=list)  # (name, type, value)
    interface: tuple | None = None  # what getInterfaceInfo returns: (kind, major, minor)

    @property
    def space(self):
        return self.name.rpartition("::")[0]


class Interface:
    """All tables of one major."""

    def __init__(self, major):
        self.major = major
        self.classes = {c.name: c for c in map(self._class, self._of("classes"))}
        for row in self._of("slots"):
            self.classes[row["class"]].slots.append(self._slot(row))
        self.functions = []
        for row in rows("methods"):
            if major in row["majors"].split():
                self._method(row)
        for row in self._of("fields"):
            self._field(row)
        for row in rows("interfaces"):
            if major in row["majors"].split():
                self.classes[row["class"]].interface = row["kind"], row["major"], row["minor"]
        self.enums = {}
        for row in self._of("enums"):
            enum = self.enums.setdefault(row["enum"], (row["underlying"], []))
            enum[1].append((row["enumerator"], int(row[major])))
        self.aliases = [(r["alias"], r["type"]) for r in rows("aliases") if major in r["majors"].split()]
        self.macros = {r["name"]: (r["kind"], r[major]) for r in self._of("macros")}
        self.exports = [r for r in rows("exports") if major in r["majors"].split()]
        for c in self.classes.values():
            c.slots.sort(key=lambda m: m.slot)

    def _of(self, name):
        return [row for row in rows(name) if row[self.major] != "-"]

    def _class(self, row):
        version, size, align = row[self.major].split(":")
        own = row["class"].rpartition("::")[2]
        if version.startswith("Dims"):
            version, own = "", version
        if version == "v2":
            own = own.removesuffix("V2")
        base = row["base"]
        return Class(
            row["class"],
            {"-": "", "v1": "v_1_0", "v2": "v_2_0"}.get(version, version),
            own,
            None if base == "-" else base,
            row["destructor"].replace("-", "").split(",")[0],
            int(size),
            int(align),
        )

    def _slot(self, row):
        kind = "destructor" if row["name"] == "~" else "method"
        parameters = [] if kind == "destructor" else split_parameters(row["params"])
        return Method(
            row["name"],
            row["returns"],
            parameters,
            row["const"] == "const",
            row["noexcept"] == "noexcept",
            set(row["flags"].split(",")) - {"-"},
            int(row[self.major]),
            kind,
            defaults={
                int(r["position"]) - 1: r["value"]
                for r in rows("slot_defaults")
                if (r["class"], r["name"]) == (row["class"], row["name"])
            },
        )

    def _method(self, row):
        defaults = {}
        if row["defaults"] != "-":
            for item in row["defaults"].split(","):
                number, value = item.split("=", 1)
                defaults[int(number[1:]) - 1] = value
        parameters = [] if row["params"] == "-" else split_parameters(row["params"])
        method = Method(
            row["name"],
            row["returns"],
            parameters,
            row["const"] == "const",
            row["noexcept"] == "noexcept",
            set(row["flags"].split(",")) - {"-"},
            None,
            row["kind"],
            row["body"],
            defaults,
        )
        if row["class"] == "-":
            self.functions.append(method)
        else:
            self.classes[row["class"]].methods.append(method)

    def _field(self, row):
        owner = self.classes[row["class"]]
        if row["kind"] == "const":
            owner.constants.append((row["name"], row["type"], row["value"].removeprefix("value=")))
        else:
            owner.fields.append((row["name"], row["type"], row["access"], int(row[self.major])))

    def ancestors(self, c):
        """The class and its bases, nearest first."""
        while c is not None:
            yield c
            c = self.classes.get(c.base) if c.base else None

    def in_order(self):
        """Classes such that bases, members held by value and what inline functions call come first; before
        all the `apiv` ones and the plain structs, which functions pass by value."""
        done, out = set(), []

        def visit(c):
            if c.name in done:
                return
            done.add(c.name)
            needed = [c.base] if c.base else []
            needed += [re.sub(r"\[.*", "", type_).removeprefix("const ") for _, type_, *_ in c.fields]
            needed += [m.body.partition("(")[0].rpartition("::")[0] for m in c.methods]
            for name in needed:
                if name in self.classes:
                    visit(self.classes[name])
            out.append(c)

        for c in sorted(
            self.classes.values(), key=lambda c: (c.space != "nvinfer1::apiv", c.destructor != "")
        ):
            visit(c)
        return out
