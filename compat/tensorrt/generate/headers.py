"""Writes the C++ headers of one major from its tables: every class with its vtable, the inline functions
that clients compile, enums, structs and macros."""

import re

INCLUDES = {
    "nvinfer": [
        "NvInfer.h", "NvInferRuntime.h", "NvInferRuntimeBase.h", "NvInferRuntimeCommon.h",
        "NvInferRuntimePlugin.h", "NvInferPluginBase.h", "NvInferLegacyDims.h", "NvInferImpl.h",
        "NvInferVersion.h", "NvInferPlugin.h", "NvInferPluginUtils.h", "NvUtils.h",
    ],
    "nvonnxparser": ["NvOnnxParser.h", "NvOnnxConfig.h"],
}  # fmt: skip

PROLOGUE = """\
// Interface of TensorRT {version}, for programs that run on Ingot. Generated from tables: do not edit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

// As the CUDA runtime declares them, so that its headers are not needed.
struct CUstream_st;
struct CUevent_st;
struct cudnnContext;
struct cublasContext;
typedef struct CUstream_st* cudaStream_t;
typedef struct CUevent_st* cudaEvent_t;

#define TRT_DEPRECATED
#define TRT_DEPRECATED_API
#define TRT_DEPRECATED_ENUM
#define TRT_DEPRECATED_BECAUSE(reason)
#define TRT_NODISCARD
#define TRT_NODISCARD_BECAUSE(reason)
#define TRTNOEXCEPT
#define TENSORRTAPI __attribute__((visibility("default")))
#define NV_TENSORRT_VERSION_INT(major, minor, patch) ((major) * 10000 + (minor) * 100 + (patch))
"""

REGISTRAR = """
namespace nvinfer1 {
/// Registers a creator when the library or program that holds it starts.
template <typename Creator>
class PluginRegistrar {
 public:
  PluginRegistrar() { getPluginRegistry()->registerCreator(mCreator, ""); }

 private:
  Creator mCreator{};
};
}  // namespace nvinfer1

#define REGISTER_TENSORRT_PLUGIN(Creator) \\
  static nvinfer1::PluginRegistrar<Creator> pluginRegistrar##Creator {}
"""

# Bodies that the tables only call "inline-only".
BODIES = {
    "destroy": "delete this;",
    ("nvinfer1::IGpuAllocator", "deallocate"): "free(p1); return true;",
    ("nvinfer1::IPluginV2Ext", "getTensorRTVersion"): "kV2_EXT",
    ("nvinfer1::IPluginV2IOExt", "getTensorRTVersion"): "kV2_IOEXT",
    ("nvinfer1::IPluginV2DynamicExt", "getTensorRTVersion"): "kV2_DYNAMICEXT",
}


def parameters(method, with_defaults=False):
    out = []
    for i, type_ in enumerate(method.parameters):
        default = f" = {method.defaults[i]}" if with_defaults and i in method.defaults else ""
        out.append(f"{type_} p{i + 1}{default}")
    return ", ".join(out)


def suffix(method):
    return (" const" if method.const else "") + (" noexcept" if method.noexcept else "")


