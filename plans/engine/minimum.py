"""The minimum assessment set before a plan can be generated (assessment vocabulary, section 16)."""

from dataclasses import dataclass

from plans.engine.picture import Picture

SPINAL_OR_BUTTOCK = frozenset({"cervical", "thoracic", "lumbar", "sacroiliac_pelvis", "buttock"})
IDENTITY = ("hist.age_years", "hist.sex_at_birth")
CORE = (
    "hist.chief_complaint",
    "hist.symptom_duration_days",
    "hist.irritability",
    "pain.nprs_current",
    "pain.nprs_best_24h",
    "pain.nprs_worst_24h",
    "func.psfs_avg",
)
FURTHER = (
    "hist.aggravating",
    "hist.easing",
    "hist.onset_type",
    "hist.pattern_24h",
    "hist.desk_hours_per_day",
    "hist.activity_min_per_week",
    "hist.fluid_intake_l_day",
    "hist.sleep_hours",
    "hist.prior_episodes",
    "hist.home_equipment",
    "hist.exercise_time_min_day",
)
FAMILIES = (
    ("posture", "move"),
    ("mmt",),
    ("endur",),
    ("rom", "rompct", "joint"),
    ("len",),
    ("palp", "trp"),
)
FAMILIES_NEEDED = 3


@dataclass(frozen=True, slots=True)
class Completeness:
    """core: paths without which no plan is released. neuro: missing neurological screen. families: how many of the
    six objective families hold findings. further: missing history that is only listed."""

    core: tuple[str, ...]
    neuro: tuple[str, ...]
    families: int
    further: tuple[str, ...]
    sides: tuple[str, ...] = ()  # symptom regions of a limb without a side

    @property
    def objective_complete(self) -> bool:
        return self.families >= FAMILIES_NEEDED

    @property
    def complete(self) -> bool:
        return self.objective_complete and not self.neuro


def completeness(picture: Picture) -> Completeness:
    core = [path for path in (*IDENTITY, *CORE) if picture.recorded(path) is None]
    if not picture.sites:
        core.append("hist.symptom_regions")
    age = picture.number("hist.age_years")
    if age is not None and age < 16 and picture.facts.guardian_contact is False:
        core.append("guardian_contact")
    further = tuple(path for path in FURTHER if picture.recorded(path) is None)
    return Completeness(tuple(core), _neuro(picture), _families(picture), further, _without_side(picture))


def _limbs(picture: Picture) -> frozenset[str]:
    chains = picture.index.knowledge.anatomy.limb_chains
    return frozenset((*chains.get("lower_limb", ()), *chains.get("upper_limb", ())))


def _without_side(picture: Picture) -> tuple[str, ...]:
    """The side belongs to the core set; it is asked where it is compared (limbs), not for trunk, head and neck."""
    limbs = _limbs(picture)
    return tuple(site.region for site in picture.sites if site.region in limbs and not site.side)


def _neuro(picture: Picture) -> tuple[str, ...]:
    limbs = _limbs(picture)
    regions = frozenset(picture.regions)
    spinal = not SPINAL_OR_BUTTOCK.isdisjoint(regions)
    nerve = picture.value("pain.distribution") == "radicular"
    nerve = nerve or picture.value("hist.chief_complaint") in ("weakness", "paraesthesia")
    wanted = []
    if spinal or not limbs.isdisjoint(regions):
        wanted.append("neuro.umn_any")
    if spinal or nerve:
        wanted.append("neuro.single_root_pattern")
    return tuple(path for path in wanted if picture.recorded(path) is None)


def _families(picture: Picture) -> int:
    present = {path.partition(".")[0] for path in picture.findings}
    return sum(1 for family in FAMILIES if not present.isdisjoint(family))
