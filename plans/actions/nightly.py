"""Screening by itself: facts that were written past the pages, and every running plan once a day."""

from __future__ import annotations

import logging
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from clinic.locality import patient_today
from clinic.models import FactChange, Patient
from plans.actions.holds import screen_plan, try_to_settle
from plans.models import Discharge, Plan

log = logging.getLogger(__name__)

AT_ONCE = 100


def settle_open(limit: int = AT_ONCE) -> int:
    """Settle patients whose new facts nobody has screened; returns how many were settled."""
    waiting = FactChange.objects.filter(patient=OuterRef("pk"), settled_at__isnull=True)
    goes_on = Q(state__in=("draft", "active")) | Q(discharge__home=Discharge.Home.KEEP)
    running = Plan.objects.filter(goes_on, episode__patient=OuterRef("pk"))
    patients = Patient.objects.filter(Exists(waiting), Exists(running)).order_by("pk")[:limit]
    return sum(try_to_settle(patient, None, today=patient_today(patient)) for patient in patients)


def screen_running(limit: int = AT_ONCE) -> int:
    """Screen running plans that were not screened today; returns how many were."""
    today = timezone.localdate()
    due = Plan.objects.filter(Q(screened_on__isnull=True) | Q(screened_on__lt=today), state=Plan.State.ACTIVE)
    keys = list(due.order_by("screened_on", "pk").values_list("pk", flat=True)[:limit])
    return sum(_screen(key, today) for key in keys)


def _screen(key: int, today: date) -> bool:
    """One plan in its own transaction; one that fails is tried again tomorrow and does not stop the others."""
    try:
        with transaction.atomic():
            plan = Plan.objects.select_for_update(skip_locked=True).filter(pk=key).first()
            if plan is None:  # somebody works on it
                return False
            screen_plan(plan, None, today=patient_today(plan.episode.patient))
    except Exception:
        log.exception("plan %s could not be screened", key)
    Plan.objects.filter(pk=key).update(screened_on=today)
    return True
