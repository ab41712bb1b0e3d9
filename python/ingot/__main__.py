"""The `ingot` command of an installed package: `ingot ...`, `python -m ingot ...`."""

import os
import sys
from pathlib import Path


def main():
    package = Path(__file__).parent
    program = package / "bin" / "ingot"
    if not program.is_file():
        sys.exit(f"ingot: there is no {program}: this package was built without the command line")
    os.execv(program, ["ingot", *sys.argv[1:]])


if __name__ == "__main__":
    main()
