"""The pages of a visit note: saved with and without scripts, refused values kept as typed, signed, added to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from plans.actions.notes import note_questions, save_note, sign_note, start_note
from plans.models import AdverseEvent, NoteTechnique, TreatmentNote
from tests.factories.clinic import FrontDeskFactory, ManagerFactory
from tests.factories.plans import case_signed
from tests.factories.scheduling import AppointmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def note() -> TreatmentNote:
    """A fresh note on the plan of the first case."""
    version = case_signed()
    return fresh(start_note(version.plan, version.created_by, today=timezone.localdate()))


@pytest.fixture
def physio(client: Client, note: TreatmentNote) -> Client:
    client.force_login(note.author)
    return client


def fresh(note: TreatmentNote) -> TreatmentNote:
    found: TreatmentNote = TreatmentNote.objects.for_page().get(pk=note.pk)
    return found


def url(name: str, note: TreatmentNote) -> str:
    return reverse(f"staff:{name}", args=[note.pk])


def answers(note: TreatmentNote) -> dict[str, str]:
    return {f"f:{q.key}": "no" for q in note_questions(note)}


def signed(note: TreatmentNote) -> TreatmentNote:
    """Signed by the actions, as a usual visit."""
    today = timezone.localdate()
    fields = {name: [value] for name, value in {**answers(note), "consent": "yes", "all_done": "1"}.items()}
    save_note(note, note.author, revision=note.revision, fields=fields, today=today)
    return fresh(sign_note(fresh(note), note.author, today=today))


def test_the_page_shows_what_is_carried_and_does_nothing_by_itself(physio: Client, note: TreatmentNote) -> None:
    page = physio.get(url("note-edit", note)).content.decode()
    assert "carried from the plan" in page
    assert "7 rows are still carried" in page
    assert 'value="yes" checked' not in page
    assert not NoteTechnique.objects.exclude(done=None).exists()


def test_a_second_tap_on_write_leads_to_the_same_draft(physio: Client, note: TreatmentNote) -> None:
    answer = physio.post(reverse("staff:note-new", args=[note.plan.episode_id]))
    assert answer.headers["Location"] == url("note-edit", note)


def test_without_scripts_the_form_saves_and_keeps_what_was_refused(physio: Client, note: TreatmentNote) -> None:
    heat = note.notetechniques.get(technique__key="th_heat_superficial")
    typed: dict[str, Any] = {"revision": "0", f"t:{heat.pk}:p.temp_c": "400", "subjective": "Slept better"}
    answer = physio.post(url("note-edit", note), typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "400 is out of range. Allowed: 38 to 43 °C." in page
    assert 'value="400"' in page
    assert fresh(note).subjective == "Slept better"
    assert physio.post(url("note-edit", note), {"revision": "1", "minutes": "30"}).status_code == 302


def test_all_asked_and_denied_leaves_a_yes(physio: Client, note: TreatmentNote) -> None:
    names = list(answers(note))
    typed = {
        "revision": "0",
        "questions": names,
        "deny_rest": "1",
        **dict.fromkeys(names, "not_asked"),
        names[0]: "yes",
    }
    physio.post(url("note-edit", note), typed)
    assert sorted(row.answer for row in fresh(note).flags.all()) == ["no"] * (len(names) - 1) + ["yes"]
    page = physio.get(url("note-edit", note)).content.decode()
    assert "Emergency now: call emergency services" in page
    assert "The home exercises are on hold" in page


def test_autosave_answers_what_is_carried_refused_and_raised(physio: Client, note: TreatmentNote) -> None:
    item = note.notetechniques.get(technique__key="mt_soft_tissue_release")
    sent = {"revision": "0", f"t:{item.pk}:p.session_min": "12", "m:pain.nprs_current": "eleven", "f:dvt": "yes"}
    answer = physio.post(url("note-save", note), sent, headers={"X-Autosave": "1"})
    data = answer.json()
    assert (answer.status_code, data["revision"]) == (422, 1)
    assert list(data["errors"]) == ["m:pain.nprs_current"]
    assert f"t:{item.pk}:p.session_min" not in data["carried"]
    assert f"t:{item.pk}:p.depth" in data["carried"]
    assert "questions of the short list not asked" in data["standing"]


def test_a_save_from_an_old_page_is_a_conflict(physio: Client, note: TreatmentNote) -> None:
    physio.post(url("note-save", note), {"revision": "0", "subjective": "tablet"})
    answer = physio.post(url("note-save", note), {"revision": "0", "subjective": "laptop"})
    assert (answer.status_code, answer.json()["revision"]) == (409, 1)
    page = physio.post(url("note-edit", note), {"revision": "0", "subjective": "laptop"})
    assert page.status_code == 409
    assert fresh(note).subjective == "tablet"


def test_signing_says_what_is_missing_then_locks(physio: Client, note: TreatmentNote) -> None:
    answer = physio.post(url("note-sign", note), {"revision": "0"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The note was not signed" in page
    assert "of the short list not asked" in page
    typed = {"revision": "0", **answers(note), "consent": "yes", "confirm_carried": "1", "next_visit": "Hip hinge"}
    done = physio.post(url("note-sign", note), typed)
    assert done.headers["Location"] == url("note-detail", note)
    detail = physio.get(url("note-detail", note)).content.decode()
    assert fresh(note).state == "signed"
    for said in ("Signed by", "registration PH", "Hip hinge", "Session 10 min", "11 questions denied"):
        assert said in detail.replace("session 10 min", "Session 10 min")


def test_a_signed_note_is_read_only_and_added_to(physio: Client, note: TreatmentNote) -> None:
    locked = signed(note)
    assert physio.get(url("note-edit", note)).headers["Location"] == url("note-detail", note)
    assert physio.post(url("note-addendum", note), {"text": " "}).status_code == 422
    physio.post(url("note-addendum", note), {"text": "Phoned: settled."})
    assert "Phoned: settled." in physio.get(url("note-detail", locked)).content.decode()
    physio.force_login(ManagerFactory())
    page = physio.get(url("note-detail", note)).content.decode()
    assert "Phoned: settled." in page
    assert "Add to this note" not in page


def test_the_next_note_reads_the_last_one(physio: Client, note: TreatmentNote) -> None:
    save_note(note, note.author, revision=0, fields={"next_visit": ["Try the bridge"], "m:pain.nprs_current": ["3"]},
              today=timezone.localdate())  # fmt: skip
    signed(fresh(note))
    physio.post(reverse("staff:note-new", args=[note.plan.episode_id]))
    again = TreatmentNote.objects.get(state="draft")
    page = physio.get(url("note-edit", again)).content.decode()
    for said in ("Since the visit of", "Try the bridge", "carried from", 'class="was"'):
        assert said in page


def test_an_adverse_event_is_recorded_and_reviewed(physio: Client, note: TreatmentNote) -> None:
    item = note.notetechniques.all()[0]
    page = physio.post(url("event-new", note), {"row": str(item.pk), "what": "", "severity": "mild", "action": "Ice"})
    assert page.status_code == 422
    physio.post(url("event-new", note), {"row": str(item.pk), "what": "Bruise", "severity": "mild", "action": "Ice"})
    event = AdverseEvent.objects.get()
    signed(fresh(note))
    assert "held until this is reviewed" in physio.get(url("note-detail", note)).content.decode()
    review = reverse("staff:event-review", args=[event.pk])
    assert physio.post(review, {"reason": ""}).status_code == 422
    physio.post(review, {"reason": "Light bruise, settled"})
    assert "Light bruise, settled" in physio.get(url("note-detail", note)).content.decode()


def test_a_technique_can_be_added_and_a_blocked_one_is_refused(physio: Client, note: TreatmentNote) -> None:
    where = {"region": "lumbar", "side": "right"}
    physio.post(url("note-technique", note), {"key": "mt_joint_mob_1_2", **where})
    assert note.notetechniques.filter(technique__key="mt_joint_mob_1_2").count() == 1
    answer = physio.post(url("note-technique", note), {"key": "th_cold", "region": "head_face"}, follow=True)
    assert "is not possible there" in answer.content.decode()


def test_a_draft_is_dropped(physio: Client, note: TreatmentNote) -> None:
    assert physio.post(url("note-drop", note)).headers["Location"].endswith(f"/episodes/{note.plan.episode_id}/")
    assert not TreatmentNote.objects.exists()


def test_the_page_reads_a_fixed_number_of_queries(
    physio: Client, note: TreatmentNote, django_assert_max_num_queries: Any
) -> None:
    signed(note)
    later = start_note(note.plan, note.author, today=timezone.localdate() + timedelta(days=3))
    with django_assert_max_num_queries(60):
        physio.get(url("note-edit", later))


def test_the_diary_leads_those_who_treat_to_the_note(physio: Client, note: TreatmentNote) -> None:
    episode = note.plan.episode
    visit = AppointmentFactory(patient=episode.patient, practitioner=episode.practitioner)
    address = reverse("staff:appointment-edit", args=[visit.pk])
    new = reverse("staff:note-new", args=[episode.pk])
    assert new in physio.get(address).content.decode()
    physio.force_login(FrontDeskFactory())
    assert new not in physio.get(address).content.decode()
