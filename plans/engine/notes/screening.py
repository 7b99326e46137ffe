"""Notes on screening: flags, referrals, causes set aside, what was not assessed."""

from collections.abc import Iterable

from plans.engine.notes.told import Note, Told
from plans.engine.picture import Picture

LOW_BACK = frozenset({"lumbar", "sacroiliac_pelvis", "buttock"})
LEG = frozenset(
    {
        *("buttock", "hip_groin", "thigh_anterior", "thigh_posterior", "thigh_medial", "thigh_lateral"),
        *("knee", "calf", "shin", "ankle", "foot"),
    }
)
NECK = frozenset({"cervical", "cervical_anterior", "head_face"})


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


def _closed_region(told: Told) -> Iterable[str]:
    for block in told.screen.region_blocks:
        names = ", ".join(dict.fromkeys(site.region for site in block.sites))
        yield f"No loading or treatment at {names} until the referral is answered ({block.key})."


def _referrals(told: Told) -> Iterable[str]:
    for referral in told.referrals:
        speed = "Urgent referral" if referral.urgent else "Routine letter"
        yield f"{speed} ({referral.cause.cause.label}): {referral.cause.cause.referral.rule}."


def _medicine_letter(told: Told) -> Iterable[str]:
    raised = {r.cause.key for r in told.referrals}
    if told.active("medication_cramp") or "medication_related_cramp" in raised:
        yield (
            "Routine letter to the GP or prescriber for medicine review and blood test (U&E, calcium, magnesium, "
            "glucose, "
            "TSH); the patient does not stop any medicine meanwhile."
        )


def _secondary(told: Told) -> Iterable[str]:
    names = [s.cause.label for s in told.selection.secondary] + [c.label for c, _ in told.selection.closed]
    if names:
        yield f"Shown only as secondary and not treated until cleared: {'; '.join(dict.fromkeys(names))}."


def _blocked_causes(told: Told) -> Iterable[str]:
    for cause, flag in told.selection.closed:
        yield f"Cause {cause.key} is blocked by red flag {flag} and contributes no item."


def _limits(told: Told) -> Iterable[str]:
    for cause in told.causes:
        if cause.cause.plan_effect == "limit":
            yield f"Co-management: {cause.cause.label} contributes only its listed items; {cause.cause.referral.rule}."


def _safety_net(told: Told) -> Iterable[str]:
    if LOW_BACK.isdisjoint(told.regions) and LEG.isdisjoint(told.regions):
        return
    yield (
        "Cauda equina safety-net text given in writing with every low-back or leg plan, even when the screen is clear: "
        "new trouble passing or holding urine or stool, numbness between the legs, changed genital "
        "sensation, or symptoms "
        "in both legs: go to an emergency department now, do not wait for an appointment. A normal "
        "examination today does "
        "not clear a bladder, bowel or saddle symptom."
    )


def _vascular_neck(told: Told) -> Iterable[str]:
    if NECK.isdisjoint(told.regions):
        return
    picture = told.picture
    missing = [k for k in ("arterial_dissection", "cord_signs") if not picture.flag_denied(k)]
    missing += [
        p for p in ("neuro.cranial_nerve_sign", "spec.bp_systolic", "spec.bp_diastolic") if picture.recorded(p) is None
    ]
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


def _incomplete(told: Told) -> Iterable[str]:
    complete = told.eligibility.complete
    if complete.neuro:
        yield (
            f"Assessment incomplete: {', '.join(complete.neuro)} not recorded; phases 2 and 3 stay locked and no "
            "neck or "
            "low-back hands-on technique above grade II is offered until the neurological screen is done."
        )
    if not complete.objective_complete:
        yield (
            f"Assessment incomplete: findings from {complete.families} of 6 objective families (3 are needed); "
            "every label is "
            "one step lower and phases 2 and 3 stay locked."
        )
    if complete.further:
        yield f"Missing data (plan may be released): {', '.join(complete.further)}."


def _no_cause(told: Told) -> Iterable[str]:
    if not told.causes:
        yield "No contributing factor reached its threshold: complete or repeat the assessment; nothing is proposed."


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


SCREENING: tuple[Note, ...] = (
    _no_cause,
    _contradictions,
    _cleared,
    _flag_banners,
    _closed_region,
    _referrals,
    _medicine_letter,
    _secondary,
    _blocked_causes,
    _limits,
    _safety_net,
    _vascular_neck,
    _aortic_and_malignancy,
    _incomplete,
    _yellow_flags,
    _unplaced,
)
