"""Mutants of the safety rules: one small change of the engine at a time; the fast tests must notice it.

    python scripts/mutants.py                 every mutant (long)
    python scripts/mutants.py --sample 60     a drawn sample
    python scripts/mutants.py screen dose     of these modules only

Each mutant lives in a forked process: the code of the functions is replaced, then the pure tests run until the first
failure. Prints the share that was noticed and every survivor with its line. Mutants that change nothing are listed with
the reason in docs/safety/equivalent_mutants.yaml and are not drawn.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import os
import random
import signal
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

MODULES = ("screen", "eligibility", "overlap", "exclude", "dose", "gate")
EQUIVALENT = ROOT / "docs" / "safety" / "equivalent_mutants.yaml"
SELECTION = ("tests/engine/test_overlap.py", "tests/engine/test_dose.py", "tests/engine/test_selection.py")
LEVELS = "tests/engine/test_levels.py"
CASES = ("tests/engine/test_cases.py", "tests/engine/test_more_cases.py")
SCREENED = (
    "tests/safety/test_matrix.py::test_techniques_by_side",
    "tests/safety/test_matrix.py::test_the_verdict_on_an_item_is_the_verdict_of_the_screen",
    "tests/safety/test_matrix.py::test_techniques_and_exercises_by_red_flag",
)
TESTS = {
    "screen": ("tests/engine/test_screen.py", SELECTION[0], LEVELS, *SCREENED, SELECTION[2], *CASES),
    "overlap": (SELECTION[0], *SCREENED, *CASES),
    "eligibility": (
        "tests/engine/test_eligibility.py",
        SELECTION[2],
        "tests/safety/test_matrix.py::test_techniques_by_region_whoever_the_patient_is",
        "tests/safety/test_monotone.py::test_an_approval_lifts_no_consent_credential_or_place",
        *CASES,
    ),
    "exclude": (LEVELS, SELECTION[2], *CASES, "tests/engine/test_properties.py"),
    "dose": (SELECTION[1],),
    "gate": ("tests/engine/test_gate.py",),
}
OPTIONS = ["--noconftest", "-p", "no:django", "-p", "no:cacheprovider", "-c", os.devnull, "-q", "-x", "-W", "ignore"]
SECONDS = 300

FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


def changes(node: Any) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """The ways in which one node may be mutated."""
    if isinstance(node, ast.Compare):
        for number, op in enumerate(node.ops):
            yield f"{type(op).__name__} flipped", partial(_flip, at=number)
    elif isinstance(node, ast.BoolOp):
        yield "and/or swapped", lambda n: ast.BoolOp(ast.Or() if isinstance(n.op, ast.And) else ast.And(), n.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", lambda n: n.operand
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "constant + 1", lambda n: ast.Constant(n.value + 1)
        yield "constant - 1", lambda n: ast.Constant(n.value - 1)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "constant negated", lambda n: ast.Constant(not n.value)
    elif isinstance(node, ast.If):
        yield "condition always false", lambda n: ast.If(ast.Constant(False), n.body, n.orelse)
    elif isinstance(node, ast.Return) and getattr(node.value, "value", node.value) is not None:
        yield "returns nothing", lambda n: ast.Return(ast.Constant(None))


def _flip(node: ast.Compare, at: int) -> ast.Compare:
    ops = [FLIPPED[type(op)]() if number == at else op for number, op in enumerate(node.ops)]
    return ast.Compare(node.left, ops, node.comparators)


class Replace(ast.NodeTransformer):
    """Replaces the node with this number in the order of ast.walk."""

    def __init__(self, target: ast.AST, change: Callable[[Any], Any]) -> None:
        self.target, self.change = target, change

    def visit(self, node: ast.AST) -> Any:
        if node is self.target:
            return ast.copy_location(self.change(node), node)
        return self.generic_visit(node)


class Mutant:
    """One change at one line of one module."""

    def __init__(self, module: str, tree: ast.Module, number: int, what: str, way: int) -> None:
        self.module, self.what, self.number, self.way = module, what, number, way
        node = list(ast.walk(tree))[number]
        self.line, self.column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)

    @property
    def source(self) -> str:
        """The line of the change, without its indent."""
        return path_of(self.module).read_text(encoding="utf-8").splitlines()[self.line - 1].strip()

    @property
    def part(self) -> int:
        """Column of the change inside that line, from 1."""
        text = path_of(self.module).read_text(encoding="utf-8").splitlines()[self.line - 1]
        return self.column - (len(text) - len(text.lstrip())) + 1

    def __str__(self) -> str:
        return f"plans/engine/{self.module}.py:{self.line}: {self.what} (column {self.part}: {self.source})"

    def code(self) -> types.CodeType:
        tree = ast.parse(path_of(self.module).read_text(encoding="utf-8"))
        node = list(ast.walk(tree))[self.number]
        change = list(changes(node))[self.way][1]
        mutated: Any = ast.fix_missing_locations(Replace(node, change).visit(tree))
        code: types.CodeType = compile(mutated, str(path_of(self.module)), "exec")
        return code


def path_of(module: str) -> Path:
    return ROOT / "plans" / "engine" / f"{module}.py"


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every change inside a function; docstrings, annotations and texts are left alone (those of gate are targets)."""
    tree = ast.parse(path_of(module).read_text(encoding="utf-8"))
    inside = {
        id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for part in f.body for n in ast.walk(part)
    }
    told = {id(n) for j in ast.walk(tree) if isinstance(j, ast.JoinedStr) and module != "gate" for n in ast.walk(j)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in inside and id(node) not in told:
            for way, (what, _) in enumerate(changes(node)):
                yield Mutant(module, tree, number, what, way)


def worth_trying(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Without those known to change nothing. An entry that fits no mutant, or several, stops the run."""
    entries = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8"))
    listed = [tuple(entry[part] for part in ("module", "line", "what", "part")) for entry in entries]
    found = list(mutants)
    keys = [(m.module, m.source, m.what, m.part) for m in found]
    wrong = [key for key in listed if keys.count(key) != 1 and key[0] in {m.module for m in found}]
    if wrong:
        raise SystemExit(f"not exactly one mutant fits: {wrong}")
    return [mutant for mutant, key in zip(found, keys, strict=True) if key not in listed]


def put_in(mutant: Mutant) -> None:
    """Replace the code of the functions and methods of the loaded module by the mutated ones."""
    loaded = importlib.import_module(f"plans.engine.{mutant.module}")
    fresh = types.ModuleType(f"plans.engine.{mutant.module}")
    sys.modules[fresh.__name__], kept = fresh, sys.modules[fresh.__name__]
    exec(mutant.code(), fresh.__dict__)  # noqa: S102 - our own source, mutated
    sys.modules[fresh.__name__] = kept
    _take_over(vars(loaded), vars(fresh))


def _take_over(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for name, value in dict(old).items():
        other = new.get(name)
        if isinstance(value, property) and isinstance(other, property):
            value, other = value.fget, other.fget
        if isinstance(value, types.FunctionType) and isinstance(other, types.FunctionType):
            with contextlib.suppress(ValueError):  # another number of closure cells
                value.__code__ = other.__code__
        elif isinstance(value, type) and isinstance(other, type) and value.__module__ == other.__module__:
            _take_over(vars(value), vars(other))


def noticed(mutant: Mutant) -> bool:
    """Do the tests fail on it? One that ran out of time is not counted as noticed: the machine may be slow."""
    child = os.fork()
    if child == 0:
        os._exit(_try(mutant))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) not in (0, -signal.SIGALRM)


def _try(mutant: Mutant) -> int:
    import pytest

    from plans.engine.index import index_for
    from tests.safety import matrix

    signal.alarm(SECONDS)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    put_in(mutant)
    index_for.cache_clear()
    matrix.calm.cache_clear()
    return int(pytest.main([*OPTIONS, f"--rootdir={ROOT}", *TESTS[mutant.module]]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    import pytest

    os.chdir(ROOT)
    found = worth_trying(mutant for module in options.modules for mutant in mutants_of(module))
    total = len(found)
    if options.sample:
        found = random.Random(options.seed).sample(found, min(options.sample, total))  # noqa: S311
    wanted = dict.fromkeys(test for module in options.modules for test in TESTS[module])
    if pytest.main([*OPTIONS, f"--rootdir={ROOT}", *wanted]) != 0:
        print("the tests fail without any mutant")
        return 2
    survivors = []
    for number, mutant in enumerate(found, start=1):
        if not noticed(mutant):
            survivors.append(mutant)
            print(f"survived: {mutant}", flush=True)
        if number % 20 == 0:
            print(f"{number} of {len(found)} tried, {len(survivors)} survived", flush=True)
    share = 100 * (len(found) - len(survivors)) / len(found)
    print(f"{len(found)} of {total} mutants tried, {len(found) - len(survivors)} noticed: {share:.0f} %")
    return 0 if share >= 90 else 1


if __name__ == "__main__":
    sys.exit(main())
