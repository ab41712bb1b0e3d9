"""Writes a C++ program that compares what the compiler made of the generated headers with the tables:
sizes, offsets and enumerators at compile time, vtable slots when run."""

HEAD = """\
// Generated: compares the generated headers with the tables. Exit status 1 names each slot that differs.
#include <cstdio>
#include <cstring>
#include "NvInfer.h"

static int failures = 0;

// In the Itanium C++ ABI a pointer to a virtual member function holds 1 + the slot's offset in the vtable.
template <class Pointer>
static void slot(const char* name, Pointer pointer, std::size_t expected) {
  std::size_t word = 0;
  std::memcpy(&word, &pointer, sizeof(word));
  if (word == 1 + expected * sizeof(void*)) return;
  const std::ptrdiff_t got = (word & 1) != 0 ? static_cast<std::ptrdiff_t>(word / sizeof(void*)) : -1;
  std::printf("%s: slot %td, expected %zu\\n", name, got, expected);
  ++failures;
}
"""


def offsets(interface):
    for n, c in enumerate(interface.classes.values()):
        fields = [(name, offset) for name, _, access, offset in c.fields if access != "private"]
        if not fields:
            continue
        lines = " ".join(f'static_assert(offsetof(Reach{n}, {name}) == {at}, "");' for name, at in fields)
        # A member function's body is compiled when the class is complete, and sees protected members.
        yield f"struct Reach{n} : {c.name} {{ static void check() {{ {lines} }} }};"


def slots(interface):
    for c in interface.classes.values():
        for m in c.slots:
            if m.kind == "destructor" or m.flags & {"override", "protected", "private"}:
                continue
            end = (" const" if m.const else "") + (" noexcept" if m.noexcept else "")
            type_ = f"{m.returns} ({c.name}::*)({', '.join(m.parameters)}){end}"
            yield f'  slot("{c.name}::{m.name}", static_cast<{type_}>(&{c.name}::{m.name}), {m.slot});'


def text(interface):
    out = [HEAD]
    for c in interface.classes.values():
        out.append(f'static_assert(sizeof({c.name}) == {c.size} && alignof({c.name}) == {c.align}, "");')
    for name, (_, values) in interface.enums.items():
        if name != "enum":
            out += [
                f'static_assert(static_cast<int64_t>({name}::{n}) == {v}, "");'
                for n, v in values
                if n != "EnumMax"
            ]
    out += offsets(interface)
    out += ["int main() {", *slots(interface), "  return failures == 0 ? 0 : 1;", "}"]
    return "\n".join(out) + "\n"
