"""Notes on needling, electrical and hands-on techniques: what is allowed, withheld or changed, and why."""

from collections.abc import Iterable, Sequence

from plans.engine.notes.told import Note, Told
from plans.engine.picture import Picture

CONSENT_FORMS = ("no_written_consent", "no_thrust_consent")
NEEDLING = ("dn_deep_trigger_point", "dn_superficial", "dn_electrical")
TENS = ("es_tens_conventional", "es_tens_low_frequency")
CHEST_MUSCLES = (
    "upper_trapezius",
    "levator_scapulae",
    "supraspinatus",
    "rhomboids",
    "middle_trapezius",
    "lower_trapezius",
)
CHEST_REGIONS = frozenset({"thoracic", "scapular", "shoulder", "chest_anterior"})


def _tens(told: Told) -> Iterable[str]:
    used = [t for t in TENS if t in told.offered]
    if used and "lumbar" in {r for t in used for r in told.offered[t]} | (told.regions & {"lumbar"}):
        yield (
            "TENS carries the NICE NG59 low-back note: not recommended by NICE NG59 for low back pain (do not offer); "
            "the clinician must see this note and use it only as a bridge to exercise."
        )


def _needling(told: Told) -> Iterable[str]:
    used = [t for t in NEEDLING if t in told.offered]
    if used:
        yield (
            f"Needling allowed only because written consent and an in-date dry-needling certificate are on file "
            f"({', '.join(used)}); consent is re-checked verbally at each visit."
        )
    elif _needling_considered(told):
        yield f"Needling withheld - {_joined(_needling_reasons(told))}."


def _needling_considered(told: Told) -> bool:
    listed = any(t in NEEDLING for c in told.causes for keys in c.cause.techniques.values() for t in keys)
    return listed or bool(_trigger_points(told.picture))


def _trigger_points(picture: Picture) -> list[str]:
    paths = [p for p in picture.findings if p.startswith("trp.")]
    return [p[4:] for p in paths if picture.test(p, "in", ("latent", "active")).state is True]


def _needling_reasons(told: Told) -> list[str]:
    picture = told.picture
    reasons = [] if picture.facts.consent.needling_signed is True else ["consent not signed"]
    preference = picture.value("hist.needle_preference")
    if preference != "accepts":
        reasons.append(f"preference {preference}" if preference else "preference not recorded")
    if "dry_needling_certificate" not in told.eligibility.credentials:
        reasons.append("no in-date dry-needling certificate")
    blocks = [b for t in NEEDLING[:2] for s in picture.sites for b in told.screen.technique(t, s)]
    hidden = ("no_written_consent", "needle_phobia")
    keys = dict.fromkeys(b.key for b in blocks if b.level == "contraindicated" and b.key not in hidden)
    reasons += [f"{_condition_or_flag(told, key)} contraindicates it" for key in keys]
    if not any(picture.value(f"trp.{m}") in ("latent", "active") for m in _trigger_points(picture)):
        reasons.append("no trigger point recorded")
    return reasons or ["no indication is met"]


def _condition_or_flag(told: Told, key: str) -> str:
    knowledge = told.picture.index.knowledge
    if key in knowledge.conditions:
        return f"{knowledge.conditions[key].label} ({key})"
    if key in knowledge.root_causes:
        return f"suspected {knowledge.root_causes[key].label}"
    return f"red flag {key}"


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _pneumothorax(told: Told) -> Iterable[str]:
    used = [t for t in NEEDLING if t in told.offered]
    if not used and not _needling_considered(told):
        return
    muscles = [m for m in _trigger_points(told.picture) if m in CHEST_MUSCLES]
    regions = sorted(told.regions & CHEST_REGIONS)
    if not muscles and not regions:
        return
    places = ", ".join(m.replace("_", "-") for m in muscles or regions)
    start = "Needling" if used else "If later consented,"
    tail = "" if used else " needling"
    yield (
        f"{start}{tail} of {places} is in a pneumothorax-risk region (upper-trapezius, "
        "shoulder-girdle and chest-wall needling: pincer grip, flat angle, thorax endorsement over the rib cage); "
        "breathlessness or chest pain within 72 h is an emergency."
    )


def _electrical_removed(told: Told) -> Iterable[str]:
    techniques = told.picture.index.knowledge.techniques.values()
    electrical = {t.key for t in techniques if t.category == "electro"}
    for key, everywhere, regional in _contraindicated(told, electrical):
        if electrical <= everywhere:
            yield f"All electrical items removed because of the {_why(told, key, electrical)}."
        elif electrical <= everywhere | regional:
            yield f"Electrical items removed at the treated region because of the {_why(told, key, electrical)}."


def _contraindicated(told: Told, techniques: set[str]) -> Iterable[tuple[str, set[str], set[str]]]:
    """Per true condition: which of the techniques it forbids anywhere, and which at every symptom site."""
    for state in told.screen.conditions:
        found = told.picture.index.technique_effects.get(state.key, ())
        forbidden = [(t, e) for t, e in found if t in techniques and e.level == "contraindicated"]
        everywhere = {t for t, e in forbidden if e.scope == "anywhere"}
        regional = {t for t, _ in forbidden if all(_hit(told, t, s, state.key) for s in told.picture.sites)}
        yield state.key, everywhere, regional


def _hit(told: Told, technique: str, site: object, condition: str) -> bool:
    blocks = told.screen.technique(technique, site)  # type: ignore[arg-type]
    return any(b.key == condition and b.level == "contraindicated" for b in blocks)


def _reason(told: Told, condition: str, techniques: set[str]) -> str:
    effects = told.picture.index.technique_effects.get(condition, ())
    return next((e.reason for t, e in effects if t in techniques and e.level == "contraindicated"), "")


def _short(condition: str) -> str:
    return condition.replace("_", " ")


def _deep_removed(told: Told) -> Iterable[str]:
    wanted = {"dn_deep_trigger_point", "mt_trigger_point_pressure"}
    for key, everywhere, regional in _contraindicated(told, wanted):
        if wanted <= everywhere | regional:
            yield (
                f"Deep needling and deep pressure removed because of the {_why(told, key, {'dn_deep_trigger_point'})}."
            )


def _why(told: Told, condition: str, techniques: set[str]) -> str:
    return f"{_short(condition)} ({_reason(told, condition, techniques)})"


def _removed(told: Told) -> Iterable[str]:
    """Every condition or flag that took something out of the plan, with what it took."""
    for key, items in told.removed.items():
        if key not in CONSENT_FORMS:
            yield f"Removed because of {_condition_or_flag(told, key)}: {', '.join(items)}."


def _thrust(told: Told) -> Iterable[str]:
    keys = [k for k, everywhere, regional in _contraindicated(told, {"mt_joint_thrust_5"}) if everywhere | regional]
    shown = [k for k in keys if k != "no_thrust_consent"]
    if shown:
        yield f"Thrust manipulation stays off: {', '.join(told.label(k) for k in shown)}."


def _modifications(told: Told) -> Iterable[str]:
    for (condition, modification), items in told.modifications.items():
        yield f"Modification for {', '.join(items)} ({told.label(condition)}): {modification}."


HANDS_ON: tuple[Note, ...] = (
    _removed,
    _needling,
    _pneumothorax,
    _tens,
    _electrical_removed,
    _deep_removed,
    _thrust,
    _modifications,
)
