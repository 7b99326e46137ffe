"""What the plan must say beside its items: notes that follow from rules, never from a case.

Each rule looks at the finished plan and returns the sentences it owes. Order of the rules is the order of the notes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from plans.engine.eligibility import Eligibility
from plans.engine.evidence import ScoredCause
from plans.engine.operators import NOTHING_FOUND
from plans.engine.picture import Picture
from plans.engine.reason import RaisedReferral, Selection
from plans.engine.screen import ActiveFlag, Screen

LOW_BACK = frozenset({"lumbar", "sacroiliac_pelvis", "buttock"})
LEG = frozenset(
    {
        *("buttock", "hip_groin", "thigh_anterior", "thigh_posterior", "thigh_medial", "thigh_lateral"),
        *("knee", "calf", "shin", "ankle", "foot"),
    }
)
NECK = frozenset({"cervical", "cervical_anterior", "head_face"})
NEEDLING = ("dn_deep_trigger_point", "dn_superficial", "dn_electrical")
TENS = ("es_tens_conventional", "es_tens_low_frequency")
CHEST_MUSCLES = ("upper_trapezius", "levator_scapulae", "supraspinatus", "rhomboids", "middle_trapezius", "lower_trapezius")
CHEST_REGIONS = frozenset({"thoracic", "scapular", "shoulder", "chest_anterior"})
FLUID_CONDITIONS = ("diuretic", "kidney_disease", "hyponatraemia_history")
OVERUSE = frozenset({"overuse_fatigue", "exercise_associated_cramp", "hamstring_overuse_weakness", "calf_endurance_deficit"})
BONE_FLAGS = ("stress_fracture", "stress_fracture_high_risk")
MINORS = ("minor_under_16", "minor_16_17")
PREGNANCY = ("pregnancy_t1", "pregnancy_t2_t3", "pregnancy_high_risk")
NAMES = {
    "endur.hamstring_bridge_reps": "hamstring bridge >= {0:g} repetitions",
    "endur.hop_lsi": "hop symmetry >= {0:g} %",
    "endur.heel_raise_reps": "heel raise >= {0:g} repetitions",
    "endur.single_leg_bridge_hold": "single-leg bridge >= {0:g} s",
}


@dataclass(frozen=True, eq=False)
class Told:
    """The finished plan as the notes see it. `offered`: techniques planned or shown as alternatives with regions."""

    picture: Picture
    screen: Screen
    eligibility: Eligibility
    selection: Selection
    flags: Sequence[ActiveFlag]
    referrals: Sequence[RaisedReferral]
    offered: Mapping[str, tuple[str, ...]]
    exercises: frozenset[str]
    education: frozenset[str]
    modifications: Mapping[tuple[str, str], tuple[str, ...]]  # (condition, modification) -> items
    region_closed: bool

    @property
    def regions(self) -> frozenset[str]:
        return frozenset(self.picture.regions)

    @property
    def causes(self) -> tuple[ScoredCause, ...]:
        return self.selection.selected

    def has(self, *conditions: str) -> list[str]:
        return [c for c in conditions if self.picture.has_condition(c)]

    def label(self, condition: str) -> str:
        return self.picture.index.knowledge.conditions[condition].label

    def active(self, *flags: str) -> list[str]:
        return [f.flag.key for f in self.flags if f.flag.key in flags]


Note = Callable[[Told], Iterable[str]]


def notes(told: Told) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for rule in RULES for text in rule(told)))


# --- screening ------------------------------------------------------------------------------------------------------


def _contradictions(told: Told) -> Iterable[str]:
    return contradiction_texts(told.picture)


def contradiction_texts(picture: Picture) -> tuple[str, ...]:
    """A finding that speaks against a "no": both are shown and the flag stays true until it is cleared."""
    return tuple(
        f"Contradiction: red flag {s.key} was answered no, but it follows from {', '.join(s.derived_from)}; "
        "it stays true until a named clinician clears it."
        for s in picture.flags.values()
        if s.contradiction
    )


def _cleared(told: Told) -> Iterable[str]:
    for state in told.picture.flags.values():
        if state.state == "cleared":
            yield f"Red flag {state.key} was cleared by a clinician; it stays on record and is asked again next visit."


def _flag_banners(told: Told) -> Iterable[str]:
    for active in told.flags:
        flag = active.flag
        yield f"Red flag {flag.key} ({flag.suspected}), {active.action}, {flag.disposition}: {flag.limits}"
        if flag.disposition == "caution_monitor":
            yield f"Re-screen {flag.key} at every visit."


def _referrals(told: Told) -> Iterable[str]:
    for referral in told.referrals:
        speed = "Urgent referral" if referral.urgent else "Routine letter"
        yield f"{speed} ({referral.cause.cause.label}): {referral.cause.cause.referral.rule}."


def _medicine_letter(told: Told) -> Iterable[str]:
    raised = {r.cause.key for r in told.referrals}
    if told.active("medication_cramp") or "medication_related_cramp" in raised:
        yield (
            "Routine letter to the GP or prescriber for medicine review and blood test (U&E, calcium, magnesium, glucose, "
            "TSH); the patient does not stop any medicine meanwhile."
        )


def _safety_net(told: Told) -> Iterable[str]:
    if LOW_BACK.isdisjoint(told.regions) and LEG.isdisjoint(told.regions):
        return
    yield (
        "Cauda equina safety-net text given in writing with every low-back or leg plan, even when the screen is clear: "
        "new trouble passing or holding urine or stool, numbness between the legs, changed genital sensation, or symptoms "
        "in both legs: go to an emergency department now, do not wait for an appointment. A normal examination today does "
        "not clear a bladder, bowel or saddle symptom."
    )


def _vascular_neck(told: Told) -> Iterable[str]:
    if NECK.isdisjoint(told.regions):
        return
    picture = told.picture
    missing = [k for k in ("arterial_dissection", "cord_signs") if not picture.flag_denied(k)]
    missing += [p for p in ("neuro.cranial_nerve_sign", "spec.bp_systolic", "spec.bp_diastolic") if picture.recorded(p) is None]
    systolic, diastolic = picture.number("spec.bp_systolic"), picture.number("spec.bp_diastolic")
    if missing:
        yield f"Neck vascular screen is not complete: {', '.join(missing)} not recorded clear."
    elif picture.is_true("neuro.cranial_nerve_sign") or (systolic or 0) >= 160 or (diastolic or 0) >= 100:
        yield f"Neck vascular screen is not clear: blood pressure {systolic:g}/{diastolic:g}."
    else:
        yield (
            f"Neck vascular screen recorded clear: dissection and cord questions no, cranial nerves clear, "
            f"blood pressure {systolic:g}/{diastolic:g}."
        )


def _aortic_and_malignancy(told: Told) -> Iterable[str]:
    picture = told.picture
    if told.regions.isdisjoint({"lumbar", "thoracic", "abdomen"}) or (picture.number("hist.age_years") or 0) < 50:
        return
    screens = (
        ("abdominal aortic", ("aaa_suspected",)),
        ("malignancy", ("malignancy_suspected", "spinal_metastasis_pain", "cord_compression_cancer")),
    )
    clear = [name for name, keys in screens if all(picture.flag_denied(k) for k in keys)]
    if clear:
        plural = "screens" if len(clear) > 1 else "screen"
        yield f"{' and '.join(clear).capitalize()} {plural} recorded clear; asked again after any flare or new symptom."


# --- needling, electrical, hands-on ---------------------------------------------------------------------------------


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
    rule = told.picture.index.knowledge.conditions.get(key)
    return f"{rule.label} ({key})" if rule is not None else f"red flag {key}"


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
        f"{start}{tail} of {places} is in a pneumothorax-risk region (upper-trapezius, shoulder-girdle and chest-wall needling: "
        "pincer grip, flat angle, thorax endorsement over the rib cage); breathlessness or chest pain within 72 h is an emergency."
    )


def _electrical_removed(told: Told) -> Iterable[str]:
    techniques = told.picture.index.knowledge.techniques.values()
    electrical = {t.key for t in techniques if t.category == "electro"}
    for key, everywhere, regional in _contraindicated(told, electrical):
        if electrical <= everywhere:
            yield f"All electrical items removed because of the {_short(told, key)} ({_reason(told, key, electrical)})."
        elif electrical <= everywhere | regional:
            yield f"Electrical items removed at the treated region because of the {_short(told, key)} ({_reason(told, key, electrical)})."


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


def _short(told: Told, condition: str) -> str:
    return condition.replace("_", " ")


def _deep_removed(told: Told) -> Iterable[str]:
    wanted = {"dn_deep_trigger_point", "mt_trigger_point_pressure"}
    for key, everywhere, regional in _contraindicated(told, wanted):
        if wanted <= everywhere | regional:
            yield (
                f"Deep needling and deep pressure removed because of the {_short(told, key)} "
                f"({_reason(told, key, {'dn_deep_trigger_point'})})."
            )


def _thrust(told: Told) -> Iterable[str]:
    keys = [k for k, everywhere, regional in _contraindicated(told, {"mt_joint_thrust_5"}) if everywhere | regional]
    shown = [k for k in keys if k != "no_thrust_consent"]
    if shown:
        yield f"Thrust manipulation stays off: {', '.join(told.label(k) for k in shown)}."


def _modifications(told: Told) -> Iterable[str]:
    for (condition, modification), items in told.modifications.items():
        yield f"Modification for {', '.join(items)} ({told.label(condition)}): {modification}."


# --- fluids, loading, age -------------------------------------------------------------------------------------------


def _fluids(told: Told) -> Iterable[str]:
    if told.has("fluid_restriction"):
        yield "Fluid restriction: no hydration advice and no drinking target; only the medical team changes fluids or salt."
        return
    limits = told.has(*FLUID_CONDITIONS)
    if "ed_hydration" not in told.education:
        return
    if limits:
        names = ", ".join(_short(told, c) for c in limits)
        yield f"Fluid advice agreed with the prescriber because of the {names}: no supplements, ask for a U&E check."
    else:
        yield "Individual fluid and salt advice (sweat, weather, thirst) rather than a blanket volume."


def _cramp_medicines(told: Told) -> Iterable[str]:
    cramps = told.picture.value("hist.chief_complaint") == "cramp" or (told.picture.number("hist.nocturnal_cramps_per_week") or 0) > 0
    if cramps:
        yield "No quinine or magnesium recommendation for cramp (quinine: serious side effects; magnesium: little or no benefit)."


def _balance(told: Told) -> Iterable[str]:
    rules = told.picture.index.knowledge.conditions
    older = (told.picture.number("hist.age_years") or 0) >= 65
    tagged = [s.key for s in told.screen.conditions if "balance" in (*rules[s.key].caution_load_tags, *rules[s.key].avoid_load_tags)]
    if (older or tagged) and not told.region_closed:
        yield "Balance work near support: every balance, single-leg or heel-raise exercise beside a worktop or wall."


def _older(told: Told) -> Iterable[str]:
    if (told.picture.number("hist.age_years") or 0) < 60 or told.region_closed:
        return
    yield "Age 60 or over: 30-60 s stretch holds; strength with 10-15 repetitions at lower load."


def _rhabdomyolysis(told: Told) -> Iterable[str]:
    overuse = OVERUSE & {c.key for c in told.causes}
    unused = "unaccustomed_exercise" in told.picture.choices("hist.mechanism")
    if overuse or unused or told.has("statin_muscle_symptoms"):
        yield "Rhabdomyolysis warning: dark or cola-coloured urine with severe swollen painful muscles or weakness is an emergency."


def _load_rise(told: Told) -> Iterable[str]:
    spike = (told.picture.number("hist.load_change_pct") or 0) >= 15
    if spike or OVERUSE & {c.key for c in told.causes}:
        yield "Load rise not above about 10 % a week."


def _return_to_sport(told: Told) -> Iterable[str]:
    library = told.picture.index.knowledge.exercises
    if not any(library[k].technique == "ex_plyometric_return" or k == "run_return" for k in told.exercises):
        return
    goals = {g.metric: g.target for c in told.causes for g in c.cause.goals if g.metric in NAMES and g.by == "phase3_exit"}
    goals.setdefault("endur.hop_lsi", 90)
    gates = " and ".join(NAMES[metric].format(target) for metric, target in goals.items())
    yield f"Return-to-sport gate: {gates}, and the phase-2 strength gate, before running, jumping or sport."


def _heavy(told: Told) -> Iterable[str]:
    if told.screen.heavy_avoided and not told.region_closed:
        yield f"Heavy load avoided ({', '.join(told.screen.heavy_avoided)}): effort at most RPE 6 in every phase."


def _growth(told: Told) -> Iterable[str]:
    minors = told.has(*MINORS)
    if not minors:
        return
    yield "Parent informed: parent or guardian told of the findings and the plan; the young person's assent recorded."
    if "minor_under_16" in minors:
        yield "Under 16: parent or guardian consent, contact on file and presence at hands-on treatment."


# --- pregnancy ------------------------------------------------------------------------------------------------------


def _pregnancy(told: Told) -> Iterable[str]:
    pregnant = told.has(*PREGNANCY)
    if not pregnant:
        return
    if "pregnancy_t2_t3" in pregnant:
        yield "Side-lying or seated preferred - no prone and supine only briefly with a wedge."
        yield "Stretch mid-range only: no end-range or ballistic stretch."
    yield "Heat small (15 min at most) and not on the abdomen; no hot tub or large packs on the trunk."
    yield "Obstetric warning signs in writing and re-asked each visit, with the weeks of pregnancy."
    yield "Maternity or pelvic-health team informed with consent."
    if "pregnancy_high_risk" in pregnant:
        yield "Exercise advised against by the maternity team: daily activity only until there is an obstetric written plan."


def _postpartum(told: Told) -> Iterable[str]:
    if told.has("postpartum_early"):
        yield "0-12 weeks after birth: no impact or loaded flexion; maternity or pelvic-health team informed with consent."


# --- bone stress, neurology, completeness ---------------------------------------------------------------------------


def _bone_stress(told: Told) -> Iterable[str]:
    suspected = told.active(*BONE_FLAGS) or any(c.key == "bone_stress_suspected" for c in (*told.causes, *told.selection.secondary))
    if not suspected:
        if told.has("pregnancy_t1", "pregnancy_t2_t3"):
            yield "Hop test must not be requested in pregnancy."
        return
    yield "Hop test must not be requested (suspected bone stress injury): it could complete the fracture."
    yield "Urgent imaging and sports-medicine (or orthopaedic) referral; pain-free unloaded activity only until cleared."
    if "shin" in told.regions:
        yield "Upgrade to same day and non-weight-bearing if the sore spot is on the front of the tibia (high-risk site)."


def _energy(told: Told) -> Iterable[str]:
    if told.has("energy_deficiency"):
        yield "Low-energy-availability (RED-S) screen to GP: weight loss, missed periods or restricted eating."


def _secondary(told: Told) -> Iterable[str]:
    names = [s.cause.label for s in told.selection.secondary] + [s.cause.label for s, _ in told.selection.blocked]
    if names:
        yield f"Shown only as secondary and not treated until cleared: {'; '.join(dict.fromkeys(names))}."


def _blocked_causes(told: Told) -> Iterable[str]:
    for cause, flag in told.selection.blocked:
        yield f"Cause {cause.key} is blocked by red flag {flag} and contributes no item."


def _limits(told: Told) -> Iterable[str]:
    for cause in told.causes:
        if cause.cause.plan_effect == "limit":
            yield f"Co-management: {cause.cause.label} contributes only its listed items; {cause.cause.referral.rule}."


def _closed_region(told: Told) -> Iterable[str]:
    for block in told.screen.region_blocks:
        names = ", ".join(dict.fromkeys(site.region for site in block.sites))
        yield f"No loading or treatment at {names} until the referral is answered ({block.key})."


def _incomplete(told: Told) -> Iterable[str]:
    complete = told.eligibility.complete
    if complete.neuro:
        yield (
            f"Assessment incomplete: {', '.join(complete.neuro)} not recorded; phases 2 and 3 stay locked and no neck or "
            "low-back hands-on technique above grade II is offered until the neurological screen is done."
        )
    if not complete.objective_complete:
        yield (
            f"Assessment incomplete: findings from {complete.families} of 6 objective families (3 are needed); every label is "
            "one step lower and phases 2 and 3 stay locked."
        )
    if complete.further:
        yield f"Missing data (plan may be released): {', '.join(complete.further)}."


def _yellow_flags(told: Told) -> Iterable[str]:
    picture = told.picture
    if (picture.number("hist.start_back_psych") or 0) >= 4:
        yield "Fear of movement: pain explanation, graded exposure and fewer passive techniques."
    if (picture.number("hist.phq2") or 0) >= 3:
        yield "Low mood screen positive (PHQ-2): screening conversation, GP if it persists."
    if (picture.number("hist.stress_0_10") or 0) >= 7:
        yield "High stress: pacing, workplace contact with consent."
    sleep = picture.number("hist.sleep_hours")
    if sleep is not None and sleep < 6:
        yield "Poor sleep (under 6 h): sleep positions and relaxation."


def _unplaced(told: Told) -> Iterable[str]:
    for state in told.screen.conditions:
        if state.derived and state.reason is not None:
            yield f"Condition {state.key} follows from the record: {state.reason.text}."


RULES: tuple[Note, ...] = (
    _contradictions,
    _cleared,
    _flag_banners,
    _closed_region,
    _bone_stress,
    _energy,
    _referrals,
    _medicine_letter,
    _secondary,
    _blocked_causes,
    _limits,
    _safety_net,
    _vascular_neck,
    _aortic_and_malignancy,
    _needling,
    _pneumothorax,
    _tens,
    _electrical_removed,
    _deep_removed,
    _thrust,
    _pregnancy,
    _postpartum,
    _modifications,
    _fluids,
    _cramp_medicines,
    _balance,
    _older,
    _heavy,
    _rhabdomyolysis,
    _load_rise,
    _return_to_sport,
    _growth,
    _incomplete,
    _yellow_flags,
    _unplaced,
)


# --- refusals -------------------------------------------------------------------------------------------------------


def refusal_notes(picture: Picture, flags: Sequence[ActiveFlag]) -> tuple[str, ...]:
    """What a plan blocked by red flags must say: what to do now, why, and what to record."""
    texts = list(contradiction_texts(picture))
    blocking = [f for f in flags if f.action == "block_plan"]
    if any(f.flag.key.startswith("ces_") for f in blocking):
        texts.append(
            "Emergency department now, with round-the-clock MRI if possible: suspected cauda equina syndrome. Do not wait for an "
            "appointment; take nothing to eat or drink if told so by emergency staff; bring the medicines list. A bladder scan "
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
    wanted = ("hist.age_years", "hist.sex_at_birth", "hist.symptom_duration_days", "pain.nprs_current", "pain.distribution")
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
    return ", ".join(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, (int, float)) else str(value)
