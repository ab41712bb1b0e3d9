"""Writes base classes for the adapter that implement every slot of the library's own classes by saying that
the call is not supported and returning nothing. What the adapter supports it overrides, so the difference is
also the list of what works."""

from .headers import suffix

HEAD = """\
// A base class for each class that the library implements: every call logs that it is not supported and
// returns null, false or zero. Generated from tables: do not edit.
#pragma once

#include "ingot_tensorrt.h"
#include "unsupported_call.h"

namespace ingot::tensorrt {

template <class Interface>
class Unsupported;
"""

# Implemented by the library although clients see them without an `apiv` class.
PLAIN = ["nvinfer1::IPluginRegistry", "nvinfer1::IPluginResourceContext", "nvonnxparser::IParser",
         "nvonnxparser::IParserError", "nvonnxparser::IParserRefitter"]  # fmt: skip


def public_name(c):
    """nvinfer1::apiv::VTensor is ITensor to its users."""
    own = c.own_name
    return "I" + own[1:] if c.space == "nvinfer1::apiv" else own


def body(c, slot):
    call = f'unsupported("{public_name(c)}::{slot.name}");'
    if slot.returns == "void":
        return call
    if slot.returns.endswith("&"):
        return None  # nothing to refer to: the adapter has to implement it
    return f"{call} return {{}};"


def text(interface):
    out = [HEAD]
    for c in interface.classes.values():
        if c.space != "nvinfer1::apiv" and c.name not in PLAIN:
            continue
        out.append(f"template <>\nclass Unsupported<{c.name}> : public {c.name} {{\n public:")
        for slot in c.slots:
            if slot.kind == "destructor" or "pure" not in slot.flags or not (code := body(c, slot)):
                continue
            arguments = ", ".join(slot.parameters)
            out.append(f"  {slot.returns} {slot.name}({arguments}){suffix(slot)} override {{ {code} }}")
        out.append("};\n")
    out.append("}  // namespace ingot::tensorrt")
    return "\n".join(out) + "\n"
