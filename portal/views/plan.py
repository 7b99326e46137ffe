"""My plan: from pain to prevention, and how it is going."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from exercises.programme import read_programme
from plans.documents.handout import handout_pdf, version_in_force
from plans.news import acknowledge
from plans.summary import flare_plan_of, plan_for_patient
from portal.changes import told
from portal.distance import distances
from portal.journey import stop_of
from portal.pages import Visitor, page, portal_page
from portal.trend import pain_by_day, strip_of

EMERGENCY = "emergency"  # a warning sign that names emergency care stands apart, in red


@require_safe
@portal_page
def plan(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Three stations, where you are, what opens the next one, and what is good to know now."""
    summary = plan_for_patient(visitor.patient)
    if summary is None:
        return page(request, visitor, "portal/plan.html", {"plan": None, "flare": flare_plan_of(visitor.patient)})
    far = distances(summary.plan_id, summary.phase)
    stops = [stop_of(station, far) for station in summary.stations]
    shown = {"plan": summary, "stops": stops, "news": told(visitor.patient)}
    return page(request, visitor, "portal/plan.html", shown)


@require_POST
@portal_page
def news_seen(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The patient has seen what changed."""
    acknowledge(visitor.patient)
    return redirect("portal:today")


@require_safe
@portal_page
def flare(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """What to do if it comes back, as written at the end of the last course of care."""
    found = flare_plan_of(visitor.patient)
    lines = found.flare_plan.splitlines() if found else []
    warnings = found.record["warnings"] if found else []
    context = {
        "flare": found,
        "lines": [line for line in lines if line.strip()],
        "urgent": [line for line in warnings if EMERGENCY in line.lower()],
        "signs": [line for line in warnings if EMERGENCY not in line.lower()],
    }
    return page(request, visitor, "portal/flare.html", context)


@require_safe
@portal_page
def handout(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The exercises of today's step on paper. 404 while no plan is in force."""
    version = version_in_force(visitor.patient)
    if version is None:
        raise Http404("No plan is in force.")
    paper = "us-letter" if request.GET.get("paper") == "us-letter" else "a4"
    response = HttpResponse(handout_pdf(version, paper=paper), content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="exercises.pdf"'
    return response


@require_safe
@portal_page
def progress(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The last two weeks: what was done, what was not said, how it hurt."""
    programme = read_programme(visitor.patient, visitor.today)
    context = {
        "strip": strip_of(programme),
        "adherence": programme.adherence().percent,
        "streak": programme.streak(),
        "pain": pain_by_day(programme),
        "has_history": bool(programme.prescriptions),
    }
    return page(request, visitor, "portal/progress.html", context)
