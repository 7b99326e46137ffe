"""Invented people of the demo clinic. No name, number or address belongs to anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from clinic.models import Clinic, Credential, Practitioner, Role, User

PASSWORD = "kineplan-demo"  # noqa: S105 - printed at the start of the demo, synthetic data only
YEARS = 3


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff with log-in; ``credentials`` are those of a physiotherapist."""

    email: str
    name: str
    role: str
    credentials: tuple[str, ...] = ()
    is_lead: bool = False


STAFF = (
    StaffMember("hannah@demo.test", "Hannah Okafor", Role.PHYSIOTHERAPIST, ("dry_needling_certificate",), True),
    StaffMember("luca@demo.test", "Luca Marchetti", Role.PHYSIOTHERAPIST, ("advanced_manual_therapy",)),
    StaffMember("mei@demo.test", "Mei Tanaka", Role.PHYSIOTHERAPIST, ("pelvic_health_endorsement",)),
    StaffMember("desk@demo.test", "Tom Ashworth", Role.FRONT_DESK),
    StaffMember("manager@demo.test", "Grace Lindqvist", Role.MANAGER),
)

GIVEN_F = [
    "Amelia",
    "Beatriz",
    "Chloe",
    "Daria",
    "Edith",
    "Fatima",
    "Greta",
    "Hira",
    "Ines",
    "Josephine",
    "Katarzyna",
    "Leila",
    "Maja",
    "Noor",
    "Olivia",
    "Priya",
    "Rosalind",
    "Sofia",
    "Thea",
    "Yasmin",
]
GIVEN_M = [
    "Aaron",
    "Benedikt",
    "Callum",
    "Deniz",
    "Emeka",
    "Farid",
    "Gustav",
    "Henrik",
    "Idris",
    "Jakub",
    "Kofi",
    "Leon",
    "Mateo",
    "Nikhil",
    "Oskar",
    "Pavel",
    "Rafael",
    "Samuel",
    "Tomasz",
    "Viktor",
]
FAMILY = [
    "Abara",
    "Bergström",
    "Castellano",
    "Dubois",
    "Eriksen",
    "Farouk",
    "Gallagher",
    "Hoffmann",
    "Iwata",
    "Jankowski",
    "Kowalczyk",
    "Lefebvre",
    "Montgomery-Hughes",
    "Nakamura",
    "O'Sullivan",
    "Petrov",
    "Quintero",
    "Rasmussen",
    "Santos",
    "Thornbury",
    "Ueda",
    "Vandenberghe",
    "Whitfield",
    "Yilmaz",
    "Zielinski",
]


def seed_clinic() -> Clinic:
    """The clinic's own row."""
    clinic, _ = Clinic.objects.get_or_create(
        singleton=True,
        defaults={
            "name": "Riverside Physiotherapy (demo)",
            "address": "1 Example Quay\nSampletown",
            "phone": "+44 20 7946 0100",
            "email": "desk@demo.test",
            "time_zone": "Europe/London",
        },
    )
    return clinic


def _seed_member(member: StaffMember, today: date) -> User:
    user: User | None = User.objects.filter(email=member.email).first()
    if user is None:
        user = User.objects.create_user(
            member.email, PASSWORD, name=member.name, role=member.role, is_staff=member.role != Role.FRONT_DESK
        )
    if member.role == Role.PHYSIOTHERAPIST and not hasattr(user, "practitioner"):
        practitioner = Practitioner.objects.create(
            user=user,
            licence_number=f"DEMO-{user.pk:04d}",
            licence_valid_until=today + timedelta(days=365 * YEARS),
            is_clinical_lead=member.is_lead,
        )
        for kind in member.credentials:
            Credential.objects.create(
                practitioner=practitioner,
                kind=kind,
                reference="synthetic",
                valid_until=today + timedelta(days=365 * YEARS),
            )
    return user


def seed_staff(today: date) -> list[User]:
    """Three physiotherapists, a receptionist and a manager, in that order."""
    return [_seed_member(member, today) for member in STAFF]
