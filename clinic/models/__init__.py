"""Who, where and what may be known."""

from clinic.models.audit import AccessEvent
from clinic.models.conditions import Answer, Condition, ConditionSite, PatientCondition
from clinic.models.consents import Consent
from clinic.models.devices import ReceivedAct
from clinic.models.facts import FactChange
from clinic.models.links import LoginLink
from clinic.models.organisation import Clinic
from clinic.models.patients import Episode, Patient
from clinic.models.proxies import Proxy
from clinic.models.signatures import Signature, SignatureCheck
from clinic.models.users import Credential, Practitioner, Role, User

__all__ = [
    "AccessEvent",
    "Answer",
    "Clinic",
    "Condition",
    "ConditionSite",
    "Consent",
    "Credential",
    "Episode",
    "FactChange",
    "LoginLink",
    "Patient",
    "PatientCondition",
    "Practitioner",
    "Proxy",
    "ReceivedAct",
    "Role",
    "Signature",
    "SignatureCheck",
    "User",
]
