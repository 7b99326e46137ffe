"""The words around topics and habits: one question to check oneself, and what a habit asks for on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from plans.habits import HABITS, strip_of
from plans.learning import Habits

SELF_CHECKS: Mapping[str, Promise] = {
    "ed_hydration": _("What colour is your urine in the middle of the day, and what does it tell you?"),
    "ed_warmup_cooldown": _("What will you do in the five minutes before you begin next time?"),
    "ed_microbreaks": _("What will remind you to stand up after an hour of sitting?"),
    "ed_ergonomics_workstation": _("Sit as you work: where is the top of your screen, and do your feet stand flat?"),
    "ed_lifting": _("What will you lift next, and how will you get it close to your body?"),
    "ed_posture": _("Which moment of your day could remind you to loosen your shoulders?"),
    "ed_warning_signs": _("Which signs mean that you get help at once? Name two without looking."),
    "ed_pacing": _("Which one thing will you change this week, and which will you leave as it is?"),
    "ed_sleep_position": _("Where will you put the pillows tonight?"),
    "ed_heat_cold": _("How long may a pack stay on, and what do you check after five minutes?"),
    "ed_pain_explained": _("Can you tell somebody else in one sentence what a spasm is?"),
    "ed_flare_plan": _("If it comes back: what will you do on the first two days?"),
    "ed_home_tens": _("How long at most, and where must the pads never be?"),
}

HABIT_NAMES: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "drink": (_("Drink through the day"), _("Sip through the day; more with heat or exercise.")),
    "warm_up": (_("Warm up, cool down"), _("5 to 10 minutes of light activity before; easy stretches after.")),
    "hourly": (_("Get up every hour"), _("Stand up and stretch neck, shoulders and hips every hour of sitting.")),
    "posture": (_("Mind your posture"), _("A few times a day: shoulders back gently, chin in softly.")),
    "listen": (_("Listen to your body"), _("Stop at a twitch or tightness, rest, stretch, note what set it off.")),
}


@dataclass(frozen=True, slots=True)
class HabitShown:
    """A habit with its week; ``week`` is empty for one that is not chosen."""

    key: str
    name: str | Promise
    text: str | Promise
    topic: str
    is_chosen: bool
    week: list[tuple[date, bool]]

    @property
    def done(self) -> int:
        """Days of the last seven."""
        return sum(ticked for _day, ticked in self.week)


def shown(habits: Habits, today: date) -> list[HabitShown]:
    """All that may be chosen, in list order."""
    return [_shown(key, habits, today) for key in habits.open]


def _shown(key: str, habits: Habits, today: date) -> HabitShown:
    name, text = HABIT_NAMES[key]
    is_chosen = key in habits.chosen
    week = strip_of(habits.ticks[key], today) if is_chosen else []
    return HabitShown(key, name, text, HABITS[key], is_chosen, week)
