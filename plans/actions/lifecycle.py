"""What happens around plans when an assessment is amended, handed in by a student or co-signed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import transaction

from assessments import cosigning
from assessments.amending import Correction, amend
from assessments.models import Amendment, Assessment
from clinic.models import User
from plans.actions.holds import facts_may_change
from plans.actions.worklist import close_alerts, raise_alert
from plans.models import Plan, PlanVersion

COSIGN, RETURNED, AMENDED = "co-signature", "returned-to-student", "assessment-amended"


@transaction.atomic
def submit_for_cosignature(
    assessment: Assessment, *, by: User, today: date, confirmed: Collection[str] = ()
) -> Assessment:
    """Sign as a student and put it on the supervisor's worklist. Raises as ``assessments.cosigning.submit``."""
    row = cosigning.submit(assessment, by=by, today=today, confirmed=confirmed)
    patient, key = row.episode.patient, str(row.pk)
    close_alerts(patient, RETURNED, key=key, outcome="Signed again by the student")
    raise_alert(
        patient,
        COSIGN,
        key=key,
        text=f"{by.name} signed an assessment as a student. It waits for a co-signature.",
        suggestion="Read the assessment, then co-sign it or send it back.",
        severity="high",
    )
    return row


@transaction.atomic
def cosign_assessment(assessment: Assessment, *, by: User, today: date) -> Assessment:
    """Co-sign, and take it off the worklist. Raises as ``assessments.cosigning.cosign``."""
    with facts_may_change(assessment.episode.patient, by=by, today=today):
        row = cosigning.cosign(assessment, by=by, today=today)
    close_alerts(row.episode.patient, COSIGN, key=str(row.pk), outcome=f"Co-signed by {by.name}")
    return row


@transaction.atomic
def return_assessment(assessment: Assessment, *, by: User, note: str, today: date) -> Assessment:
    """Send it back to the student with a note. Raises as ``assessments.cosigning.send_back``."""
    row = cosigning.send_back(assessment, by=by, note=note, today=today)
    patient, key = row.episode.patient, str(row.pk)
    close_alerts(patient, COSIGN, key=key, outcome=f"Sent back by {by.name}")
    raise_alert(
        patient,
        RETURNED,
        key=key,
        text=f"{by.name} sent an assessment back: {row.return_note}"[:500],
        suggestion="Change it and sign it again.",
    )
    return row


@transaction.atomic
def amend_assessment(
    assessment: Assessment,
    corrections: Collection[Correction] = (),
    *,
    by: User,
    reason: str,
    addition: str = "",
    today: date,
) -> Amendment:
    """Amend a signed assessment; a plan in force that rests on it comes onto the worklist.

    Raises as ``assessments.amending.amend``. Open drafts find out by themselves: their facts no longer match.
    """
    with facts_may_change(assessment.episode.patient, by=by, today=today):
        made = amend(assessment, corrections, by=by, reason=reason, addition=addition, today=today)
    if not made.size:
        return made
    rests = PlanVersion.objects.filter(
        assessment=assessment, state=PlanVersion.State.SIGNED, plan__state=Plan.State.ACTIVE
    ).select_related("plan")
    for version in rests:
        raise_alert(
            assessment.episode.patient,
            AMENDED,
            key=str(assessment.pk),
            text=f"{by.name} amended the assessment that the plan in force rests on: {made.reason}"[:500],
            suggestion="Make a new version of the plan and check it against the corrected facts.",
            severity="high",
            plan=version.plan,
        )
    return made
