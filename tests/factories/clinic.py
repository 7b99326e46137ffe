"""Factories of people, episodes, conditions and consents. Every name is invented."""

from __future__ import annotations

from datetime import date
from typing import Any

import factory
from factory.django import DjangoModelFactory

from clinic.models import (
    Answer,
    Clinic,
    Condition,
    Consent,
    Credential,
    Episode,
    Patient,
    PatientCondition,
    Practitioner,
    Role,
    User,
)

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.test")
    name = factory.Sequence(lambda n: f"Person Number{n}")
    role = Role.FRONT_DESK

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        password = kwargs.pop("password", PASSWORD)
        return model_class.objects.create_user(password=password, **kwargs)


class FrontDeskFactory(UserFactory):
    role = Role.FRONT_DESK


class ManagerFactory(UserFactory):
    role = Role.MANAGER
    is_staff = True


class PhysioFactory(UserFactory):
    """A physiotherapist's log-in together with the registration."""

    role = Role.PHYSIOTHERAPIST
    registration = factory.RelatedFactory("tests.factories.clinic.PractitionerFactory", factory_related_name="user")


class PatientUserFactory(UserFactory):
    role = Role.PATIENT


class PractitionerFactory(DjangoModelFactory[Practitioner]):
    class Meta:
        model = Practitioner

    user = factory.SubFactory(UserFactory, role=Role.PHYSIOTHERAPIST)
    licence_number = factory.Sequence(lambda n: f"PH{n:05d}")
    licence_valid_until = date(2099, 12, 31)


class CredentialFactory(DjangoModelFactory[Credential]):
    class Meta:
        model = Credential

    practitioner = factory.SubFactory(PractitionerFactory)
    kind = Credential.Kind.DRY_NEEDLING
    valid_until = date(2099, 12, 31)


class ClinicFactory(DjangoModelFactory[Clinic]):
    class Meta:
        model = Clinic
        django_get_or_create = ("singleton",)

    singleton = True
    name = "Riverside Physiotherapy"
    phone = "+44 20 7946 0000"
    email = "desk@example.test"


class PatientFactory(DjangoModelFactory[Patient]):
    class Meta:
        model = Patient
        skip_postgeneration_save = True

    number = factory.Sequence(lambda n: f"T-{n:06d}")
    given_name = factory.Sequence(lambda n: f"Given{n}")
    family_name = factory.Sequence(lambda n: f"Family{n}")
    date_of_birth = date(1988, 3, 4)
    sex_at_birth = "male"
    email = factory.LazyAttribute(lambda patient: patient.user.email if patient.user else "")
    user = factory.SubFactory(PatientUserFactory)

    @factory.post_generation
    def team(self: Patient, create: bool, extracted: Any, **kwargs: Any) -> None:
        """``PatientFactory(team=[physio])`` puts log-ins on the care team."""
        if create and extracted:
            self.care_team.add(*extracted)


class EpisodeFactory(DjangoModelFactory[Episode]):
    class Meta:
        model = Episode

    patient = factory.SubFactory(PatientFactory)
    practitioner = factory.SubFactory(PractitionerFactory)
    complaint = "Back seized up while lifting"
    opened_on = date(2026, 11, 1)

    @classmethod
    def _create(cls, model_class: type[Episode], *args: Any, **kwargs: Any) -> Episode:
        episode = super()._create(model_class, *args, **kwargs)
        episode.patient.care_team.add(episode.practitioner.user)
        return episode


class ConditionFactory(DjangoModelFactory[Condition]):
    class Meta:
        model = Condition
        django_get_or_create = ("key",)

    key = "pacemaker"
    label = "Cardiac pacemaker"
    kind = "implant"
    ask = "Do you have a pacemaker?"


class PatientConditionFactory(DjangoModelFactory[PatientCondition]):
    class Meta:
        model = PatientCondition

    patient = factory.SubFactory(PatientFactory)
    condition = factory.SubFactory(ConditionFactory)
    answer = Answer.YES
    recorded_by = factory.SubFactory(PhysioFactory)


class ConsentFactory(DjangoModelFactory[Consent]):
    class Meta:
        model = Consent

    patient = factory.SubFactory(PatientFactory)
    kind = Consent.Kind.TREATMENT
    signed_on = date(2026, 11, 1)
    signed_by = "The patient"
    recorded_by = factory.SubFactory(FrontDeskFactory)
