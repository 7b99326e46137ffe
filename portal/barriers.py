"""What got in the way, and what may help: fixed texts, one per answer."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

StrOrPromise = str | Promise

ANSWERS: dict[str, StrOrPromise] = {
    "pain": _("It hurt too much"),
    "time": _("No time"),
    "forgot": _("I forgot"),
    "unsure": _("Not sure how"),
    "easy": _("Too easy"),
    "equipment": _("Nothing to do it with"),
}
SYMBOLS = {
    "pain": "mood-sad",
    "time": "clock",
    "forgot": "bell",
    "unsure": "help-circle",
    "easy": "barbell",
    "equipment": "list-check",
}
# What to do now. Nothing here changes the plan; less is always allowed.
TIPS: dict[str, StrOrPromise] = {
    "pain": _(
        "Do less: half of the repetitions, a smaller movement, or leave out what hurts most. Your physiotherapist is "
        "told and looks at lighter doses."
    ),
    "time": _(
        "A part counts. Begin with the first exercise on your list, even if it is the only one. Your physiotherapist "
        "gets a proposal for a shorter programme."
    ),
    "forgot": _("Tie it to something you do anyway, such as after brushing your teeth. A reminder can help as well."),
    "unsure": _(
        "Each exercise has its steps and a picture, and the guided session counts with you. Your physiotherapist is "
        "told and shows it to you again."
    ),
    "easy": _("Good news. Your physiotherapist gets a proposal for the next step. Until then, please keep your dose."),
    "equipment": _("Your physiotherapist is told, and finds something you have or another exercise."),
}
