"""Where things are: the imported package's build folder, or the archive unpacked in INGOT_PREFIX."""

import os
from pathlib import Path

import ingot
from sources import ROOT

_archive = os.environ.get("INGOT_PREFIX")
PREFIX = Path(_archive) if _archive else Path(ingot.__file__).parents[2]
TOOL = PREFIX / "bin" / "ingot"
LIBRARIES = PREFIX / "lib"
HEADERS = PREFIX / "include" if _archive else ROOT / "include"
