"""The home programme on paper: the same exercises, doses and warnings as the portal shows, with boxes to tick."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from clinic.anatomy import MUSCLES, region_label
from clinic.body_picture import thumbnail
from clinic.errors import Refused
from clinic.locality import day_year_words, speaking_to
from clinic.models import Clinic, Patient
from clinic.readers import has_unsettled_facts
from clinic.said import said
from exercises import wording
from exercises.models import Prescription
from exercises.sides import side_to_say
from plans.documents.typeset import qr_svg, typeset
from plans.models import Plan, PlanPhase, PlanVersion
from plans.summary import PHASE_AIMS, PHASE_TITLES

TONES = {1: "relief", 2: "correction", 3: "maintenance"}
WARNING_TOPIC = "ed_warning_signs"
WEEKS = 2


def handout_pdf(version: PlanVersion, *, paper: str = "a4") -> bytes:
    """The handout of the phase that the patient is in, as PDF/UA in the patient's language.

    ``version`` comes with its page rows. Raises Refused unless it is the signed version in force: nothing that nobody
    signed leaves the house.
    """
    plan = version.plan
    if version.state != PlanVersion.State.SIGNED or plan.current_phase is None:
        raise Refused("not_in_force", "Only the signed version in force can be handed out.")
    phase = next(p for p in version.phases.all() if p.number == plan.current_phase)
    patient = plan.episode.patient
    with speaking_to(patient):
        return typeset("handout", _content(version, phase, patient), paper=paper)


def version_in_force(patient: Patient) -> PlanVersion | None:
    """The signed version that the patient follows now, with its page rows; None without one."""
    found: PlanVersion | None = (
        PlanVersion.objects.for_page()
        .filter(
            plan__episode__patient=patient,
            plan__state=Plan.State.ACTIVE,
            plan__current_phase__isnull=False,
            state=PlanVersion.State.SIGNED,
        )
        .order_by("-signed_at", "-id")
        .first()
    )
    return found


def _content(version: PlanVersion, phase: PlanPhase, patient: Patient) -> dict[str, Any]:
    today = timezone.localdate()
    in_force = list(_in_force(version, today))
    topics = [row.topic for row in phase.education.all()]
    link = f"{settings.PUBLIC_URL}/portal/"
    signer = version.signed_by.user.name if version.signed_by else ""
    return {
        "title": _("Your exercises"),
        "lang": (translation.get_language() or "en").partition("-")[0],
        "clinic": clinic_block(),
        "patient": patient.display_name,
        "made": day_year_words(today),
        "foot": _("Version {n} of your plan, signed by {name}. Made on {day}.").format(
            n=version.number, name=signer, day=day_year_words(today)
        ),
        "phase": {
            "number": phase.number,
            "tone": TONES[phase.number],
            "title": str(PHASE_TITLES[phase.number]),
            "aim": str(PHASE_AIMS[phase.number]),
        },
        "summary": version.summary_for_patient,
        "held": _held(phase, in_force),
        "exercises": [_exercise(prescription, patient) for prescription in in_force],
        "days": [str(WEEKDAYS_ABBR[day]) for _week in range(WEEKS) for day in range(7)],
        "pain_rules": _pain_rules(),
        "warnings": [said(m) for topic in topics if topic.key == WARNING_TOPIC for m in topic.messages],
        "topics": [
            {"title": said(t.title), "messages": [said(m) for m in t.messages]}
            for t in topics
            if t.key != WARNING_TOPIC
        ],
        "link": link,
        "qr": qr_svg(link),
        "words": _words(),
    }


def clinic_block() -> dict[str, str]:
    """How the clinic is named and reached, on every sheet."""
    clinic = Clinic.objects.first()
    if clinic is None:
        return {"name": "", "address": "", "phone": "", "email": ""}
    address = ", ".join(line.strip() for line in clinic.address.splitlines() if line.strip())
    return {"name": clinic.name, "address": address, "phone": clinic.phone, "email": clinic.email}


def _in_force(version: PlanVersion, today: date) -> Iterable[Prescription]:
    """What the portal asks for today: prescribed by this version, running, not on hold."""
    return (
        Prescription.objects.filter(
            planned__item__phase__version=version,
            state=Prescription.State.ACTIVE,
            starts_on__lte=today,
        )
        .exclude(ends_on__lt=today)
        .exclude(has_unsettled_facts("patient"))
        .select_related("exercise")
        .order_by("position", "id")
    )


def _held(phase: PlanPhase, in_force: list[Prescription]) -> str:
    missing = len(phase.planexercises.all()) - len(in_force)
    if missing <= 0:
        return ""
    return _("Some exercises of this step are on hold and not printed. Your physiotherapist will tell you more.")


def _exercise(prescription: Prescription, patient: Patient) -> dict[str, Any]:
    exercise = prescription.exercise
    side = side_to_say(
        prescription.side,
        technique=exercise.technique,
        region=exercise.region,
        position=exercise.position,
        load_tags=exercise.load_tags,
    )
    regions = dict.fromkeys(MUSCLES[key].region for key in exercise.target_muscles if key in MUSCLES)
    regions = regions or {exercise.region: None}
    shown = thumbnail([(region, side or "both") for region in regions], patient.sex_at_birth)
    notes = [wording.rest_words(prescription), _("Effort: {words}").format(words=wording.effort_words(prescription))]
    return {
        "name": said(exercise.name),
        "picture": shown.svg() if shown else "",
        "alt": _("Works on: {places}").format(places=", ".join(said(region_label(region)) for region in regions)),
        "dose": wording.dose_words(prescription),
        "often": ", ".join((wording.day_words(prescription), wording.week_words(prescription))),
        "side": wording.side_words(side),
        "notes": [note for note in notes if note],
        "cues": [said(cue) for cue in exercise.cues],
        "stop": _("Stop if: {sign}").format(sign=said(exercise.stop_if)) if exercise.stop_if else "",
        "why": said(prescription.why),
        "boxes": prescription.per_day,
    }


def _pain_rules() -> list[str]:
    """The traffic light of the exercise reference: at most 2 points more, settled within 24 hours."""
    return [
        _("Green: pain rises by 2 points or less and is back to usual within a day. Go on."),
        _("Amber: it takes longer than a day to settle. Do less next time."),
        _("Red: pain rises by more than 2 points, or spreads. Stop this exercise and call us."),
    ]


def _words() -> dict[str, str]:
    return {
        "page": _("Page"),
        "exercises": _("What to do"),
        "exercise": _("Exercise"),
        "none": _("Nothing to do at home in this step for now."),
        "ticks": _("Tick what you did"),
        "ticks_help": _("One box each time. An empty box is no failure: it tells us what fits into your day."),
        "pain_row": _("Worst pain of the day, 0 to 10"),
        "pain": _("How much pain is all right?"),
        "warning": _("When to stop, and when to get help"),
        "qr": _("Your exercises on your phone"),
        "qr_alt": _("QR code that opens your exercises"),
    }
