"""How patients may be reached: addresses by channel, and the ways each kind of message is wanted. Fixed queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.db.models import Q

from clinic.models import Clinic, Consent, Patient
from reminders.models import Channel, ContactRules, Kind, Preference, PushSubscription
from reminders.phones import NotANumber, to_e164
from reminders.ways import Choice, wanted_ways

DEFAULT_COUNTRY = "GB"


@dataclass(frozen=True, slots=True)
class Reach:
    """Of some patients: their rules, what they want and where they can be reached."""

    rules: Mapping[int, ContactRules]
    choices: Mapping[int, tuple[Choice, ...]]
    with_push: frozenset[int]
    country: str

    def rules_of(self, patient_id: int) -> ContactRules:
        return self.rules.get(patient_id) or ContactRules()

    def wanted(self, patient_id: int, kind: str) -> tuple[str, ...]:
        """The ways the patient wants for this kind, the first to try in front."""
        return wanted_ways(kind, self.choices.get(patient_id, ()))

    def wanted_by_kind(self, patient_id: int) -> dict[str, tuple[str, ...]]:
        return {kind: self.wanted(patient_id, kind) for kind in Kind.values}

    def ways(self, patient: Patient, kind: str) -> list[str]:
        """The wanted ways that lead anywhere."""
        found = addresses_of(patient, self.rules_of(patient.pk), self.country, has_push=patient.pk in self.with_push)
        return [way for way in self.wanted(patient.pk, kind) if found[way]]


def read_reach(ids: Collection[int], *, country: str = "", push: bool = True) -> Reach:
    """At most four queries, however many patients. Leave ``push`` out where nothing goes that way."""
    live = PushSubscription.objects.filter(patient__in=ids, gone_at__isnull=True)
    return Reach(
        rules={row.patient_id: row for row in ContactRules.objects.filter(patient__in=ids)},
        choices=_choices(Preference.objects.filter(patient__in=ids)),
        with_push=frozenset(live.values_list("patient_id", flat=True)) if push else frozenset(),
        country=country or country_of_clinic(),
    )


def _choices(rows: Iterable[Preference]) -> dict[int, tuple[Choice, ...]]:
    found: defaultdict[int, list[Choice]] = defaultdict(list)
    for row in rows:
        found[row.patient_id].append(Choice(row.kind, row.channel, row.enabled, row.rank))
    return {patient: tuple(choices) for patient, choices in found.items()}


def country_of_clinic() -> str:
    """By whose numbering plan national telephone numbers are read."""
    return Clinic.objects.values_list("country", flat=True).first() or DEFAULT_COUNTRY


def addresses_of(patient: Patient, rules: ContactRules, country: str, *, has_push: bool) -> dict[str, str]:
    """Where messages go by each channel; empty where they cannot. A browser or the portal has no address: its name."""
    return {
        Channel.EMAIL: email_of(patient),
        Channel.SMS: sms_number_of(patient, rules, country),
        Channel.PUSH: Channel.PUSH.value if has_push else "",
        Channel.PORTAL: Channel.PORTAL.value if patient.user_id else "",
    }


def email_of(patient: Patient) -> str:
    """The patient's e-mail address, or that of the guardian of one who has none."""
    return patient.email or patient.guardian_email


def sms_number_of(patient: Patient, rules: ContactRules, country: str) -> str:
    """The number that was given for texts, else the telephone (or the guardian's) where it is a mobile number."""
    return rules.sms_number or _mobile(patient.phone, country) or _mobile(patient.guardian_phone, country)


@lru_cache(maxsize=10_000)
def _mobile(raw: str, country: str) -> str:
    try:
        return to_e164(raw, country) if raw else ""
    except NotANumber:
        return ""


def open_consent(now: datetime) -> Q:
    """Consents to messages that hold on the day of ``now``."""
    day = now.astimezone(UTC).date() + timedelta(days=1)  # signed "today" far in the east counts already
    return Q(kind=Consent.Kind.MESSAGES, withdrawn_on__isnull=True, signed_on__lte=day)
