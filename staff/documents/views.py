"""Documents on paper: the handout of a signed plan, referral letters."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import patient_for
from clinic.errors import DomainError
from clinic.models import Patient
from plans.access import discharge_for, version_for
from plans.actions.drafting import usable_knowledge
from plans.documents.handout import handout_pdf
from plans.documents.letter import letter_pdf as pdf_of_letter
from plans.documents.letter import write_letter, write_report
from plans.documents.typeset import PAPERS
from plans.models import Letter, PlanVersion
from staff.documents.forms import LetterForm, ReportForm
from staff.forms import add_problems
from staff.headers import header_for, staff_user


def _paper(request: HttpRequest) -> str:
    paper = request.GET.get("paper", "a4")
    return paper if paper in PAPERS else "a4"


def pdf_response(content: bytes, name: str) -> HttpResponse:
    """A PDF to look at in the browser, with a file name for those who keep it."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


def file_name(what: str, patient: Patient) -> str:
    """ "exercises-k-000123": the record number and no name, since files are lost and forwarded."""
    return f"{what}-{slugify(patient.number)}"


@require_safe
def plan_handout(request: HttpRequest, pk: int) -> HttpResponse:
    """The home programme of the phase in force, to print and hand over."""
    version = version_for(request.user, pk, to="clinical")
    try:
        content = handout_pdf(version, paper=_paper(request))
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("staff:plan-version", pk=pk)
    return pdf_response(content, file_name("exercises", version.plan.episode.patient))


@require_http_methods(["GET", "HEAD", "POST"])
def letter_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a referral letter from what a plan version found; it is kept as it was written."""
    version = version_for(request.user, pk, to="treat")
    form = LetterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            letter = write_letter(
                version,
                staff_user(request),
                **form.cleaned_data,
                knowledge=usable_knowledge(),
                today=timezone.localdate(),
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, f"Letter to {letter.recipient} written. It is kept with the episode.")
            return redirect(f"{reverse('staff:episode-detail', args=[letter.episode_id])}#letters")
    return render(request, "staff/documents/letter.html", _letter_context(request, version, form), status=_status(form))


def _status(form: ReportForm) -> int:
    return 422 if form.errors else 200


def _letter_context(request: HttpRequest, version: PlanVersion, form: LetterForm) -> dict[str, object]:
    episode = version.plan.episode
    steps = (
        (episode.patient.display_name, reverse("staff:patient-detail", args=[episode.patient_id])),
        (episode.complaint, reverse("staff:episode-detail", args=[episode.pk])),
        (f"Plan, version {version.number}", reverse("staff:plan-version", args=[version.pk])),
        ("Referral letter", ""),
    )
    return {
        "form": form,
        "version": version,
        "patient": episode.patient,
        "header": header_for(request, episode.patient),
        "crumbs": [{"label": label, "url": url} for label, url in steps],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def report_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Report a discharge to the GP or referrer; only with the patient's consent."""
    row = discharge_for(request.user, pk, to="treat")
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            letter = write_report(row, staff_user(request), **form.cleaned_data, today=timezone.localdate())
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, f"Letter to {letter.recipient} written. It is kept with the episode.")
            return redirect(f"{reverse('staff:episode-detail', args=[letter.episode_id])}#letters")
    episode = row.plan.episode
    steps = (
        (episode.patient.display_name, reverse("staff:patient-detail", args=[episode.patient_id])),
        (episode.complaint, reverse("staff:episode-detail", args=[episode.pk])),
        ("Discharge", reverse("staff:discharge-detail", args=[row.pk])),
        ("Letter", ""),
    )
    context = {
        "form": form,
        "discharge": row,
        "patient": episode.patient,
        "header": header_for(request, episode.patient),
        "crumbs": [{"label": label, "url": url} for label, url in steps],
    }
    return render(request, "staff/documents/report.html", context, status=_status(form))


@require_safe
def letter_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """A letter as it was written."""
    letter = Letter.objects.select_related("episode").filter(pk=pk).first()
    if letter is None:
        raise Http404("No such letter.")
    patient = patient_for(request.user, letter.episode.patient_id, to="clinical")
    return pdf_response(pdf_of_letter(letter, paper=_paper(request)), file_name("letter", patient))