class Writer:
    def __init__(self, interface):
        self.interface = interface
        self.out = []

    def text(self):
        macros = self.interface.macros
        version = "{}.{}.{}".format(*(macros[f"NV_TENSORRT_{p}"][1] for p in ("MAJOR", "MINOR", "PATCH")))
        self.out = [PROLOGUE.format(version=version)]
        self.macros()
        self.forward()
        self.enums()
        for c in self.interface.in_order():
            if not self.nested(c):
                self.define(c)
        self.functions()
        self.out.append(REGISTRAR)
        self.enum_limits()
        return "\n".join(self.out) + "\n"

    def nested(self, c):
        return c.space in self.interface.classes

    def macros(self):
        for name, (kind, value) in self.interface.macros.items():
            if kind == "macro":
                self.out.append(f"#define {name} {value}")
        for name, (kind, value) in self.interface.macros.items():
            if kind == "constant":
                space, _, own = name.rpartition("::")
                line = f"constexpr int32_t {own} = {value};"
                self.out.append(f"namespace {space} {{ {line} }}" if space else line)

    def forward(self):
        for c in self.interface.classes.values():
            if self.nested(c):
                continue
            own = c.name.rpartition("::")[2]
            declaration = f"class {c.own_name};"
            if c.version:
                declaration = (
                    f"namespace {c.version} {{ {declaration} }} using {own} = {c.version}::{c.own_name};"
                )
            elif c.own_name != own:
                declaration += f" using {own} = {c.own_name};"
            self.out.append(f"namespace {c.space} {{ {declaration} }}")
        # Named in signatures of the interface, defined nowhere in it.
        self.out.append("namespace nvinfer1 { class IPlugin; class IPluginFactory; }")
        self.out.append("namespace nvinfer1::safe { class IPluginRegistry; }")

    def enums(self):
        for name, (underlying, values) in self.interface.enums.items():
            if name.rpartition("::")[0] not in self.interface.classes and name != "enum":
                self.enum(name, underlying, values)
        for alias, type_ in self.interface.aliases:
            space, _, own = alias.rpartition("::")
            if space not in self.interface.classes and type_ not in self.interface.classes:
                line = f"using {own} = {type_};".replace("std::vector<unsigned long>", "std::vector<size_t>")
                self.out.append(f"namespace {space} {{ {line} }}" if space else line)

    def enum(self, name, underlying, values, indent=""):
        space, _, own = name.rpartition("::")
        type_ = {"int": "int32_t", "unsigned int": "uint32_t", "unsigned char": "uint8_t"}.get(
            underlying, underlying
        )
        lines = [f"{indent}enum class {own} : {type_} {{"]
        lines += [f"{indent}  {n} = {v}," for n, v in values if n != "EnumMax"]
        lines.append(f"{indent}}};")
        if space in self.interface.classes:
            self.out += lines
        else:
            self.out += [f"namespace {space} {{", *lines, "}"]

    def define(self, c):
        spaces = [s for s in (c.space, c.version) if s]
        self.out.append("".join(f"namespace {s} {{ " for s in spaces))
        self.body(c)
        self.out.append("}" * len(spaces))

    def body(self, c):
        own = c.own_name
        plain = not c.slots and not c.destructor
        base = f" : public {c.base}" if c.base else ""
        self.out.append(f"class {own}{base} {{")
        self.access = None
        for name, (underlying, values) in self.interface.enums.items():
            if name.rpartition("::")[0] == c.name:
                self.section("public")
                self.enum(name, underlying, values, "  ")
        for alias, type_ in self.interface.aliases:
            if alias.rpartition("::")[0] == c.name:
                self.line("public", f"using {alias.rpartition('::')[2]} = {type_};")
        for other in self.interface.classes.values():
            if other.space == c.name:
                self.section("public")
                self.body(other)
        for name, type_, value in c.constants:
            value += "U" if type_.endswith("uint64_t") else ""
            self.line("public", f"static constexpr {type_.removeprefix('const ')} {name} = {value};")
        if not plain:
            self.special(c, own)
        self.virtuals(c)
        for method in c.methods:
            if method.kind in ("method", "static", "ctor"):
                self.inline(c, own, method)
        for name, type_, access, _ in c.fields:
            extent = re.search(r"(\[.*\])$", type_)
            array = extent.group(1) if extent else ""
            initial = "{}" if not plain else ""
            self.line(access, f"{type_.removesuffix(array)} {name}{array}{initial};")
        self.out.append("};")

    def section(self, access):
        if self.access != access:
            self.out.append(f" {access}:")
            self.access = access

    def line(self, access, text):
        self.section(access)
        self.out.append(f"  {text}")

    def special(self, c, own):
        """Classes with a vtable are not copied by clients, but client classes may be."""
        if c.name == "nvinfer1::INoCopy":
            self.line("protected", f"{own}() = default;")
            self.line("public", f"{own}(const {own}&) = delete;")
            self.line("public", f"{own}& operator=(const {own}&) = delete;")
        elif c.slots and not any(m.kind == "ctor" for m in c.methods):
            self.line("public", f"{own}() = default;")
        if c.destructor and not any(m.kind == "destructor" for m in c.slots):
            self.line(c.destructor, f"~{own}() noexcept override = default;")

    def virtuals(self, c):
        inline = {m.key: m for m in c.methods if m.kind == "virtual"}
        for slot in c.slots:
            if slot.kind == "destructor":
                self.line(c.destructor, f"virtual ~{c.own_name}() noexcept = default;")
                continue
            access = next((a for a in ("protected", "private") if a in slot.flags), "public")
            override = "override" in slot.flags
            start = "" if override else "virtual "
            end = (
                suffix(slot) + (" override" if override else "") + (" final" if "final" in slot.flags else "")
            )
            body = (
                " = 0;"
                if "pure" in slot.flags
                else f" {{ {self.virtual_body(c, slot, inline.get(slot.key))} }}"
            )
            self.line(access, f"{start}{slot.returns} {slot.name}({parameters(slot, True)}){end}{body}")

    def virtual_body(self, c, slot, method):
        if slot.name == "getInterfaceInfo":
            kind, major, minor = c.interface
            return f'return nvinfer1::InterfaceInfo{{"{kind}", {major}, {minor}}};'
        if slot.name == "getAPILanguage":
            return "return nvinfer1::APILanguage::kCPP;"
        if method is None:
            raise ValueError(f"no body for {c.name}::{slot.name}")
        return self.statement(c, method)

    def statement(self, c, method):
        """The body of an inline function, from what the tables say of it."""
        body = method.body
        known = body == "inline-only" or body.endswith("::free")
        special = (BODIES.get((c.name, method.name)) or BODIES.get(method.name)) if known else None
        if special and special.startswith("kV2"):
            tag = f"static_cast<int32_t>(nvinfer1::PluginVersion::{special})"
            return f"return ({tag} << 24) | (NV_TENSORRT_VERSION & 0xffffff);"
        if special:
            return special
        if body in ("inline: empty", "-"):
            return ""
        if body.startswith("inline: returns "):
            value = body.removeprefix("inline: returns ")
            return f"return {value};" if not value.startswith("Calibration") else f"return nvinfer1::{value};"
        if body == "inline-only":
            return "return {};"
        target, _, given = body.partition("(")
        arguments = given[:-1] if given else ", ".join(f"p{i + 1}" for i in range(len(method.parameters)))
        owner, _, name = target.rpartition("::")
        arguments = re.sub(r"\$(\d+)", r"p\1", arguments)
        result = "" if method.returns == "void" else "return "
        return f"{result}{self.reach(c, owner)}{name}({arguments});"

    def reach(self, c, owner):
        """How `c` gets at an object of class `owner`: through its pointer member, or itself."""
        for ancestor in self.interface.ancestors(c):
            for name, type_, *_ in ancestor.fields:
                if type_ == f"{owner}*":
                    return f"{name}->"
        return "this->"

    def inline(self, c, own, method):
        access = next((a for a in ("protected", "private") if a in method.flags), "public")
        if method.kind == "ctor":
            self.line(access, self.constructor(c, own, method))
            return
        start = "static " if method.kind == "static" else ""
        head = f"{start}{method.returns} {method.name}({parameters(method, True)}){suffix(method)}"
        self.line(access, f"{head} {{ {self.statement(c, method)} }}")

    def constructor(self, c, own, method):
        end = suffix(method)
        if "defaulted" in method.flags:
            return f"{own}() = default;"
        arguments = [f"p{i + 1}" for i in range(len(method.parameters))]
        if method.body == "-":  # defined in the library
            return f"TENSORRTAPI {own}({parameters(method, True)}){end};"
        if "Dims" in own:
            return self.dims_constructor(c, own, arguments, method)
        names = [name for name, *_ in c.fields]
        initial = ", ".join(f"{n}({a})" for n, a in zip(names, arguments, strict=False))
        return f"{own}({parameters(method, True)}){end}{' : ' + initial if initial else ''} {{}}"

    def dims_constructor(self, c, own, arguments, method):
        """Dims2, Dims3 and Dims4 hold as many sizes as their name says."""
        base = c.base.rpartition("::")[2]
        rank = 2 if own == "DimsHW" else int(own[-1])
        if own == "DimsHW":
            return f"{own}({parameters(method)}) : {base}({', '.join(arguments)}) {{}}"
        head = f"{own}({parameters(method)})"
        if not arguments:
            return f"{own}() : {own}({', '.join('0' * rank)}) {{}}"
        values = " ".join(f"d[{i}] = {a};" for i, a in enumerate(arguments))
        return f"{head} {{ nbDims = {rank}; for (auto& e : d) e = 0; {values} }}"

    def functions(self):
        for f in self.interface.functions:
            space, _, own = f.name.rpartition("::")
            if f.kind in ("extern-C", "extern-C++"):
                start = 'extern "C" ' if f.kind == "extern-C" else ""
                line = f"{start}TENSORRTAPI {f.returns} {own}({parameters(f)}){suffix(f)};"
            elif f.kind == "inline" and own != "EnumMax":
                body = re.sub(r"\$(\d+)", r"p\1", f.body)
                body = f"{{ return static_cast<{f.returns}>({body}); }}"
                line = f"inline {f.returns} {own}({parameters(f)}){suffix(f)} {body}"
            else:
                continue
            self.out.append(f"namespace {space} {{ {line} }}" if space else line)

    def enum_limits(self):
        for space in ("nvinfer1", "nvonnxparser"):
            self.out.append(
                f"namespace {space} {{ template <typename E> constexpr int32_t EnumMax() noexcept; }}"
            )
            for name, (_, values) in self.interface.enums.items():
                limit = dict(values).get("EnumMax")
                if limit is not None and name.startswith(f"{space}::"):
                    line = f"template <> constexpr int32_t EnumMax<{name}>() noexcept {{ return {limit}; }}"
                    self.out.append(f"namespace {space} {{ {line} }}")


def write(interface, folder):
    """The headers of one major: all in one, which each of the usual names includes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ingot_tensorrt.h").write_text(Writer(interface).text())
    for names in INCLUDES.values():
        for name in names:
            (folder / name).write_text('#include "ingot_tensorrt.h"\n')
