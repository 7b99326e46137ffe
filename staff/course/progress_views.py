"""The progress of one episode: one picture, two tables."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from assessments.diary.readers import read_diary
from clinic.access import episode_for
from clinic.locality import patient_today
from clinic.models import Episode
from clinic.permissions import Permission, may
from exercises.models import HomePause
from plans.course.timeline import read_timeline
from staff.course.chart import chart_of
from staff.headers import header_for

PAUSES = 10
SERIES = (
    ("pain", "Pain"),
    ("function", "Function"),
    ("range", "Range"),
    ("strength", "Strength"),
    ("adherence", "Home programme"),
)


@require_safe
def episode_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Pain, function, range, strength and adherence on one time axis with the phases as bands, and as tables."""
    return progress_page(request, episode_for(request.user, pk))


def progress_page(request: HttpRequest, episode: Episode, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The page, also with a form that was refused."""
    today = patient_today(episode.patient)
    timeline = read_timeline(episode, today=today)
    context = {
        "episode": episode,
        "patient": episode.patient,
        "header": header_for(request, episode.patient),
        "crumbs": [
            {"label": episode.patient.display_name, "url": reverse("staff:patient-detail", args=[episode.patient_id])},
            {"label": episode.complaint, "url": reverse("staff:episode-detail", args=[episode.pk])},
            {"label": "Progress", "url": reverse("staff:episode-progress", args=[episode.pk])},
        ],
        "timeline": timeline,
        "chart": None if timeline.is_empty else chart_of(timeline),
        "series": SERIES,
        "diary": read_diary(episode.patient, patient_today(episode.patient)),
        "nav": "patient-list",
        "pauses": [
            (row, row.by_id == episode.patient.user_id, row.ends_on >= today) for row in timeline.pauses[:PAUSES]
        ],
        "pause_reasons": HomePause.Reason.choices,
        "may_treat": may(request.user, Permission.CLINICAL_EDIT),
        "today": today,
        **extra,
    }
    return render(request, "staff/course/progress.html", context, status=status)
