"""Assessments over the API: begin, save all or nothing, never into a signed one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from assessments.models import Assessment, Finding, RedFlagAnswer
from tests.factories.plans import signed_assessment

pytestmark = pytest.mark.django_db
PAIN = {"path": "pain.nprs_worst_24h", "value": 7}
DORSIFLEXION = {"path": "rom.ank_dorsiflexion", "side": "left", "mode": "active", "value": 12.5}


@pytest.fixture
def begun(cast: SimpleNamespace, api: Any) -> SimpleNamespace:
    client = api(cast.physio)
    answer = client.post("/api/assessments/", {"episode": cast.episode.pk}).json()
    return SimpleNamespace(client=client, address=f"/api/assessments/{answer['id']}/", answer=answer)


def test_begin(cast: SimpleNamespace, api: Any, begun: SimpleNamespace) -> None:
    assert (begun.answer["kind"], begun.answer["state"], begun.answer["findings"]) == ("initial", "draft", [])
    again = begun.client.post("/api/assessments/", {"episode": cast.episode.pk})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "draft_exists")
    assert api(cast.stranger_physio).post("/api/assessments/", {"episode": cast.episode.pk}).status_code == 404
    for role in ("desk", "manager"):
        assert api(getattr(cast, role)).post("/api/assessments/", {"episode": cast.episode.pk}).status_code == 403
    assert Assessment.objects.count() == 1


def test_save_findings_flags_regions_and_story(begun: SimpleNamespace) -> None:
    body = {
        "revision": 0,
        "story": "Since lifting a crate",
        "symptom_regions": [{"region": "lumbar", "side": ""}],
        "findings": [PAIN, DORSIFLEXION],
        "flag_answers": [{"flag": "ces_bladder", "answer": "no"}],
    }
    answer = begun.client.patch(begun.address, body)
    assert answer.status_code == 200, answer.json()
    stored = answer.json()
    assert (stored["revision"], stored["story"]) == (1, "Since lifting a crate")
    assert {row["path"]: row["value"] for row in stored["findings"]} == {PAIN["path"]: 7.0, DORSIFLEXION["path"]: 12.5}
    assert stored["symptom_regions"] == [{"region": "lumbar", "side": ""}]
    assert RedFlagAnswer.objects.get().answer == "no"
    removed = begun.client.patch(begun.address, {"revision": 1, "findings": [{**PAIN, "value": None}]})
    assert [row["path"] for row in removed.json()["findings"]] == [DORSIFLEXION["path"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "pain.nprs_worst_24h", "value": 11},
        {"path": "rom.ank_dorsiflexion", "side": "left", "mode": "active", "value": 400},
        {"path": "no.such_finding", "value": 1},
        {"path": "pain.nprs_worst_24h", "side": "left", "value": 1},
        {"path": "pain.nprs_worst_24h", "value": {"nested": [1]}},
        {"path": "pain.nprs_worst_24h", "value": "a\x00b"},
    ],
)
def test_one_impossible_value_and_nothing_is_stored(begun: SimpleNamespace, wrong: dict[str, Any]) -> None:
    answer = begun.client.patch(begun.address, {"revision": 0, "findings": [PAIN, wrong]})
    assert answer.status_code == 400, answer.json()
    named = [row["field"] for row in answer.json()["error"]["fields"]]
    assert named
    assert all(field.startswith("findings.") for field in named)
    assert not Finding.objects.exists()
    assert Assessment.objects.get().revision == 0


def test_somebody_elses_change_is_not_overwritten(begun: SimpleNamespace) -> None:
    begun.client.patch(begun.address, {"revision": 0, "findings": [PAIN]})
    stale = begun.client.patch(begun.address, {"revision": 0, "findings": [{**PAIN, "value": 3}, DORSIFLEXION]})
    assert (stale.status_code, stale.json()["error"]["fields"][0]["field"]) == (409, "findings.0")
    assert list(Finding.objects.values_list("number", flat=True)) == [7]


def test_a_signed_assessment_stays(cast: SimpleNamespace, begun: SimpleNamespace) -> None:
    signed_assessment(Assessment.objects.get())
    answer = begun.client.patch(begun.address, {"revision": 0, "findings": [PAIN]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "signed")
    assert not Finding.objects.exists()
