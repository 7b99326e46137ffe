"""Lock files pin everything by hash and name no place to download from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON_LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")
ADDRESS = re.compile(r"https?://|file://|--index-url|--extra-index|--find-links|--trusted-host")
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==\S+ \\$", re.MULTILINE)


@pytest.mark.parametrize("name", [*PYTHON_LOCKS, "package-lock.json"])
def test_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    if name == "package-lock.json":
        text = re.sub(r'"funding":\s*(\{[^}]*\}|\[[^\]]*\]|"[^"]*")', "", text)

    assert ADDRESS.search(text) is None


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_every_python_package_has_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]

    assert lines
    assert len(lines) == len(PIN.findall(text)), "a requirement without == or without hashes"


def test_every_browser_package_has_a_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    assert [path for path, package in packages.items() if path and "integrity" not in package] == []
    assert [path for path, package in packages.items() if "resolved" in package] == []


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in", "requirements-node.in"])
def test_every_dependency_says_why(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "-c"))]
    locked = (ROOT / name.replace(".in", ".txt")).read_text(encoding="utf-8").lower()

    assert [line for line in wanted if "  # " not in line and name != "requirements-node.in"] == []
    for line in wanted:
        package = re.split(r"[\[=~<>\s]", line)[0].lower().replace("_", "-")
        assert f"\n{package}==" in locked, f"{package} is not in the lock: make lock"
