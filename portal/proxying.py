"""Pages for somebody one looks after: /for/<patient>/portal/... is the portal of that patient.

The patient stands in the address, never in the session. The prefix is taken off before the address is resolved and
put before every address that the page builds, so that no page and no link needs to know. Deny by default: a page that
``OPEN`` does not name is closed to everybody but the patient.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import get_script_prefix, set_script_prefix

from clinic.models import Proxy
from clinic.proxies import check_scope, proxy_for

PREFIX = re.compile(r"^/for/(\d{1,18})(/portal/.*)$")
# Logging in and out is nobody else's: addresses that a page built with the prefix lead to the plain ones.
ACCOUNTS = re.compile(r"^/for/\d{1,18}(/accounts/.*)$")
Scope = Proxy.Scope

# Which part of the right opens a page; "" is open to everybody who looks after the patient: a warning is never refused.
OPEN: dict[str, str] = {
    "portal:today": Scope.PROGRAMME,
    "portal:plan": Scope.PROGRAMME,
    "portal:progress": Scope.PROGRAMME,
    "portal:exercise": Scope.PROGRAMME,
    "portal:handout": Scope.PROGRAMME,
    "portal:flare": Scope.PROGRAMME,
    "portal:session": Scope.LOG,
    "portal:session-one": Scope.LOG,
    "portal:know": Scope.PROGRAMME,
    "portal:topic": Scope.PROGRAMME,
    "portal:tip-rest": Scope.LOG,
    "portal:habits": Scope.LOG,
    "portal:habit-tick": Scope.LOG,
    "portal:log": Scope.LOG,
    "portal:log-pain": Scope.LOG,
    "portal:log-undo": Scope.LOG,
    "portal:visits": Scope.VISITS,
    "portal:visit-confirm": Scope.VISITS,
    "portal:visit-cancel": Scope.VISITS,
    "portal:visit-calendar": Scope.VISITS,
    "portal:ask": Scope.QUESTIONS,
    "portal:ask-read": Scope.QUESTIONS,
    "portal:changed": "",
    "portal:told": "",
}


class ProxyMiddleware:
    """Opens a record for who looks after it, for this one request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = PREFIX.match(request.path_info)
        if match is None:
            if (accounts := ACCOUNTS.match(request.get_full_path())) is not None:
                return HttpResponseRedirect(accounts[1], preserve_request=True)
            return self.get_response(request)
        before = get_script_prefix()
        request.proxy_for = int(match[1])  # type: ignore[attr-defined]
        request.path_info = match[2]
        set_script_prefix(f"{before}for/{match[1]}/")
        try:
            return self.get_response(request)
        finally:
            set_script_prefix(before)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """404 without a right that lives now, 403 for a page outside it; whatever the view does itself."""
        patient_id = getattr(request, "proxy_for", None)
        if patient_id is None or not request.user.is_authenticated:
            return
        proxy = proxy_for(request.user, patient_id)
        match = request.resolver_match
        check_scope(proxy, OPEN.get(match.view_name) if match else None)
        request.proxy = proxy  # type: ignore[attr-defined]
