"""Plain words for patients: doses, sides, effort, muscles. Every sentence can be translated."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

StrOrPromise = str | Promise

# Below this a hold is just the end of the movement and would only puzzle.
SHORTEST_HOLD_S = 2
# From here the hold is the exercise ("hold for 30 seconds"), before it the movement is ("do 8, hold 2 seconds").
LONG_HOLD_S = 15

PLAIN_MUSCLES: dict[str, StrOrPromise] = {
    "deep_neck_flexors": _lazy("deep muscles at the front of the neck"),
    "neck_extensors": _lazy("muscles at the back of the neck"),
    "suboccipitals": _lazy("small muscles under the back of the head"),
    "sternocleidomastoid": _lazy("long muscles at the sides of the neck"),
    "scalenes": _lazy("side muscles of the neck"),
    "upper_trapezius": _lazy("muscles between neck and shoulder"),
    "levator_scapulae": _lazy("muscles from neck to shoulder blade"),
    "jaw_elevators": _lazy("jaw muscles"),
    "middle_trapezius": _lazy("muscles between the shoulder blades"),
    "lower_trapezius": _lazy("muscles below the shoulder blades"),
    "rhomboids": _lazy("muscles between the shoulder blades"),
    "serratus_anterior": _lazy("muscles around the side of the ribs"),
    "pectoralis_minor": _lazy("small chest muscles"),
    "pectoralis_major": _lazy("chest muscles"),
    "latissimus_dorsi": _lazy("broad back muscles"),
    "deltoid": _lazy("shoulder muscles"),
    "supraspinatus": _lazy("muscles at the top of the shoulder"),
    "shoulder_external_rotators": _lazy("muscles at the back of the shoulder"),
    "shoulder_internal_rotators": _lazy("muscles at the front of the shoulder"),
    "elbow_flexors": _lazy("muscles at the front of the upper arm"),
    "triceps": _lazy("muscles at the back of the upper arm"),
    "wrist_extensors": _lazy("muscles at the back of the forearm"),
    "wrist_flexors": _lazy("muscles at the front of the forearm"),
    "thumb_extensors": _lazy("thumb muscles"),
    "finger_flexors": _lazy("grip muscles"),
    "hand_intrinsics": _lazy("small muscles of the hand"),
    "thoracic_erectors": _lazy("long muscles of the upper back"),
    "lumbar_erectors": _lazy("long muscles of the low back"),
    "multifidus": _lazy("deep muscles of the low back"),
    "quadratus_lumborum": _lazy("side muscles of the low back"),
    "rectus_abdominis": _lazy("front stomach muscles"),
    "obliques": _lazy("side stomach muscles"),
    "transversus_abdominis": _lazy("deep stomach muscles"),
    "diaphragm": _lazy("breathing muscle"),
    "pelvic_floor_muscles": _lazy("pelvic floor"),
    "iliopsoas": _lazy("muscles at the front of the hip"),
    "rectus_femoris": _lazy("long muscle at the front of the thigh"),
    "tensor_fasciae_latae": _lazy("muscles at the outside of the hip"),
    "gluteus_maximus": _lazy("buttock muscles"),
    "gluteus_medius": _lazy("muscles at the side of the buttock"),
    "gluteus_minimus": _lazy("muscles at the side of the buttock"),
    "piriformis": _lazy("deep buttock muscles"),
    "hip_external_rotators": _lazy("deep hip muscles"),
    "hip_internal_rotators": _lazy("deep hip muscles"),
    "hip_adductors": _lazy("inner thigh muscles"),
    "quadriceps": _lazy("muscles at the front of the thigh"),
    "hamstrings": _lazy("muscles at the back of the thigh"),
    "gastrocnemius": _lazy("calf muscles"),
    "soleus": _lazy("deep calf muscles"),
    "tibialis_anterior": _lazy("shin muscles"),
    "tibialis_posterior": _lazy("deep muscles of the lower leg"),
    "peroneals": _lazy("muscles at the outside of the lower leg"),
    "toe_extensors": _lazy("muscles that lift the toes"),
    "toe_flexors": _lazy("muscles that curl the toes"),
    "foot_intrinsics": _lazy("small muscles of the foot"),
}

SIDES: dict[str, StrOrPromise] = {
    "left": _lazy("Left side"),
    "right": _lazy("Right side"),
    "both": _lazy("Both sides"),
}


class Counted(Protocol):
    """How much and how often: the columns of ``exercises.models.Dose`` that a list shows."""

    @property
    def sets(self) -> int: ...
    @property
    def reps(self) -> int: ...
    @property
    def hold_s(self) -> int | None: ...
    @property
    def duration_min(self) -> Decimal | None: ...
    @property
    def per_day(self) -> int: ...
    @property
    def days_per_week(self) -> int: ...


class Dosed(Counted, Protocol):
    """Anything with all dose columns of ``exercises.models.Dose``."""

    @property
    def rpe_low(self) -> int: ...
    @property
    def rpe_high(self) -> int: ...
    @property
    def rest_s(self) -> int: ...


def dose_words(dose: Counted) -> str:
    """What one session is: "Do 8, hold 2 seconds", "3 sets of 10", "Hold for 30 seconds, 2 times", "5 minutes"."""
    hold = dose.hold_s or 0
    if dose.duration_min:
        minutes = Decimal(dose.duration_min).normalize()
        return ngettext("{n} minute", "{n} minutes", int(minutes)).format(n=f"{minutes:f}")
    if hold >= LONG_HOLD_S:
        words, count = _("Hold for {seconds} seconds").format(seconds=hold), dose.sets * dose.reps
        return words if count == 1 else words + ", " + _("{n} times").format(n=count)
    if dose.sets > 1:
        words = _("{sets} sets of {n}").format(sets=dose.sets, n=dose.reps)
    else:
        words = _("Do {n}").format(n=dose.reps)
    return words if hold < SHORTEST_HOLD_S else words + ", " + _("hold {seconds} seconds").format(seconds=hold)


def rest_words(dose: Dosed) -> str:
    """The rest between sets; empty when there is none."""
    if dose.sets == 1 or not dose.rest_s:
        return ""
    return _("Rest {seconds} seconds between sets").format(seconds=dose.rest_s)


def often_words(dose: Counted) -> str:
    """ "3 times today": how often on a day."""
    return ngettext("once today", "{n} times today", dose.per_day).format(n=dose.per_day)


def day_words(dose: Counted) -> str:
    """ "3 times a day": how often on any day, for paper."""
    return ngettext("once a day", "{n} times a day", dose.per_day).format(n=dose.per_day)


def week_words(dose: Counted) -> str:
    """ "3 days a week", or "every day"."""
    if dose.days_per_week == 7:
        return _("every day")
    return ngettext("{n} day a week", "{n} days a week", dose.days_per_week).format(n=dose.days_per_week)


def side_words(side: str) -> str:
    """Which side, as an instruction; empty when the exercise has none."""
    return str(SIDES[side]) if side in SIDES else ""


def effort_words(dose: Dosed) -> str:
    """The effort as a feeling; bounds are CR10 (0-10)."""
    high = dose.rpe_high
    if high <= 2:
        feeling = _("very easy, almost no effort")
    elif high <= 4:
        feeling = _("easy: you could go on and talk")
    elif high <= 6:
        feeling = _("moderate: you work, and can still talk")
    else:
        feeling = _("hard: the last ones are an effort")
    return _("{feeling} ({low} to {high} out of 10)").format(feeling=feeling, low=dose.rpe_low, high=high)


def muscle_words(keys: list[str]) -> str:
    """The muscles an exercise works on, in everyday words; a muscle without such words is left out."""
    words = dict.fromkeys(str(PLAIN_MUSCLES[key]) for key in keys if key in PLAIN_MUSCLES)
    return ", ".join(words)
