"""The doors to prescriptions and logs."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from clinic.access import Purpose, patient_for
from clinic.models import Patient, User
from exercises.models import Prescription, SessionLog


def prescription_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> Prescription:
    """The prescription with exercise and patient; 404 outside the user's patients, 403 when the role may not."""
    prescription = Prescription.objects.select_related("exercise", "patient").filter(pk=pk).first()
    if prescription is None:
        raise Http404("No such exercise.")
    patient_for(user, prescription.patient_id, to=to)
    return prescription


def session_log_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> SessionLog:
    """The log with prescription and exercise; the same two answers as :func:`prescription_for`."""
    log = SessionLog.objects.select_related("prescription__exercise", "patient").filter(pk=pk).first()
    if log is None:
        raise Http404("No such log.")
    patient_for(user, log.patient_id, to=to)
    return log


def own_prescription(patient: Patient, pk: int) -> Prescription:
    """A prescription of this very patient, with its exercise; 404 for any other."""
    prescription = patient.prescriptions.select_related("exercise").filter(pk=pk).first()
    if prescription is None:
        raise Http404("No such exercise.")
    prescription.patient = patient
    return prescription


def own_log(patient: Patient, pk: int) -> SessionLog:
    """A log of this very patient, with its prescription; 404 for any other."""
    log = patient.session_logs.select_related("prescription__exercise").filter(pk=pk).first()
    if log is None:
        raise Http404("No such log.")
    log.patient = log.prescription.patient = patient
    return log
