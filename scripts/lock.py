"""Lock the Python dependencies: `make lock`. The files name versions and hashes, and no address to download from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("requirements", "requirements-node", "requirements-dev")
OPTIONS = (
    "--quiet",
    "--generate-hashes",
    "--strip-extras",
    "--allow-unsafe",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
)


def main() -> int:
    for name in NAMES:
        command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, f"--output-file={name}.txt", f"{name}.in"]
        subprocess.run([*command, *sys.argv[1:]], cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
