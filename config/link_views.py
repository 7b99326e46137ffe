"""Logging in by a personal link: a page with a button, because mail programs open links on their own."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.links import is_open, make_link, use_link
from clinic.models import Clinic, Role, User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LONGEST_TOKEN = 100


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """The button, and what it does. Wrong, used and old links read the same, and say nothing about anybody."""
    if ratelimit.consume_or_429(request, action="enter_link"):
        return _gone(request, status=429)
    now = timezone.now()
    known = len(token) <= LONGEST_TOKEN
    if request.method != "POST":
        if known and is_open(token, now=now):
            return render(request, "account/link.html", {"clinic_name": _clinic_name(), "next": _next(request)})
        return _gone(request)
    user = use_link(token, now=now) if known else None
    if user is None:
        return _gone(request)
    request.session.flush()  # nothing of whoever was logged in on this telephone goes on
    login(request, user, backend=BACKEND)
    return redirect(_next(request) or "portal:today")


@login_not_required
@never_cache
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Mail a link. The answer is the same for an address that nobody has."""
    email = request.POST.get("email", "").strip().lower()[:254]
    try:
        validate_email(email)
    except ValidationError:
        return redirect("account_request_login_code")
    if ratelimit.consume_or_429(request, action="send_link", key=email):
        return render(request, "account/link_sent.html", {"email": email, "wait": True}, status=429)
    user = User.objects.filter(email=email, role=Role.PATIENT, is_active=True).first()
    if user is not None:
        link = request.build_absolute_uri(f"/in/{make_link(user, now=timezone.now())}/")
        get_adapter(request).send_mail("account/email/login_link", email, {"link": link, "user": user})
    return render(request, "account/link_sent.html", {"email": email})


def _gone(request: HttpRequest, *, status: int = 410) -> HttpResponse:
    return render(request, "account/link_gone.html", {"clinic_name": _clinic_name()}, status=status)


def _clinic_name() -> str:
    clinic = Clinic.objects.only("name").first()
    return clinic.name if clinic else "Kineplan"


def _next(request: HttpRequest) -> str:
    """The page of the portal that the link was to lead to, when it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host(), *settings.ALLOWED_HOSTS} - {"*"}
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=hosts, require_https=request.is_secure())
    return wanted if ours and wanted.startswith("/portal/") else ""
