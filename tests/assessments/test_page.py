"""The assessment page through its addresses: saving, sections, roles, plain posts, and a whole case typed in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from assessments.models import Assessment
from assessments.vocabulary import RED_FLAGS
from clinic.models import Condition, PatientCondition, User
from plans.actions import preview_causes
from plans.facts import facts_for
from staff.assessments.sections import SECTIONS
from tests.assessments import case01
from tests.assessments.full import fill_everything
from tests.factories.assessments import (
    AssessmentFactory,
    FindingFactory,
    PainMarkFactory,
    RedFlagAnswerFactory,
    SurgeryFactory,
)
from tests.factories.clinic import ConditionFactory, FrontDeskFactory, ManagerFactory, PatientFactory, PhysioFactory
from tests.factories.plans import case_assessment, case_data, make_knowledge

pytestmark = pytest.mark.django_db
MAX_QUERIES = 15


@pytest.fixture
def draft() -> Assessment:
    found: Assessment = AssessmentFactory()
    return found


@pytest.fixture
def physio(client: Client, draft: Assessment) -> Client:
    client.force_login(draft.author)
    return client


def form(groups: Iterable[tuple[str, case01.Pairs]], revision: int = 0) -> str:
    """What the page sends: each group named, with the pairs of its fields."""
    pairs: list[tuple[str, str]] = [("revision", str(revision))]
    for name, values in groups:
        pairs += [("group", name), *values]
    return urlencode(pairs)


def post(client: Client, url: str, body: str) -> HttpResponse:
    answer: HttpResponse = client.post(url, body, content_type="application/x-www-form-urlencoded")  # type: ignore[assignment]
    return answer


def save(client: Client, assessment: Assessment, groups: Iterable[tuple[str, case01.Pairs]], revision: int = 0) -> Any:
    answer = post(client, reverse("staff:assessment-save", args=[assessment.pk]), form(groups, revision))
    return json.loads(answer.content) | {"status": answer.status_code}


def one(name: str, value: str) -> list[tuple[str, case01.Pairs]]:
    return [(name, [(name, value)])]


def edit_url(assessment: Assessment, section: str) -> str:
    return f"{reverse('staff:assessment-edit', args=[assessment.pk])}?section={section}"


# --- Autosave ---------------------------------------------------------------------------------------------------------


def test_a_figure_is_saved_and_its_readout_comes_back(physio: Client, draft: Assessment) -> None:
    save(physio, draft, one("f:mmt.gluteus_medius:left:", "5"))
    answer = save(physio, draft, one("f:mmt.gluteus_medius:right:", "4-"), revision=1)
    assert (answer["status"], answer["revision"], answer["problems"]) == (200, 2, [])
    assert "weak" in answer["cells"]["f:mmt.gluteus_medius:right:"]
    assert "right weaker" in answer["rows"]["mmt.gluteus_medius"]
    assert draft.findings.get(side="right").number == Decimal("3.7")


def test_a_refused_figure_names_its_field_and_the_others_are_kept(physio: Client, draft: Assessment) -> None:
    groups = one("f:rom.hip_flexion:left:active", "400") + one("f:rom.hip_flexion:right:active", "110")
    answer = save(physio, draft, groups)
    assert [(p["name"], p["code"]) for p in answer["problems"]] == [("f:rom.hip_flexion:left:active", "invalid")]
    assert "between 0 and 150" in answer["problems"][0]["message"]
    assert [str(row) for row in draft.findings.all()] == ["rom.hip_flexion right = 110.00"]


def test_a_field_changed_elsewhere_comes_back_as_a_conflict(physio: Client, draft: Assessment) -> None:
    save(physio, draft, one("f:pain.nprs_current::", "6"))
    answer = save(physio, draft, one("f:pain.nprs_current::", "2"), revision=0)
    assert [(c["name"], "“6”" in c["message"]) for c in answer["conflicts"]] == [("f:pain.nprs_current::", True)]
    assert draft.findings.get().number == 6


def test_saving_a_signed_assessment_is_refused(physio: Client) -> None:
    draft = case_assessment("case_01")
    physio.force_login(draft.author)
    before = draft.findings.count()
    answer = save(physio, draft, one("f:pain.nprs_avg_week::", "5"))
    assert (answer["status"], answer["code"]) == (409, "signed")
    assert draft.findings.count() == before


@pytest.mark.parametrize(
    "body",
    ["", "revision=x", "revision=0&group=z:nothing", "revision=0&group=m:not-a-key", "revision=-1&group=rn"],
)
def test_a_damaged_form_is_refused(physio: Client, draft: Assessment, body: str) -> None:
    answer = post(physio, reverse("staff:assessment-save", args=[draft.pk]), body)
    assert answer.status_code == 400
    draft.refresh_from_db()
    assert (draft.revision, draft.findings.count()) == (0, 0)


def test_an_autosave_takes_few_queries(physio: Client, draft: Assessment) -> None:
    save(physio, draft, case01.everything())
    draft.refresh_from_db()
    body = form(one("f:mmt.soleus:left:", "4"), draft.revision)
    with CaptureQueriesContext(connection) as queries:
        post(physio, reverse("staff:assessment-save", args=[draft.pk]), body)
    assert len(queries) <= 12, [query["sql"][:90] for query in queries]


def test_a_consent_signed_today_is_on_file_at_once(physio: Client, draft: Assessment) -> None:
    url = reverse("staff:assessment-consent", args=[draft.pk])
    answer = physio.post(url, {"kind": "needling"})
    assert answer.status_code == 302
    consent = draft.episode.patient.consents.get()
    assert (consent.kind, consent.signed_on, consent.recorded_by) == ("needling", timezone.localdate(), draft.author)
    assert physio.post(url, {"kind": "no_such_kind"}).status_code == 302
    assert draft.episode.patient.consents.count() == 1


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_page_of_a_full_assessment_takes_at_most_fifteen_queries(draft: Assessment) -> None:
    for number in range(20):
        ConditionFactory(key=f"condition_{number}")
    fill_everything(draft)
    client = Client()
    client.force_login(draft.author)
    for section in SECTIONS[:-1]:
        client.get(edit_url(draft, section.key))  # warm
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(edit_url(draft, section.key))
        assert answer.status_code == 200
        assert len(queries) <= MAX_QUERIES, (section.key, [query["sql"][:90] for query in queries])


@pytest.mark.parametrize("section", [section.key for section in SECTIONS])
def test_every_section_is_drawn_alone_and_in_the_page(physio: Client, draft: Assessment, section: str) -> None:
    alone = physio.get(reverse("staff:assessment-section", args=[draft.pk, section]))
    page = physio.get(edit_url(draft, section))
    assert (alone.status_code, page.status_code) == (200, 200)
    assert b"</html>" not in alone.content
    assert b"</html>" in page.content


def test_an_unknown_section_is_not_found(physio: Client, draft: Assessment) -> None:
    assert physio.get(edit_url(draft, "feelings")).status_code == 404
    assert physio.get(reverse("staff:assessment-section", args=[draft.pk, "feelings"])).status_code == 404


def test_rows_of_the_region_come_first_and_all_on_request(physio: Client, draft: Assessment) -> None:
    save(physio, draft, [("r:lumbar:right", [("r:lumbar:right", "1")])])
    url = reverse("staff:assessment-section", args=[draft.pk, "strength"])
    first = physio.get(url).content.decode()
    assert "f:mmt.gluteus_maximus:left:" in first
    assert "f:mmt.deltoid:left:" not in first
    assert "f:mmt.deltoid:left:" in physio.get(f"{url}?all=1").content.decode()


def test_a_recorded_row_is_shown_whatever_the_region(physio: Client, draft: Assessment) -> None:
    groups = [("r:lumbar:right", [("r:lumbar:right", "1")]), *one("f:mmt.deltoid:left:", "4")]
    save(physio, draft, groups)
    page = physio.get(reverse("staff:assessment-section", args=[draft.pk, "strength"])).content.decode()
    assert "f:mmt.deltoid:left:" in page


def test_the_rail_marks_what_is_done(physio: Client, draft: Assessment) -> None:
    RedFlagAnswerFactory(assessment=draft, flag="dvt", answer="yes")
    page = physio.get(edit_url(draft, "pain"))
    states = {entry.key: (entry.state, entry.count) for entry in page.context["sections"]}
    assert states["flags"] == ("alert", f"1/{len(RED_FLAGS)}")
    assert states["pain"] == ("empty", "")
    FindingFactory(assessment=draft)
    again = {entry.key: entry.state for entry in physio.get(edit_url(draft, "pain")).context["sections"]}
    assert again["pain"] == "part"


def test_all_others_asked_and_denied_is_one_post(physio: Client, draft: Assessment) -> None:
    RedFlagAnswerFactory(assessment=draft, flag="dvt", answer="yes")
    groups = [(f"g:{key}", [(f"g:{key}", "not_asked")]) for key in RED_FLAGS if key != "dvt"]
    groups.append(("g:dvt", [("g:dvt", "yes")]))
    body = form(groups) + "&deny_all=1"
    answer = post(physio, edit_url(draft, "flags"), body)
    assert answer.status_code == 302
    answers = {row.flag: row.answer for row in draft.flag_answers.all()}
    assert len(answers) == len(RED_FLAGS)
    assert {flag for flag, given in answers.items() if given != "no"} == {"dvt"}


def test_only_the_questions_on_the_screen_are_denied(physio: Client, draft: Assessment) -> None:
    body = form([("g:dvt", [("g:dvt", "not_asked")])]) + "&deny_all=1"
    post(physio, edit_url(draft, "flags"), body)
    assert [(row.flag, row.answer) for row in draft.flag_answers.all()] == [("dvt", "no")]


# --- Without scripts --------------------------------------------------------------------------------------------------


def test_a_plain_post_saves_the_section_and_goes_on(physio: Client, draft: Assessment) -> None:
    body = form(one("f:hist.chief_complaint::", "spasm")) + "&then=pain"
    answer = post(physio, edit_url(draft, "history"), body)
    assert answer["Location"] == edit_url(draft, "pain")
    assert draft.findings.get().text == "spasm"


def test_a_plain_post_keeps_what_was_typed_and_names_the_field(physio: Client, draft: Assessment) -> None:
    groups = one("f:pain.nprs_current::", "eleven") + one("f:pain.nprs_worst_24h::", "8")
    answer = post(physio, edit_url(draft, "pain"), form(groups))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="eleven"' in page
    assert page.count("Pain now must be a number from 0 to 10.") == 2  # in the summary on top and at the field
    assert 'href="#id-f-pain-nprs-current"' in page
    assert [row.path for row in draft.findings.all()] == ["pain.nprs_worst_24h"]


def test_a_plain_post_adds_a_mark_and_an_operation(physio: Client, draft: Assessment) -> None:
    page = physio.get(edit_url(draft, "history")).content.decode()
    key = page.split('data-group="s:')[1].split('"')[0]
    fields = [(f"s:{key}:procedure", "Discectomy"), (f"s:{key}:region", "lumbar"), (f"s:{key}:date", "2019-05-06")]
    post(physio, edit_url(draft, "history"), form([(f"s:{key}", fields)]))
    surgery = draft.surgeries.get()
    assert (surgery.procedure, surgery.region, surgery.performed_on) == ("Discectomy", "lumbar", date(2019, 5, 6))


# --- Roles ------------------------------------------------------------------------------------------------------------

ADDRESSES = ("staff:assessment-edit", "staff:assessment-detail", "staff:assessment-summary")


def status_for(user: User | None, name: str, assessment: Assessment) -> int:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.get(reverse(name, args=[assessment.pk])).status_code


@pytest.mark.parametrize("name", ADDRESSES)
def test_the_front_desk_is_refused_and_a_stranger_finds_nothing(draft: Assessment, name: str) -> None:
    assert status_for(FrontDeskFactory(), name, draft) == 403
    assert status_for(PhysioFactory(), name, draft) == 404
    assert status_for(PatientFactory().user, name, draft) == 404
    assert status_for(None, name, draft) == 302
    assert status_for(draft.author, name, draft) == 200


def test_a_manager_reads_but_does_not_write(draft: Assessment) -> None:
    manager = ManagerFactory()
    assert status_for(manager, "staff:assessment-detail", draft) == 200
    assert status_for(manager, "staff:assessment-edit", draft) == 403


def test_a_stranger_cannot_save(draft: Assessment) -> None:
    client = Client()
    client.force_login(PhysioFactory())
    body = form(one("f:pain.nprs_current::", "6"))
    assert post(client, reverse("staff:assessment-save", args=[draft.pk]), body).status_code == 404
    assert draft.findings.count() == 0


# --- Signing ----------------------------------------------------------------------------------------------------------


def test_signing_leads_to_the_record_and_locks_the_page(physio: Client, draft: Assessment) -> None:
    save(physio, draft, one("f:pain.nprs_current::", "6"))
    answer = physio.post(reverse("staff:assessment-sign", args=[draft.pk]))
    assert answer["Location"] == reverse("staff:assessment-detail", args=[draft.pk])
    record = physio.get(answer["Location"]).content.decode()
    assert "Signed by" in record
    assert "Pain now" in record
    again = physio.get(edit_url(draft, "pain"))
    assert again["Location"] == reverse("staff:assessment-detail", args=[draft.pk])


def test_a_question_must_be_confirmed_before_signing(physio: Client, draft: Assessment) -> None:
    save(physio, draft, one("f:hist.fluid_intake_l_day::", "7"))
    sign = reverse("staff:assessment-sign", args=[draft.pk])
    assert physio.post(sign)["Location"] == edit_url(draft, "review")
    draft.refresh_from_db()
    assert draft.state == "draft"
    key = physio.get(edit_url(draft, "review")).context["questions"][0].key
    assert physio.post(sign, {"confirmed": [key]})["Location"] == reverse("staff:assessment-detail", args=[draft.pk])


def test_the_record_tells_where_it_hurts(physio: Client, draft: Assessment) -> None:
    PainMarkFactory(assessment=draft)
    SurgeryFactory(assessment=draft)
    record = physio.get(reverse("staff:assessment-detail", args=[draft.pk])).content.decode()
    assert "Low back, right" in record
    assert "6 of 10, cramping, deep, back" in record
    assert "Knee, left, 06 May 2020" in record


def test_starting_again_opens_the_draft(physio: Client, draft: Assessment) -> None:
    answer = physio.post(reverse("staff:assessment-new", args=[draft.episode_id]))
    assert answer["Location"] == reverse("staff:assessment-edit", args=[draft.pk])
    assert Assessment.objects.count() == 1


def test_a_flag_is_cleared_from_the_page(physio: Client, draft: Assessment) -> None:
    RedFlagAnswerFactory(assessment=draft, flag="dvt", answer="yes")
    url = reverse("staff:assessment-flag-clear", args=[draft.pk])
    physio.post(url, {"flag": "dvt", "reason": "Scan negative", "source": "Ultrasound, 18 Nov"})
    assert [row.flag for row in draft.clearances.all()] == ["dvt"]
    page = physio.get(edit_url(draft, "flags")).content.decode()
    assert "Scan negative" in page


# --- A whole case -----------------------------------------------------------------------------------------------------


@pytest.fixture
def typed_case(physio: Client, draft: Assessment) -> Assessment:
    """CASE-01 typed through the save address: findings, picture, activities, every red flag and condition."""
    make_knowledge()
    draft.episode.patient.date_of_birth = date(1988, 5, 3)
    draft.episode.patient.save()
    answer = save(physio, draft, case01.everything())
    assert (answer["problems"], answer["conflicts"]) == ([], [])
    flags = [(f"g:{key}", [(f"g:{key}", "no")]) for key in RED_FLAGS]
    answer = save(physio, draft, flags, answer["revision"])
    assert answer["problems"] == []
    asked = Condition.objects.values_list("key", flat=True)
    conditions = [(f"c:{key}", [(f"c:{key}", "yes" if key == "no_thrust_consent" else "no")]) for key in asked]
    assert save(physio, draft, conditions, answer["revision"])["problems"] == []
    found: Assessment = Assessment.objects.for_chart().get(pk=draft.pk)
    return found


def test_case_01_typed_into_the_page_gives_the_facts_of_the_case(typed_case: Assessment) -> None:
    wanted = case_data("case_01")
    lead = typed_case.episode.practitioner
    facts = facts_for(typed_case, practitioner=lead, today=date(2026, 11, 24))
    for path, value in wanted["findings"].items():
        found = facts.findings[path].readings[0].value
        expected = tuple(value) if isinstance(value, list) else value
        assert found == (pytest.approx(expected) if isinstance(expected, float) else expected), path
    assert {(site.region, site.side) for site in facts.sites} == {("lumbar", "right"), ("buttock", "right")}
    assert {key for key, fact in facts.conditions.items() if fact.state == "true"} == {"no_thrust_consent"}
    assert {fact.state for fact in facts.flags.values()} == {"false"}
    assert len(facts.flags) == len(RED_FLAGS)
    assert PatientCondition.objects.filter(patient=typed_case.episode.patient).count() == Condition.objects.count()


def test_the_summary_of_case_01_names_its_causes(physio: Client, typed_case: Assessment) -> None:
    preview = preview_causes(typed_case, today=date(2026, 11, 24))
    labels = {cause.key: cause.label for cause in preview.causes}
    assert labels["glute_weakness_lumbar_overload"] == "strong"
    assert labels["hip_flexor_tightness_apt"] == "strong"
    page = physio.get(reverse("staff:assessment-summary", args=[typed_case.pk])).content.decode()
    assert "Weak gluteals" in page
    assert "not asked" not in page
