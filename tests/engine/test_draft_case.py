"""The command: JSON and text, clear errors, and no database (pytest-django refuses any query here)."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

CASES = Path(__file__).resolve().parents[1] / "cases"


def run(*args: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("draft_case", *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda p: p.stem)
def test_json(path: Path) -> None:
    first, err = run(str(path), "--json")
    assert run(str(path), "--json")[0] == first
    data = json.loads(first)
    assert data["start_phase"] in (1, 2, 3, None)
    assert (data["refusal"] is None) or data["start_phase"] is None
    assert list(data["phases"]) == ["phase1", "phase2", "phase3"]
    for plan in data["phases"].values():
        for line in (*plan["techniques"], *plan["exercises"]):
            assert {"key", "dose", "reasons"} <= set(line)
    assert all(set(e) >= {"key", "phase", "reason"} for e in data["excluded"])
    assert all(set(g) >= {"metric", "op", "target", "by"} for g in data["goals"])
    assert ("ignored unknown key: expect" in err) is ("expect:" in path.read_text())


def test_text_for_people() -> None:
    text, _ = run(str(CASES / "case_01.yaml"))
    assert text.startswith("Case CASE-01\nDisposition: treat\nStart phase: 1\n")
    assert "exercise  glute_set: 1 x 5 x 8 s" in text
    refused, _ = run(str(CASES / "case_07.yaml"))
    assert "REFUSED (red_flag)" in refused


def test_a_missing_file_says_what_to_do() -> None:
    with pytest.raises(CommandError, match=r"nowhere\.yaml: cannot be read .* Give the path of a case file"):
        run("nowhere.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id: [1", "not valid YAML"),
        ("id: x\nfindings: {mmt.gluteus: 4}", "findings.mmt.gluteus: unknown finding"),
        ("id: x\nconditions: [nope]", "conditions: unknown condition 'nope'"),
        ("id: x\nflags: [nope]", "flags: unknown red flag 'nope'"),
    ],
)
def test_mistakes_are_command_errors_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("draft_case", str(path), "--json", stdout=out, stderr=io.StringIO())
    assert words in str(caught.value)
    assert out.getvalue() == ""
    assert capsys.readouterr().out == ""
