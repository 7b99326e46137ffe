"""The portal as an app: its manifest, its service worker, the page without a connection, and late entries."""

from __future__ import annotations

import json
from contextlib import nullcontext
from hashlib import sha256
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.locality import speaking_to
from clinic.models import Clinic, Patient
from portal.acts import MOST_ACTS, answer
from portal.device import key_of, person_of
from portal.pages import Visitor, portal_page

# Everything that a page needs to be readable and usable without a connection.
SHELL = (
    "css/core.css",
    "css/portal.css",
    "css/portal-pages.css",
    "css/offline.css",
    "js/app.js",
    "js/queue.js",
    "js/offline.js",
    "js/portal-today.js",
    "js/portal-log.js",
    "icons.svg",
    "favicon.svg",
    "body/female.svg",
    "body/male.svg",
    "django_htmx/htmx-2.min.js",
)
WORKER = ("js/queue.js", "js/sw-push.js", "js/sw.js")
ICONS = (
    ("app/icon-192.png", "192x192", "any"),
    ("app/icon-512.png", "512x512", "any"),
    ("app/maskable-512.png", "512x512", "maskable"),
)
GROUND, ACCENT = "#f7f6f2", "#0f5f61"  # --ground and --accent of core.css
SHORT = "public, max-age=300"


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest, by the name of the clinic."""
    clinic = Clinic.objects.only("name").first()
    name = clinic.name if clinic else "Kineplan"
    icons = [{"src": static(path), "sizes": size, "type": "image/png", "purpose": use} for path, size, use in ICONS]
    start = reverse("portal:today")
    content = {
        "id": start,
        "name": name,
        "short_name": name if len(name) <= 12 else "Kineplan",
        "lang": get_language() or "en",
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "orientation": "portrait",
        "background_color": GROUND,
        "theme_color": ACCENT,
        "icons": [*icons, {"src": static("favicon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
    }
    response = JsonResponse(content, content_type="application/manifest+json")
    response["Cache-Control"] = SHORT
    return response


@login_not_required
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker of the portal; its text changes whenever a file of the shell or of the worker does."""
    files = [static(name) for name in SHELL]
    parts = [static(name) for name in WORKER]
    version = sha256("\n".join([*files, *parts]).encode()).hexdigest()[:12]
    content = {"version": version, "files": files, "offline": reverse("portal:offline")}
    text = f"self.kineplan = {json.dumps(content)};\nimportScripts({json.dumps(parts)[1:-1]});\n"
    response = HttpResponse(text, content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown without a connection when the page asked for is not kept: nothing of a person but the language."""
    patient = Patient.objects.filter(user=request.user.pk).first() if request.user.is_authenticated else None
    with speaking_to(patient) if patient else nullcontext():
        response = render(request, "portal/offline.html")
        response["Content-Language"] = get_language() or "en"
    response["Cache-Control"] = "private, no-cache"
    return response


@require_http_methods(["GET", "POST"])
@portal_page
def sync(request: HttpRequest, visitor: Visitor) -> JsonResponse:
    """GET: a fresh token, and whose entries may be sent. POST: ``{"acts": [...]}``, each answered on its own."""
    if request.method != "POST":
        content = {"person": person_of(visitor.user), "key": key_of(visitor.user), "csrf": get_token(request)}
        return JsonResponse({**content, "most": MOST_ACTS, "now": visitor.now.isoformat()})
    try:
        sent: Any = json.loads(request.body)
    except ValueError:
        sent = None
    acts = sent.get("acts") if isinstance(sent, dict) else None
    if not isinstance(acts, list):
        return JsonResponse({"error": _("This entry cannot be read. Please enter it again.")}, status=400)
    if sent.get("person") not in (None, person_of(visitor.user)):
        return JsonResponse({"error": "person"}, status=409)
    if len(acts) > MOST_ACTS:
        return JsonResponse({"error": "most", "most": MOST_ACTS}, status=413)
    return JsonResponse({"answers": [answer(visitor, act) for act in acts]})
