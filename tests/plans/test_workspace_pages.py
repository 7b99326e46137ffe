"""The workspace through its pages: one tap, panels, what is refused stays typed, what the list to add from offers."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import Credential, Practitioner
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import checker_for
from plans.coverage import served_by
from plans.models import Pack, PlanCause, PlanEdit, PlanExercise, PlanPhase, PlanTechnique, PlanVersion
from tests.factories.plans import TODAY, case_draft, page_version
from tests.plans.test_editing import exercise, phase

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> PlanVersion:
    return case_draft("case_01")


@pytest.fixture
def lead(client: Client, version: PlanVersion) -> Client:
    client.force_login(version.created_by)
    return client


def on_page(version: PlanVersion) -> dict[str, str]:
    return {
        "HX-Request": "true",
        "HX-Current-URL": f"http://testserver{reverse('staff:plan-version', args=[version.pk])}",
    }


def test_one_tap_swaps_and_offers_to_take_it_back(lead: Client, version: PlanVersion) -> None:
    item = exercise(version, 2, "bridge_double")
    answer = lead.post(reverse("staff:plan-step", args=[item.pk]), {"to": "harder"}, headers=on_page(version))
    assert (answer.status_code, answer["HX-Retarget"]) == (200, "#phase-2")
    assert reverse("staff:plan-undo", args=[version.pk]) in answer["HX-Trigger"]
    assert PlanEdit.objects.get().reason == "Harder step"

    answer = lead.post(reverse("staff:plan-undo", args=[version.pk]), headers=on_page(version))
    assert answer["HX-Retarget"] == "#phase-2"
    assert exercise(version, 2, "bridge_double").position == item.position


def test_one_reason_is_kept_for_a_series(lead: Client, version: PlanVersion) -> None:
    lead.post(reverse("staff:plan-reason", args=[version.pk]), {"reason": "Little  time"})
    for key in ("bridge_double", "sit_to_stand"):
        rows = PlanExercise.objects.filter(phase__version=version, phase__number=2, exercise__key=key)
        for row in rows:
            lead.post(reverse("staff:plan-step", args=[row.pk]), {"to": "harder"})
    assert set(PlanEdit.objects.values_list("reason", flat=True)) == {"Little time"}
    page = lead.get(reverse("staff:plan-item", args=["exercise", exercise(version, 1, "glute_set").pk]))
    assert 'value="Little time"' in page.content.decode()


def test_a_step_that_may_not_be_is_said_and_changes_nothing(lead: Client, version: PlanVersion) -> None:
    item = exercise(version, 1, "glute_set")
    PlanExercise.objects.filter(pk=item.pk)  # the library has no easier step
    answer = lead.post(reverse("staff:plan-step", args=[item.pk]), {"to": "easier"}, headers=on_page(version))
    assert "has no easier step" in answer.content.decode()
    assert not PlanEdit.objects.exists()


def test_a_refused_bulk_dose_keeps_what_was_typed(lead: Client, version: PlanVersion) -> None:
    rows = phase(version, 1).planexercises.all()
    form = {"bulk-rpe_high": "9", "bulk-only": [str(row.pk) for row in rows], "bulk-reason": "Harder"}
    answer = lead.post(reverse("staff:plan-bulk", args=[phase(version, 1).pk]), form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="9"' in page
    assert "Gluteal squeeze: 9 is out of range. Allowed: 0 to 4 (ceiling of phase 1)." in page
    assert not PlanEdit.objects.exists()


def test_packs_are_kept_used_and_taken_away(lead: Client, version: PlanVersion) -> None:
    here = reverse("staff:plan-packs", args=[phase(version, 1).pk])
    assert lead.post(here, {"action": "save", "pack-name": ""}).status_code == 422
    lead.post(here, {"action": "save", "pack-name": "Back, first weeks", "pack-for_clinic": "on"})
    pack = Pack.objects.get()
    PlanExercise.objects.filter(phase__version=version, phase__number=1).delete()
    answer = lead.post(here, {"action": "apply", "pack": pack.pk}, headers=on_page(version))
    assert "Gluteal squeeze" in answer.content.decode()
    again = lead.post(here, {"action": "apply", "pack": pack.pk}, headers=on_page(version)).content.decode()
    assert "Not added: Gluteal squeeze is already in phase 1." in again
    assert lead.post(here, {"action": "delete", "pack": pack.pk}).status_code == 200
    assert lead.post(here, {"action": "apply", "pack": pack.pk}).status_code == 422


def test_own_stars_come_first_and_search_finds(lead: Client, version: PlanVersion) -> None:
    here = reverse("staff:plan-add", args=[phase(version, 1).pk, "exercise"])
    lead.post(reverse("staff:plan-favourite", args=[phase(version, 1).pk]), {"star": "cat_camel"})
    page = lead.get(here).content.decode()
    assert page.index('aria-pressed="true"') < page.index('aria-pressed="false"')
    found = lead.get(here, {"q": "cat"}).content.decode()
    assert 'value="cat_camel"' in found
    assert 'value="clam"' not in found
    assert "Nothing is called" in lead.get(here, {"q": "zzzz"}).content.decode()


def test_techniques_without_certificate_or_device_are_greyed_with_the_reason(
    lead: Client, version: PlanVersion
) -> None:
    Credential.objects.update(valid_until=date(2026, 5, 3))
    PlanTechnique.objects.filter(phase__version=version).delete()
    page = lead.get(reverse("staff:plan-add", args=[phase(version, 1).pk, "technique"])).content.decode()
    assert "Needs a dry-needling certificate, which ended on 03 May 2026" in page
    assert 'name="key" value="dn_superficial"' not in page
    assert 'name="key" value="mt_soft_tissue_release"' in page
    Credential.objects.all().delete()
    page = lead.get(reverse("staff:plan-add", args=[phase(version, 1).pk, "technique"])).content.decode()
    assert "Needs a dry-needling certificate, which is not on file" in page


def test_words_for_the_patient_are_kept_on_the_draft(lead: Client, version: PlanVersion) -> None:
    answer = lead.post(reverse("staff:plan-words", args=[version.pk]), {"summary": "We start gently."})
    assert answer["Location"].endswith("#words")
    assert "We start gently." in lead.get(reverse("staff:plan-version", args=[version.pk])).content.decode()
    assert lead.post(reverse("staff:plan-words", args=[version.pk]), {"summary": "x" * 2001}).status_code == 422


def test_wishes_ask_for_a_new_check(lead: Client, version: PlanVersion) -> None:
    lead.post(reverse("staff:plan-declined", args=[version.pk]), {"families": ["thermal"]})
    page = lead.get(reverse("staff:plan-version", args=[version.pk])).content.decode()
    assert "stands in the way of signing" in page


def test_a_phase_says_what_it_serves_and_offers_what_would_help(lead: Client, version: PlanVersion) -> None:
    PlanExercise.objects.filter(phase__version=version, phase__number=2).exclude(exercise__key="bridge_double").delete()
    PlanPhase.objects.filter(version=version, number=2).update(minutes_budget=30)
    page = lead.get(reverse("staff:plan-coverage", args=[phase(version, 2).pk])).content.decode()
    assert "Of the weighted causes served at home" in page
    assert "would serve" in page


def test_coverage_counts_only_causes_in_use(version: PlanVersion) -> None:
    checker = checker_for(version, usable_knowledge(), today=TODAY)
    full = served_by(phase(version, 2), page_version(version), checker)
    assert full is not None
    assert 0 < full.percent <= 100
    PlanCause.objects.filter(version=version).update(state="shown")
    assert served_by(phase(version, 2), page_version(version), checker) is None


def test_a_practitioner_without_licence_still_sees_the_list(lead: Client, version: PlanVersion) -> None:
    Practitioner.objects.update(licence_valid_until=date(2026, 1, 1))
    page = lead.get(reverse("staff:plan-add", args=[phase(version, 1).pk, "technique"])).content.decode()
    assert "Needs registration as a physiotherapist, which ended on 01 Jan 2026" in page
