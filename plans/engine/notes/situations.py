"""Notes that follow from a situation: bone stress, fluids, age, load, growth, pregnancy."""

from collections.abc import Iterable

from plans.engine.notes.told import Note, Told

FLUID_CONDITIONS = ("diuretic", "kidney_disease", "hyponatraemia_history")
OVERUSE = frozenset({"overuse_fatigue", "exercise_associated_cramp", "hamstring_overuse_weakness"})
BONE_FLAGS = ("stress_fracture", "stress_fracture_high_risk")
MINORS = ("minor_under_16", "minor_16_17")
PREGNANCY = ("pregnancy_t1", "pregnancy_t2_t3", "pregnancy_high_risk")
NAMES = {
    "endur.hamstring_bridge_reps": "hamstring bridge >= {0:g} repetitions",
    "endur.hop_lsi": "hop symmetry >= {0:g} %",
    "endur.heel_raise_reps": "heel raise >= {0:g} repetitions",
    "endur.single_leg_bridge_hold": "single-leg bridge >= {0:g} s",
}


def _bone_stress(told: Told) -> Iterable[str]:
    suspected = told.active(*BONE_FLAGS) or any(
        c.key == "bone_stress_suspected" for c in (*told.causes, *told.selection.secondary)
    )
    if not suspected:
        if told.has("pregnancy_t1", "pregnancy_t2_t3"):
            yield "Hop test must not be requested in pregnancy."
        return
    yield "Hop test must not be requested (suspected bone stress injury): it could complete the fracture."
    yield (
        "Urgent imaging and sports-medicine (or orthopaedic) referral; pain-free unloaded activity only until cleared."
    )
    if "shin" in told.regions:
        yield (
            "Upgrade to same day and non-weight-bearing if the sore spot is on the front of the tibia (high-risk site)."
        )


def _energy(told: Told) -> Iterable[str]:
    if told.has("energy_deficiency"):
        yield "Low-energy-availability (RED-S) screen to GP: weight loss, missed periods or restricted eating."


def _fluids(told: Told) -> Iterable[str]:
    if told.has("fluid_restriction"):
        yield (
            "Fluid restriction: no hydration advice and no drinking target; only the medical team changes fluids "
            "or salt."
        )
        return
    limits = told.has(*FLUID_CONDITIONS)
    if "ed_hydration" not in told.education:
        return
    if limits:
        names = ", ".join(c.replace("_", " ") for c in limits)
        yield f"Fluid advice agreed with the prescriber because of the {names}: no supplements, ask for a U&E check."
    else:
        yield "Individual fluid and salt advice (sweat, weather, thirst) rather than a blanket volume."


def _cramp_medicines(told: Told) -> Iterable[str]:
    cramps = (
        told.picture.value("hist.chief_complaint") == "cramp"
        or (told.picture.number("hist.nocturnal_cramps_per_week") or 0) > 0
    )
    if cramps:
        yield (
            "No quinine or magnesium recommendation for cramp (quinine: serious side effects; magnesium: little "
            "or no benefit)."
        )


def _balance(told: Told) -> Iterable[str]:
    rules = told.picture.index.knowledge.conditions
    older = (told.picture.number("hist.age_years") or 0) >= 65
    tagged = [
        s.key
        for s in told.screen.conditions
        if "balance" in (*rules[s.key].caution_load_tags, *rules[s.key].avoid_load_tags)
    ]
    if (older or tagged) and not told.region_closed:
        yield "Balance work near support: every balance, single-leg or heel-raise exercise beside a worktop or wall."


def _older(told: Told) -> Iterable[str]:
    if (told.picture.number("hist.age_years") or 0) < 60 or told.region_closed:
        return
    yield "Age 60 or over: 30-60 s stretch holds; strength with 10-15 repetitions at lower load."


def _heavy(told: Told) -> Iterable[str]:
    if told.screen.heavy_avoided and not told.region_closed:
        yield f"Heavy load avoided ({', '.join(told.screen.heavy_avoided)}): effort at most RPE 6 in every phase."


def _rhabdomyolysis(told: Told) -> Iterable[str]:
    overuse = OVERUSE & {c.key for c in told.causes}
    unused = "unaccustomed_exercise" in told.picture.choices("hist.mechanism")
    if overuse or unused or told.has("statin_muscle_symptoms"):
        yield (
            "Rhabdomyolysis warning: dark or cola-coloured urine with severe swollen painful muscles or weakness "
            "is an emergency."
        )


def _load_rise(told: Told) -> Iterable[str]:
    spike = (told.picture.number("hist.load_change_pct") or 0) >= 15
    if spike or OVERUSE & {c.key for c in told.causes}:
        yield "Load rise not above about 10 % a week."


def _return_to_sport(told: Told) -> Iterable[str]:
    library = told.picture.index.knowledge.exercises
    if not any(library[k].technique == "ex_plyometric_return" or k == "run_return" for k in told.exercises):
        return
    goals = {
        g.metric: g.target for c in told.causes for g in c.cause.goals if g.metric in NAMES and g.by == "phase3_exit"
    }
    goals.setdefault("endur.hop_lsi", 90)
    gates = " and ".join(NAMES[metric].format(target) for metric, target in goals.items())
    yield f"Return-to-sport gate: {gates}, and the phase-2 strength gate, before running, jumping or sport."


def _growth(told: Told) -> Iterable[str]:
    minors = told.has(*MINORS)
    if not minors:
        return
    yield "Parent informed: parent or guardian told of the findings and the plan; the young person's assent recorded."
    if "minor_under_16" in minors:
        yield "Under 16: parent or guardian consent, contact on file and presence at hands-on treatment."


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
        yield (
            "Exercise advised against by the maternity team: daily activity only until there is an obstetric "
            "written plan."
        )


def _postpartum(told: Told) -> Iterable[str]:
    if told.has("postpartum_early"):
        yield (
            "0-12 weeks after birth: no impact or loaded flexion; maternity or pelvic-health team informed with "
            "consent."
        )


SITUATIONS: tuple[Note, ...] = (
    _bone_stress,
    _energy,
    _pregnancy,
    _postpartum,
    _fluids,
    _cramp_medicines,
    _balance,
    _older,
    _heavy,
    _rhabdomyolysis,
    _load_rise,
    _return_to_sport,
    _growth,
)
