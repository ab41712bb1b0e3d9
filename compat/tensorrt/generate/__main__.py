"""python -m generate MAJOR FOLDER: the headers of one major of TensorRT, the adapter's base classes and the
program that checks the headers, each in a folder of its own."""

import sys
from pathlib import Path

from . import checks, headers, unsupported
from .tables import MAJORS, Interface

if len(sys.argv) != 3 or sys.argv[1] not in MAJORS:
    sys.exit(f"usage: python -m generate {{{','.join(MAJORS)}}} FOLDER")
interface, folder = Interface(sys.argv[1]), Path(sys.argv[2])
headers.write(interface, folder / "include")
for name, text in (
    ("adapter/unsupported.h", unsupported.text(interface)),
    ("checks/checks.cpp", checks.text(interface)),
):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
