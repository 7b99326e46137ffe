"""Run every `benchmarks/bench_*.py` and write `docs/benchmarks.md`: `python -m benchmarks [name ...]`.

Each file has `run() -> list[Measured]`. The engines are private ones with data of their own under `var/bench`, made
anew each time, so that a run depends on nothing that was there before.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import platform
import shutil
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import benchmarks
from benchmarks.measure import Measured

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench` on {date}: {machine}, Python {python}, {cores} cores. The limits are promises about ratios
inside one run and hold on any machine; absolute figures are those of this one.

| what | measured | promised | kept | note |
|---|---|---|---|---|
"""


def main(wanted: list[str]) -> int:
    var_dir = ROOT / "var" / "bench"
    os.environ.update(KINEPLAN_ENV="local", KINEPLAN_VAR=str(var_dir), DJANGO_SETTINGS_MODULE="config.settings")
    for name in ("DATABASE_URL", "REDIS_URL", "KINEPLAN_DEMO"):
        os.environ.pop(name, None)
    from config.embedded.demo import wipe
    from config.embedded.engines import Engines

    wipe(var_dir)
    engines = Engines(var_dir)
    engines.start()
    try:
        measured = list(run_all(wanted))
    finally:
        engines.stop()
        shutil.rmtree(var_dir / "mailbox", ignore_errors=True)
    if not wanted:
        REPORT.write_text(report(measured), encoding="utf-8")
    return 0 if all(each.kept for each in measured) else 1


def run_all(wanted: list[str]) -> Iterable[Measured]:
    import django

    django.setup()
    from django.core.management import call_command

    print("Preparing an empty database", flush=True)
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    for info in sorted(pkgutil.iter_modules(benchmarks.__path__), key=lambda info: info.name):
        if info.name.startswith("bench_") and (not wanted or info.name.removeprefix("bench_") in wanted):
            print(f"== {info.name}", flush=True)
            for each in importlib.import_module(f"benchmarks.{info.name}").run():
                print(row(each), flush=True)
                yield each


def row(each: Measured) -> str:
    sign = "at least" if each.at_least else "at most"
    verdict = "yes" if each.kept else "**no**"
    return (
        f"| {each.name} | {each.value:.3g} {each.unit} | {sign} {each.limit:g} {each.unit} | {verdict} | {each.note} |"
    )


def report(measured: Iterable[Measured]) -> str:
    head = HEAD.format(
        date=datetime.now(UTC).date(),
        machine=platform.machine(),
        python=platform.python_version(),
        cores=os.cpu_count(),
    )
    return head + "\n".join(row(each) for each in measured) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
