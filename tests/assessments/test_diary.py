"""The diary of spasms and cramps: what may be written, what it adds up to, and that silence is not a quiet week."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from assessments.diary.actions import Episode, remove_entry, say_quiet, write_entry
from assessments.diary.counts import Diary, Quiet, per_week
from assessments.diary.readers import PER_FORTNIGHT, PER_WEEK, measured_since, read_diary
from assessments.models import DiaryEntry, QuietDays
from clinic.errors import Conflict, Invalid, ManyProblems, Refused
from tests.factories.assessments import AssessmentFactory
from tests.factories.clinic import PatientFactory, UserFactory
from tests.factories.diary import DiaryEntryFactory

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
CRAMP = Episode(NOW - timedelta(hours=8), "cramp", "calf", "left", 7, lasted="minutes", helped=("stretching",))


def day(back: int) -> date:
    return TODAY - timedelta(days=back)


@pytest.mark.parametrize(
    ("episodes", "quiet", "week", "fortnight"),
    [
        ((), (), None, None),  # silence says nothing
        ((0,), (), 1, None),  # the week before is silent
        ((0, 3, 7), (), 2, 3),
        ((0, 13), (), 1, 2),
        ((0, 14), (), 1, None),
        ((8,), (), None, None),
        ((), ((6, 0),), 0, None),
        ((), ((6, 0), (13, 7)), 0, 0),
        ((9,), ((6, 0),), 0, 1),
        ((2, 2, 2), ((13, 7),), 3, 3),
        ((), ((10, 4),), 0, 0),  # seven days said to be quiet that lie in both weeks
        ((), ((12, 7),), None, None),
    ],
)
def test_counts(
    episodes: tuple[int, ...], quiet: tuple[tuple[int, int], ...], week: int | None, fortnight: int | None
) -> None:
    diary = Diary([day(n) for n in episodes], [Quiet(day(first), day(last)) for first, last in quiet])
    assert diary.episodes_in(TODAY, 7) == week
    assert diary.episodes_in(TODAY, 14) == fortnight


def test_weeks_end_with_the_day_that_is_asked_for() -> None:
    days = [day(0), day(6), day(7), day(20), day(21)]
    assert per_week(days, TODAY, 3) == [(day(14), 1), (day(7), 1), (TODAY, 2)]


@pytest.mark.django_db
def test_an_entry_is_stored_once_and_corrected_by_the_later_act() -> None:
    patient, user, key = PatientFactory(), UserFactory(), uuid4()

    def write(episode: Episode, minutes: int) -> DiaryEntry:
        return write_entry(
            patient, episode, client_id=key, acted_at=NOW + timedelta(minutes=minutes - 60), by=user, now=NOW
        )

    first = write(CRAMP, 10)
    assert (first.on, first.strength, first.helped) == (TODAY, 7, ["stretching"])
    assert write(replace(CRAMP, strength=9), 10).strength == 7, "the same act again changes nothing"
    assert write(replace(CRAMP, strength=3), 5).strength == 7, "an older act comes late"
    assert write(replace(CRAMP, strength=0), 20).strength == 0
    assert DiaryEntry.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"strength": 11}, "strength"),
        ({"strength": -1}, "strength"),
        ({"kind": "flu"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"region": "moon"}, "region"),
        ({"side": ""}, "side"),
        ({"side": "midline"}, "side"),
        ({"lasted": "ever"}, "lasted"),
        ({"doing": "x"}, "doing"),
        ({"helped": ("prayer",)}, "helped"),
        ({"fluids": "x"}, "fluids"),
        ({"comment": "x" * 501}, "comment"),
        ({"comment": "a\x00b"}, "comment"),
        ({"happened_at": NOW + timedelta(minutes=11)}, "happened_at"),
        ({"happened_at": NOW - timedelta(days=29)}, "happened_at"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict[str, object], field: str) -> None:
    patient = PatientFactory()
    with pytest.raises(Invalid) as refused:
        write_entry(patient, replace(CRAMP, **change), client_id=uuid4(), acted_at=NOW, by=UserFactory(), now=NOW)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not DiaryEntry.objects.exists()


@pytest.mark.django_db
def test_all_problems_come_at_once() -> None:
    wrong = replace(CRAMP, strength=11, region="moon")
    with pytest.raises(ManyProblems) as refused:
        write_entry(PatientFactory(), wrong, client_id=uuid4(), acted_at=NOW, by=UserFactory(), now=NOW)
    assert {problem.field for problem in refused.value.problems} == {"strength", "region"}


@pytest.mark.django_db
def test_somebody_elses_key_is_refused_without_a_trace() -> None:
    other = DiaryEntryFactory()
    with pytest.raises(Conflict):
        write_entry(PatientFactory(), CRAMP, client_id=other.client_id, acted_at=NOW, by=UserFactory(), now=NOW)
    other.refresh_from_db()
    assert other.strength == 6


@pytest.mark.django_db
def test_taking_back_is_by_the_time_of_the_act() -> None:
    patient, user, key = PatientFactory(), UserFactory(), uuid4()
    entry = write_entry(patient, CRAMP, client_id=key, acted_at=NOW - timedelta(minutes=5), by=user, now=NOW)
    remove_entry(entry, acted_at=NOW - timedelta(minutes=9), by=user, now=NOW)
    assert DiaryEntry.objects.standing().exists(), "the entry was mended after that"
    remove_entry(entry, acted_at=NOW, by=user, now=NOW)
    assert not DiaryEntry.objects.standing().exists()
    later = NOW + timedelta(minutes=1)
    write_entry(patient, CRAMP, client_id=key, acted_at=later, by=user, now=later)
    assert DiaryEntry.objects.standing().exists(), "written again after that"


@pytest.mark.django_db
def test_old_entries_are_closed() -> None:
    old = DiaryEntryFactory(happened_at=NOW - timedelta(days=40))
    with pytest.raises(Refused):
        remove_entry(old, acted_at=NOW, by=UserFactory(), now=NOW)
    with pytest.raises(Refused):
        write_entry(old.patient, CRAMP, client_id=old.client_id, acted_at=NOW, by=UserFactory(), now=NOW)
    old.refresh_from_db()
    assert (old.removed_at, old.strength) == (None, 6)


@pytest.mark.django_db
def test_a_quiet_week_is_said_not_assumed() -> None:
    patient, user = PatientFactory(), UserFactory()
    assert read_diary(patient, TODAY).last_week is None
    for _ in range(2):
        row = say_quiet(patient, by=user, now=NOW)
    assert (row.first, row.last, QuietDays.objects.count()) == (day(6), TODAY, 1)
    assert read_diary(patient, TODAY).last_week == 0
    # An ache is no episode; a cramp takes the statement back.
    write_entry(patient, replace(CRAMP, kind="ache"), client_id=uuid4(), acted_at=NOW, by=user, now=NOW)
    assert read_diary(patient, TODAY).last_week == 0
    write_entry(patient, CRAMP, client_id=uuid4(), acted_at=NOW, by=user, now=NOW)
    assert not QuietDays.objects.exists()
    assert read_diary(patient, TODAY).last_week == 1
    with pytest.raises(Conflict):
        say_quiet(patient, by=user, now=NOW)


@pytest.mark.django_db
def test_the_review_reads_it_as_episodes_a_week_and_a_fortnight() -> None:
    patient = PatientFactory()
    for back in (0, 0, 5, 9):
        DiaryEntryFactory(patient=patient, happened_at=NOW - timedelta(days=back))
    DiaryEntryFactory(patient=patient, happened_at=NOW, kind="ache")
    DiaryEntryFactory(patient=patient, happened_at=NOW, removed_at=NOW)
    found = {(row.metric, row.day): row.value for row in measured_since(patient.pk, day(9))}
    assert found == {
        (PER_WEEK, day(9)): 1.0,
        (PER_WEEK, day(5)): 2.0,
        (PER_WEEK, TODAY): 3.0,
        (PER_FORTNIGHT, TODAY): 4.0,
    }


@pytest.mark.django_db
def test_staff_see_it_beside_the_history_and_on_the_progress_page(client: Client) -> None:
    assessment = AssessmentFactory()
    patient, physio = assessment.episode.patient, assessment.episode.practitioner.user
    client.force_login(physio)
    pages = (
        reverse("staff:assessment-section", args=[assessment.pk, "history"]),
        reverse("staff:episode-progress", args=[assessment.episode_id]),
    )
    for page in pages:
        assert "From the patient" not in client.get(page).content.decode()
    DiaryEntryFactory(patient=patient, helped=["drinking", "heat"], comment="woke me up", strength=8)
    for page in pages:
        shown = client.get(page).content.decode()
        assert "1 in the last 7 days" in shown
        assert "last 14 days not known" in shown
        assert "Drinking, Warmth" in shown
        assert "woke me up" in shown
    assert not assessment.findings.exists(), "nothing becomes a finding by itself"
