"""The files of the repository that lint looks at: tracked ones, and new ones that git does not ignore."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPP = (".h", ".cpp", ".inc", ".cu", ".cuh")
PYTHON = (".py", ".pyi")


def source_files(suffixes, root=ROOT):
    """Paths relative to the root, sorted."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(Path(n) for n in set(names) if n.endswith(suffixes) and (Path(root) / n).is_file())
