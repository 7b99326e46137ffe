"""Everything that is checked without running the product: `make lint`."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS: dict[str, list[str]] = {
    "ruff": [str(BIN / "ruff"), "check", "--quiet", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "layers": [str(BIN / "lint-imports"), "--no-cache"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run", "--verbosity=1"],
    "types": [str(BIN / "mypy"), "."],
}


def main() -> int:
    """Run all checks side by side; show the output of those that fail."""
    started = time.monotonic()
    running = {
        name: subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for name, command in CHECKS.items()
    }
    failed = []
    for name, process in running.items():
        output, _ = process.communicate()
        if process.returncode != 0:
            failed.append(name)
            print(f"--- {name}\n{output}", flush=True)
    seconds = time.monotonic() - started
    verdict = f"failed: {', '.join(failed)}" if failed else "clean"
    print(f"lint: {verdict} ({', '.join(CHECKS)}; {seconds:.0f} s)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
