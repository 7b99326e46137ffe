"""What a patient may say has changed, in plain words, and what each answer leads to. Nothing is diagnosed here.

Follows the red-flag reference: a sign is at least as urgent as the most urgent flag behind it, and stops the home
programme where one of them blocks the whole plan. The signs that hold for everybody come first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

EMERGENCY, TODAY, CARRY_ON = "emergency", "today", "carry_on"
BY_URGENCY = (EMERGENCY, TODAY, CARRY_ON)


@dataclass(frozen=True, slots=True)
class Sign:
    """One answer. ``flags`` are the red flags it may stand for; ``stops``: the exercises rest until looked at."""

    key: str
    text: _StrPromise
    then: str
    stops: bool
    flags: tuple[str, ...] = ()


def _emergency(key: str, text: _StrPromise, *flags: str) -> Sign:
    return Sign(key, text, EMERGENCY, True, flags)


def _today(key: str, text: _StrPromise, *flags: str, stops: bool = False) -> Sign:
    return Sign(key, text, TODAY, stops, flags)


SIGNS: dict[str, Sign] = {
    sign.key: sign
    for sign in (
        _emergency(
            "saddle",
            _("Numb, or a different feeling, between your legs, at the genitals or the back passage"),
            "ces_saddle",
            "ces_sexual",
        ),
        _emergency(
            "bladder",
            _("You cannot hold or pass urine or stool as usual, or you do not feel it"),
            "ces_bladder",
            "ces_bowel",
        ),
        _emergency(
            "both_legs",
            _("New pain, weakness or numbness in both legs, or a foot that drops"),
            "ces_bilateral_legs",
            "cord_compression_cancer",
        ),
        _emergency(
            "chest",
            _("Chest pain, tearing pain between the shoulder blades, short of breath, or you cough up blood"),
            "pulmonary_embolism",
            "cardiac_referred",
            "aortic_dissection",
            "pneumothorax_needle",
        ),
        _emergency(
            "stroke",
            _("New weakness of the face or an arm, trouble speaking or swallowing, double vision or loss of sight"),
            "stroke_tia",
            "arterial_dissection",
        ),
        _emergency(
            "headache",
            _("A sudden headache, the worst you have had, or new neck pain unlike any before"),
            "arterial_dissection",
            "hypertensive_emergency",
        ),
        _emergency("calf", _("One leg is newly swollen, hot or painful, above all the calf"), "dvt"),
        _emergency(
            "cold_limb", _("An arm or a leg that is cold, pale and very painful or numb"), "acute_limb_ischaemia"
        ),
        _emergency(
            "fever_pain",
            _("Fever or shivering together with strong back pain, a stiff neck, a rash, or a hot swollen joint"),
            "spinal_infection",
            "meningitis_sign",
            "septic_joint",
        ),
        _emergency(
            "muscles",
            _("Very swollen, very painful muscles, or dark, cola-coloured urine"),
            "rhabdomyolysis",
            "compartment_syndrome",
        ),
        _emergency(
            "collapse",
            _("Confused, very drowsy, fainting or being sick after effort, heat or drinking a lot"),
            "exertional_heat",
            "hyponatraemia_signs",
        ),
        _emergency(
            "belly", _("Sudden strong pain in the belly, the back or the side, and you feel faint"), "aaa_suspected"
        ),
        _emergency(
            "accident",
            _("A hard fall or an accident: you hit your head, cannot put weight on it, or it looks out of shape"),
            "fracture_high_energy",
            "head_injury",
        ),
        _emergency("jaw", _("A jaw or a neck that locks, or stiff muscles together with fever"), "rigidity_emergency"),
        _emergency(
            "pregnancy_warning",
            _("You are pregnant, and: bleeding, leaking water, regular tightening, or the baby moves less"),
            "pregnancy_warning",
        ),
        _emergency(
            "bleeding_joint",
            _("You bleed easily or take blood thinners, and a joint or muscle has swollen quickly"),
            "acute_haemarthrosis",
        ),
        _emergency(
            "cord_injury",
            _("You have a spinal cord injury, and: pounding headache, red blotchy face, sweating"),
            "autonomic_dysreflexia",
        ),
        _emergency("self_harm", _("You think of harming yourself, or you are not safe"), "psych_safety"),
        _today(
            "weakness",
            _("An arm or a leg that gets weaker, clumsy hands, or unsteady walking"),
            "progressive_motor_loss",
            "cord_signs",
            "mnd_pattern",
            "new_tone",
            stops=True,
        ),
        _today(
            "fall",
            _("A fall, a knock or a snap, and it has hurt much more since"),
            "fracture_suspected",
            "fracture_fragility",
            "tendon_rupture",
            "muscle_avulsion",
            "stress_fracture_high_risk",
            stops=True,
        ),
        _today(
            "unwell",
            _("Fever, you feel ill, or you lose weight without wanting to"),
            "systemic_unwell",
            "malignancy_suspected",
            "spinal_infection_risk",
            stops=True,
        ),
        _today(
            "cancer_pain",
            _("You have or had cancer, and there is a new pain in your back or bones"),
            "spinal_metastasis_pain",
            stops=True,
        ),
        _today(
            "diagnosis",
            _("A new illness or diagnosis, an operation, or an implant such as a pacemaker"),
            "visceral_referred",
            "child_red_flag",
            stops=True,
        ),
        _today("pregnant", _("You are pregnant, or may be"), "pregnancy_same_day", stops=True),
        _today(
            "foot_wound", _("You have diabetes, and there is a sore on your foot"), "foot_wound_diabetes", stops=True
        ),
        _today("medicine", _("A new medicine, above all a blood thinner or a steroid")),
        _today("night", _("Pain at night that no position eases"), "night_pain_unremitting"),
        _today("spreading", _("The pain moves further down the arm or the leg, or there is new tingling")),
        _today("worse", _("Your pain rises from day to day, or you can do much less than before")),
        _today("sore_long", _("Soreness after an exercise that lasts longer than three days")),
        _today("other", _("Something else that worries you")),
        Sign("sore", _("Sore muscles, up to three days after something new"), CARRY_ON, False),
    )
}


def signs_for(then: str) -> list[Sign]:
    """The signs that lead to one answer, in the order they are asked."""
    return [sign for sign in SIGNS.values() if sign.then == then]


def most_urgent(signs: Iterable[Sign]) -> str:
    """What to do when several things have changed: the most urgent of all. Raises ValueError for none."""
    return min((sign.then for sign in signs), key=BY_URGENCY.index)
