"""One demo patient with a second assessment, so that a comparison and values carried forward can be looked at."""

from __future__ import annotations

from datetime import date, timedelta

from assessments.actions import deny_flags, save_changes, sign, start_assessment
from assessments.changes import ActivityChange, Change, FindingChange
from assessments.chart import chart_of
from assessments.crosschecks import questions
from assessments.models import Assessment
from assessments.vocabulary import RED_FLAGS
from clinic.models import Patient
from config.demo.clock import clock_at

DAYS_AGO = 2
PAIN = {"pain.nprs_current": 1, "pain.nprs_best_24h": 0, "pain.nprs_worst_24h": 3, "pain.nprs_movement": 2}
STEP = {"mmt": 1.0, "rom": 8.0, "len": 6.0, "endur": 12.0}  # what got better since, in the unit of the finding


def reassess(patient: Patient, today: date) -> Assessment:
    """A reassessment of the patient's episode: some findings measured again and better, the rest carried forward."""
    episode = patient.episodes.get()
    user, day = episode.practitioner.user, today - timedelta(days=DAYS_AGO)
    with clock_at(day, 14):
        draft = start_assessment(episode, user, today=day, copy_forward=True)
        saved = save_changes(draft, _measured(draft), by=user, revision=0, today=day)
        deny_flags(draft, RED_FLAGS, by=user, revision=saved.revision, today=day)
        row = Assessment.objects.for_chart().get(pk=draft.pk)
        confirmed = [question.key for question in questions(chart_of(row, today=day))]
        return sign(row, by=user, today=day, confirmed=confirmed)


def _measured(draft: Assessment) -> list[Change]:
    """Two of three figures of the examination, improved; the activities scored again; pain of today."""
    changes: list[Change] = [FindingChange(path, value=value) for path, value in PAIN.items()]
    for position, row in enumerate(draft.findings.exclude(number=None)):
        step = STEP.get(row.path.partition(".")[0])
        if step is None or position % 3 == 2 or row.number is None:
            continue
        better = float(row.number) + step
        value = min(5.0, float(int(better))) if row.path.startswith("mmt.") else better
        changes.append(FindingChange(row.path, row.side, row.mode, value))
    changes += [
        ActivityChange(row.position, row.activity, min(10, (row.score or 0) + 3)) for row in draft.activities.all()
    ]
    return changes
