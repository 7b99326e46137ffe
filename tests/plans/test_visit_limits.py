"""The ceilings of one visit, as a table: what is done, and which rule answers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from plans.visits.limits import DoneTechnique, Earlier, Visit, hands_on_minutes, problems, same_site

DAY = date(2026, 11, 24)
CATEGORY = {"mt_s": "manual_soft", "mt_t": "manual_soft", "mt_j": "manual_joint", "dn_": "needling", "es_": "electro",
            "th_": "thermal", "su_": "support"}  # fmt: skip


def done(key: str, row: int = 1, *, region: str = "lumbar", side: str = "", muscles: str = "", reason: str = "",
         **parameters: Any) -> DoneTechnique:  # fmt: skip
    category = next(value for prefix, value in CATEGORY.items() if key.startswith(prefix))
    return DoneTechnique(row, key, category, key, region, side, tuple(muscles.split()), parameters, reason)


def before(days: int, key: str, muscle: str = "", side: str = "", region: str = "lumbar") -> Earlier:
    category = next(value for prefix, value in CATEGORY.items() if key.startswith(prefix))
    return Earlier(DAY - timedelta(days=days), key, category, ((muscle or region, side),))


def codes(*rows: DoneTechnique, exercises: int = 1, consent: bool | None = True, phase: int = 2,
          written: tuple[str, ...] = ("needling", "thrust"), earlier: tuple[Earlier, ...] = (),
          ) -> list[str]:  # fmt: skip
    visit = Visit(DAY, phase, rows, exercises, consent, frozenset(written), earlier)
    return [problem.code for problem in problems(visit)]


SOFT = "mt_soft_tissue_release"
DEEP = "dn_deep_trigger_point"
THRUST = "mt_joint_thrust_5"
SPASM = "es_nmes_spasm_reduction"
TENS = "es_tens_conventional"


def needle(row: int = 1, points: float = 3, side: str = "left", muscle: str = "upper_trapezius", **more: Any) -> Any:
    return done(DEEP, row, side=side, muscles=muscle, points_per_session=points, depth_mm=10, **more)


CASES: list[tuple[str, list[str], list[str]]] = [
    ("nothing done, nothing asked", codes(exercises=0, consent=None), []),
    ("one technique and an exercise", codes(done(SOFT, session_min=10)), []),
    ("consent not confirmed", codes(done(SOFT), consent=None), ["consent_today"]),
    ("consent refused", codes(done(SOFT), consent=False), ["consent_today"]),
    ("three passive", codes(done(SOFT), done("th_heat_superficial", 2), done(TENS, 3)), []),
    ("four passive", codes(done(SOFT), done("th_cold", 2), done(TENS, 3), done(SOFT, 4)), ["passive_ceiling"]),
    ("support is not passive", codes(*[done("su_taping", n) for n in range(5)]), []),
    ("passive only", codes(done(SOFT), exercises=0), ["passive_only"]),
    ("30 min hands-on", codes(done(SOFT, session_min=20), done(SOFT, 2, session_min=10)), []),
    ("31 min hands-on", codes(done(SOFT, session_min=20), done(SOFT, 2, session_min=11)), ["hands_on"]),
    ("needling without a form", codes(needle(), written=()), ["consent_missing"]),
    ("thrust form is not a needling form", codes(needle(), written=("thrust",)), ["consent_missing"]),
    ("6 needles in all", codes(needle(points=3), needle(2, points=3, side="right")), []),
    ("7 needles in all", codes(needle(points=3), needle(2, points=4, side="right")), ["needling_points"]),
    ("needling without muscle", codes(done(DEEP, points_per_session=3)), ["needling_muscle"]),
    ("same muscle after 3 days", codes(needle(), earlier=(before(3, DEEP, "upper_trapezius", "left"),)), []),
    ("same muscle after 2 days", codes(needle(), earlier=(before(2, DEEP, "upper_trapezius", "left"),)),
     ["needling_interval"]),
    ("other kind of needling counts",
     codes(needle(), earlier=(before(2, "dn_superficial", "upper_trapezius", "left"),)),
     ["needling_interval"]),
    ("other side is another muscle", codes(needle(), earlier=(before(1, DEEP, "upper_trapezius", "right"),)), []),
    ("both sides overlap", codes(needle(), earlier=(before(1, DEEP, "upper_trapezius", "both"),)),
     ["needling_interval"]),
    ("seventh session asks for a review",
     codes(needle(), earlier=tuple(before(7 * n, DEEP, "upper_trapezius", "left") for n in range(1, 7))),
     ["needling_review"]),
    ("reviewed with a reason",
     codes(needle(reason="Reviewed: range still improves"),
           earlier=tuple(before(7 * n, DEEP, "upper_trapezius", "left") for n in range(1, 7))), []),
    ("a reason does not lift an interval",
     codes(needle(reason="Because"), earlier=(before(1, DEEP, "upper_trapezius", "left"),)), ["needling_interval"]),
    ("ribs at 5 mm", codes(done("dn_superficial", region="thoracic", muscles="x", depth_mm=5)), []),
    ("ribs at 6 mm", codes(done("dn_superficial", region="thoracic", muscles="x", depth_mm=6)), ["rib_depth"]),
    ("two thrusts", codes(done(THRUST, thrusts=1, segments=2)), []),
    ("four thrusts", codes(done(THRUST, thrusts=2, segments=2)), ["thrusts"]),
    ("thrust without a form", codes(done(THRUST), written=("needling",)), ["consent_missing"]),
    ("fourth thrust visit", codes(done(THRUST), earlier=tuple(before(7 * n, THRUST) for n in range(1, 4))), []),
    ("fifth thrust visit", codes(done(THRUST), earlier=tuple(before(7 * n, THRUST) for n in range(1, 5))),
     ["thrust_review"]),
    ("fifth, reviewed",
     codes(done(THRUST, reason="Reviewed"), earlier=tuple(before(7 * n, THRUST) for n in range(1, 5))),
     []),
    ("seventh thrust visit",
     codes(done(THRUST, reason="Reviewed"), earlier=tuple(before(7 * n, THRUST) for n in range(1, 7))),
     ["thrust_visits"]),
    ("TENS for 13 days", codes(done(TENS), earlier=(before(13, TENS),)), []),
    ("TENS for 14 days", codes(done(TENS), earlier=(before(14, TENS),)), ["tens_review"]),
    ("NMES minutes fit", codes(done("es_nmes_reeducation", contractions=15, on_s=10, off_s=30, duration_min=10)), []),
    ("NMES minutes do not fit", codes(done("es_nmes_reeducation", contractions=20, on_s=10, off_s=30, duration_min=10)),
     ["nmes_minutes"]),
    ("third spasm stimulation", codes(done(SPASM), earlier=(before(3, SPASM), before(7, SPASM))), ["nmes_spasm"]),
    ("sixth NMES in a week",
     codes(done("es_nmes_reeducation"), earlier=tuple(before(n, "es_nmes_reeducation") for n in range(1, 6))),
     ["nmes_week"]),
    ("cold at the knee, 10 min", codes(done("th_cold", region="knee", duration_min=10)), []),
    ("cold at the knee, 12 min", codes(done("th_cold", region="knee", duration_min=12)), ["cold_nerve"]),
    ("cold at the back, 12 min", codes(done("th_cold", duration_min=12)), []),
]  # fmt: skip


@pytest.mark.hazard("H-26")
@pytest.mark.parametrize(("name", "found", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_the_rules_of_one_visit(name: str, found: list[str], wanted: list[str]) -> None:
    assert found == wanted


MINUTES: list[tuple[DoneTechnique, float]] = [
    (done(SOFT, session_min=12), 12),
    (done("mt_trigger_point_pressure", points=2, hold_s=60, repeats=2), 4),
    (done("mt_joint_mob_3_4", sets=3, duration_s=30), 1.5),
    (done("mt_joint_mob_3_4", sets=2, reps=10), 1),
    (done("mt_soft_x", repeats=3, hold_s=6, relax_stretch_s=20), 1.3),
    (done("es_tens_conventional", duration_min=30), 0),
]


@pytest.mark.parametrize(("row", "minutes"), MINUTES)
def test_hands_on_time_comes_from_the_parameters(row: DoneTechnique, minutes: float) -> None:
    assert hands_on_minutes([row]) == pytest.approx(minutes)


def test_sites_overlap() -> None:
    assert same_site(("calf", "left"), ("calf", "left"))
    assert not same_site(("calf", "left"), ("calf", "right"))
    assert same_site(("calf", ""), ("calf", "right"))
    assert not same_site(("calf", "left"), ("knee", "left"))
