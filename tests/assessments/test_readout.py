"""What stands beside a figure: per cent of the norm, side difference, weak, short, flagged."""

from __future__ import annotations

from datetime import date

import pytest

from assessments.chart import Chart, Place, Value
from assessments.readout import AnswerSheet, norm_text, reading, row_reading, summarise
from assessments.relevance import is_relevant
from assessments.vocabulary import VOCABULARY


def chart(values: dict[Place, Value], *, sex: str = "male", age: int = 38, **more: object) -> Chart:
    day = date(2026, 11, 20)
    return Chart(values, age, sex, date(1988, 5, 3), day, **more)  # type: ignore[arg-type]


READINGS = [
    ("rom.lum_flexion", "", "active", 33, 55, "55 %", "low"),
    ("rom.lum_extension", "", "active", 15, 60, "60 %", "low"),
    ("rom.hip_flexion", "left", "passive", 110, 92, "92 %", "ok"),
    ("rom.knee_extension", "left", "active", -10, None, "lacks 10°", "low"),
    ("rom.knee_extension", "left", "active", 0, None, "full", "ok"),
    ("mmt.gluteus_medius", "right", "", 3.7, 74, "weak", "low"),
    ("mmt.gluteus_medius", "right", "", 4, 80, "weak", "low"),
    ("mmt.gluteus_medius", "right", "", 4.3, 86, "", "ok"),
    ("len.thomas_hip", "right", "", 14, None, "short", "low"),
    ("len.thomas_hip", "right", "", 0, None, "", "ok"),
    ("len.thomas_knee", "right", "", 72, None, "short", "low"),
    ("endur.single_leg_bridge_hold", "right", "", 12, None, "below the limit", "low"),
    ("endur.sorensen", "", "", 73, 50, "50 %", "ok"),
    ("spec.wells_dvt", "left", "", 2, None, "positive", "low"),
]


@pytest.mark.parametrize(("path", "side", "mode", "value", "percent", "text", "state"), READINGS)
def test_a_figure_beside_its_norm(
    path: str, side: str, mode: str, value: float, percent: int | None, text: str, state: str
) -> None:
    found = reading(chart({(path, side, mode): value}), path, side, mode)
    assert (found.percent, found.text, found.state) == (percent, text, state)


def test_nothing_recorded_says_nothing() -> None:
    found = reading(chart({}), "mmt.gluteus_medius", "left")
    assert (found.percent, found.text, found.state, found.ask) == (None, "", "", "")


def test_an_unusual_value_is_asked_about_at_the_field() -> None:
    found = reading(chart({("hist.fluid_intake_l_day", "", ""): 7}), "hist.fluid_intake_l_day")
    assert "hyponatraemia" in found.ask


SIDES = [
    ("rom.hip_ir", "active", 45, 30, "right worse by 15° (33 %)", "low"),
    ("rom.hip_ir", "active", 45, 40, "right worse by 5° (11 %)", ""),
    ("mmt.gluteus_medius", "", 5, 3.7, "right weaker", "low"),
    ("mmt.gluteus_medius", "", 5, 4.3, "right weaker", ""),
    ("mmt.gluteus_medius", "", 4, 4, "sides equal", "ok"),
    ("len.ely_prone", "", 120, 131, "left worse by 11° (8 %)", "low"),
    ("len.thomas_hip", "", 2, 10, "right worse by 8° (80 %)", ""),
    ("endur.heel_raise_reps", "", 25, 19, "right worse by 6 reps (24 %)", "low"),
]


@pytest.mark.parametrize(("path", "mode", "left", "right", "text", "state"), SIDES)
def test_the_difference_between_the_sides(
    path: str, mode: str, left: float, right: float, text: str, state: str
) -> None:
    found = row_reading(chart({(path, "left", mode): left, (path, "right", mode): right}), path)
    assert (found.difference, found.state) == (text, state)


def test_a_good_grade_is_weak_one_grade_below_the_other_side() -> None:
    values: dict[Place, Value] = {("mmt.soleus", "left", ""): 4.3, ("mmt.soleus", "right", ""): 5}
    assert reading(chart(values), "mmt.soleus", "left").state == "ok"
    values[("mmt.soleus", "left", "")] = 4
    assert reading(chart(values), "mmt.soleus", "left").text == "weak"


NORMS = [("mmt.soleus", "5"), ("rom.hip_flexion", "120"), ("len.thomas_hip", "≤ 0"), ("len.thomas_knee", "≥ 80")]


@pytest.mark.parametrize(("path", "text"), NORMS)
def test_the_normal_value_behind_an_empty_field(path: str, text: str) -> None:
    assert norm_text(VOCABULARY[path], chart({})) == text


def test_a_norm_follows_sex() -> None:
    path = "endur.heel_raise_reps"
    assert norm_text(VOCABULARY[path], chart({}, sex="male")) == "24"
    assert norm_text(VOCABULARY[path], chart({}, sex="undisclosed")) == "21"


RELEVANT = [
    ("mmt.gluteus_maximus", ("lumbar",), True),
    ("mmt.deltoid", ("lumbar",), False),
    ("rom.cerv_rotation", ("lumbar",), False),
    ("rom.cerv_rotation", ("scapular",), True),
    ("posture.forward_head", ("calf",), False),
    ("spec.spurling", ("lumbar",), False),
    ("spec.bp_systolic", ("lumbar",), True),
    ("spec.thompson", ("calf",), True),
    ("endur.tug", ("cervical",), True),
    ("mmt.deltoid", (), True),
    ("mmt.deltoid", ("whole_body",), True),
]


@pytest.mark.parametrize(("path", "regions", "shown"), RELEVANT)
def test_a_region_shows_its_own_rows_first(path: str, regions: tuple[str, ...], shown: bool) -> None:
    assert is_relevant(VOCABULARY[path], regions) is shown


def test_the_summary_lists_the_weak_and_the_short_and_what_is_missing() -> None:
    values: dict[Place, Value] = {
        ("mmt.gluteus_medius", "right", ""): 3.7,
        ("len.thomas_hip", "left", ""): 12,
        ("rom.lum_flexion", "", "active"): 33,
    }
    summary = summarise(chart(values), AnswerSheet(flags_open=("dvt",), conditions_open=("Cardiac pacemaker",)))
    assert dict(summary.found) == {
        "Weak": ("Gluteus medius: right 4-",),
        "Short": ("Modified Thomas, thigh angle: left 12°",),
        "Range lost": ("Lumbar flexion, dual inclinometer: 55 %",),
    }
    assert "Condition: Cardiac pacemaker" in summary.minimum.block("safety").missing
    assert summary.minimum.block("objective").complete


@pytest.mark.parametrize(
    ("sites", "missing"),
    [
        ((("knee", ""),), ("Side of: Knee",)),
        ((("knee", "left"), ("lumbar", "")), ()),
        ((("shoulder", ""), ("knee", "")), ("Side of: Shoulder", "Side of: Knee")),
    ],
)
def test_a_limb_without_its_side_is_missing(sites: tuple[tuple[str, str], ...], missing: tuple[str, ...]) -> None:
    core = summarise(chart({}, sites=sites), AnswerSheet()).minimum.block("core").missing
    assert tuple(text for text in core if text.startswith("Side of")) == missing
