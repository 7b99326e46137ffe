"""Education of a phase (selection rule 8): the topics of the used causes, filtered by conditions, plus what is owed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plans.engine.evidence import ScoredCause
from plans.engine.knowledge import Knowledge
from plans.engine.picture import Picture
from plans.engine.screen import Block, Screen, contraindications

WARNING_SIGNS = "ed_warning_signs"
HOME_TENS = "ed_home_tens"
FLARE_PLAN = "ed_flare_plan"
POOR_SLEEP_BELOW = 6


@dataclass(frozen=True, slots=True)
class PhaseEducation:
    topics: tuple[str, ...]
    removed: tuple[tuple[str, tuple[Block, ...]], ...]


def phase_education(
    picture: Picture, screen: Screen, causes: Sequence[ScoredCause], phase: int, home_tens: bool
) -> PhaseEducation:
    wanted = [topic for cause in causes for topic in cause.cause.education]
    wanted += [WARNING_SIGNS, *_yellow(picture)]
    if home_tens:
        wanted.append(HOME_TENS)
    if phase == 3 and causes:
        wanted.append(FLARE_PLAN)  # the gate p3_flare_plan asks for a written flare plan
    return _filtered(picture.index.knowledge, screen, dict.fromkeys(wanted), phase)


def _yellow(picture: Picture) -> list[str]:
    """Yellow flags add education: fear of movement and poor sleep (red-flags file)."""
    topics = []
    if (picture.number("hist.start_back_psych") or 0) >= 4:
        topics.append("ed_pain_explained")
    sleep = picture.number("hist.sleep_hours")
    if sleep is not None and sleep < POOR_SLEEP_BELOW:
        topics.append("ed_sleep_position")
    return topics


def _filtered(knowledge: Knowledge, screen: Screen, topics: Iterable[str], phase: int) -> PhaseEducation:
    kept, removed = [], []
    for topic in topics:
        technique = knowledge.techniques.get(topic)
        if technique is not None and phase not in technique.phases:
            continue
        blocks = tuple(b for b in education_blocks(screen, topic) if b.kind == "condition")
        if contraindications(blocks):
            removed.append((topic, blocks))
        else:
            kept.append(topic)
    return PhaseEducation(tuple(kept), tuple(removed))


def education_blocks(screen: Screen, topic: str) -> tuple[Block, ...]:
    """Conditions that speak about a topic; red flags never remove education."""
    sites = screen.picture.sites
    return screen.technique(topic, sites[0]) if sites else ()
