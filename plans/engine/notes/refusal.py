"""What a refusal must say: what to do now, which answers caused it, what to record."""

from collections.abc import Sequence

from plans.engine.notes.screening import contradiction_texts
from plans.engine.operators import NOTHING_FOUND
from plans.engine.picture import Picture
from plans.engine.screen import ActiveFlag


def refusal_notes(picture: Picture, flags: Sequence[ActiveFlag]) -> tuple[str, ...]:
    """What a plan blocked by red flags must say: what to do now, why, and what to record."""
    texts = list(contradiction_texts(picture))
    blocking = [f for f in flags if f.action == "block_plan"]
    if any(f.flag.key.startswith("ces_") for f in blocking):
        texts.append(
            "Emergency department now, with round-the-clock MRI if possible: suspected cauda equina syndrome. Do "
            "not wait for an "
            "appointment; take nothing to eat or drink if told so by emergency staff; bring the medicines list. "
            "A bladder scan "
            "is never used to decide against referral."
        )
    elif any(f.flag.disposition == "emergency_now" for f in blocking):
        texts.append("Call emergency services or go to an emergency department now; do not wait for an appointment.")
    elif any(f.flag.disposition == "urgent_same_day" for f in blocking):
        texts.append("Medical contact today; record the outcome before the next booking.")
    elif blocking:
        texts.append("Urgent referral: no treatment until the medical review is answered.")
    if blocking:
        texts.append("No technique or exercise is shown, even if the therapist has typed one.")
        texts.append(f"Answers that caused the block: {'; '.join(_answer(f, picture) for f in blocking)}.")
        texts.append("Time and person informed recorded: who was told, by whom and when.")
        texts.append(f"Telephone handover note with findings: {_handover(picture)}.")
    texts += [f"{f.flag.key} ({f.flag.suspected}): {f.flag.limits}" for f in flags]
    return tuple(dict.fromkeys(texts))


def _answer(active: ActiveFlag, picture: Picture) -> str:
    state = picture.flags[active.flag.key]
    parts = [] if state.contradiction else ["answered yes"] if picture.facts.flags.get(active.flag.key) else []
    if state.derived_from:
        parts.append(f"follows from {', '.join(state.derived_from)}")
    return f"{active.flag.key} ({'; '.join(parts) or 'true'})"


def _handover(picture: Picture) -> str:
    wanted = (
        "hist.age_years",
        "hist.sex_at_birth",
        "hist.symptom_duration_days",
        "pain.nprs_current",
        "pain.distribution",
    )
    positive = [p for p in picture.findings if p.startswith(("neuro.", "spec.")) and _noteworthy(picture, p)]
    parts = [f"{p} {_shown(picture, p)}" for p in (*wanted, *positive) if picture.recorded(p) is not None]
    return ", ".join((f"regions {', '.join(picture.regions)}", *parts))


def _noteworthy(picture: Picture, path: str) -> bool:
    value = picture.value(path)
    if isinstance(value, tuple):
        return any(entry not in NOTHING_FOUND for entry in value)
    return value is not False and value != "none"


def _shown(picture: Picture, path: str) -> str:
    value = picture.value(path)
    if isinstance(value, bool):
        return str(value).lower()
    return (
        ", ".join(value)
        if isinstance(value, tuple)
        else f"{value:g}"
        if isinstance(value, (int, float))
        else str(value)
    )
