"""What patients tell, ask and grant. Every word is invented."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from clinic.locality import patient_today
from clinic.models import Patient, Proxy
from clinic.proxies import grant
from plans.actions.questions import ask
from plans.actions.told import report_change
from plans.models import ChangeReport, PatientQuestion
from tests.factories.clinic import ManagerFactory


def change_report(patient: Patient, *signs: str, **more: Any) -> ChangeReport:
    """A report as the portal makes it; by default one that needs a call today."""
    given = {"words": "", "client_id": uuid4(), "now": timezone.now(), "today": patient_today(patient), **more}
    by = given.pop("by", patient.user)
    return report_change(patient, by, signs=signs or ("worse",), **given)


def asked_by(patient: Patient, text: str = "May I cycle?", **more: Any) -> PatientQuestion:
    """A question as the portal asks it."""
    given = {"topic": "daily", "client_id": uuid4(), "now": timezone.now(), **more}
    return ask(patient, given.pop("by", patient.user), text=text, **given)


def proxy_of(patient: Patient, **more: Any) -> Proxy:
    """Somebody who looks after the patient, granted by a manager."""
    today = patient_today(patient)
    given = {
        "email": f"carer-{uuid4().hex[:8]}@example.test",
        "name": "Robin Carer",
        "relation": "carer",
        "scopes": list(Proxy.Scope.values),
        "expires_on": today + timedelta(days=30),
        "consent_by": patient.display_name,
        "today": today,
        **more,
    }
    return grant(patient, given.pop("by", None) or ManagerFactory(), **given)
