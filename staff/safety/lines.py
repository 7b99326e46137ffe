"""What the pages show of held items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django import forms

from plans.holds import holds_of
from plans.models import ItemHold, Override, Plan
from plans.wording import Names
from staff.plans.forms import ReasonForm


class HoldForm(ReasonForm):
    """Why a held item may be done again; with the approval where its rule asks for one."""

    reason_code = forms.ChoiceField(label="Kind of reason", required=False)
    approval = forms.CharField(label="Approval on file", max_length=400, required=False)
    field_order = ("reason_code", "approval", "reason")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        codes = Override._meta.get_field("reason_code").choices or []
        self.fields["reason_code"].choices = [("", "Choose…"), *codes]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class HoldLine:
    """One hold: what is held, why, and the form that releases it (none where no release is possible)."""

    hold: ItemHold
    name: str
    phase: int
    says: tuple[str, ...]
    form: HoldForm | None

    @property
    def anchor(self) -> str:
        """The card of the item on the plan page."""
        return f"technique-{self.hold.technique_item_id}" if self.hold.technique_item_id else (
            f"exercise-{self.hold.exercise_item_id}"
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class HoldGroup:
    """What is held for the same reasons since the same moment: said once, with everything that it holds below."""

    says: tuple[str, ...]
    opened_at: datetime
    lines: tuple[HoldLine, ...]

    @property
    def is_releasable(self) -> bool:
        return any(line.form for line in self.lines)


def hold_groups(lines: Iterable[HoldLine]) -> list[HoldGroup]:
    """The open holds of one reason together, in the order in which the reasons come up."""
    found: dict[tuple[object, ...], list[HoldLine]] = {}
    for line in lines:
        if line.hold.released_at is None:
            minute = line.hold.opened_at.replace(second=0, microsecond=0)
            found.setdefault((line.says, line.form is None, minute), []).append(line)
    return [HoldGroup(group[0].says, group[0].hold.opened_at, tuple(group)) for group in found.values()]


def hold_lines(
    plan: Plan, names: Names, *, may_treat: bool, posted: tuple[int, HoldForm] | None = None
) -> list[HoldLine]:
    """Open holds first, then the last released ones; ``posted`` is the form that came back with a complaint."""
    lines = []
    for hold in holds_of(plan):
        form = None
        if hold.released_at is None and may_treat and hold.verdict == "blocked_overridable":
            form = posted[1] if posted and posted[0] == hold.pk else HoldForm(prefix=f"hold{hold.pk}")
        says = tuple(names.said(reason["text"]) for reason in hold.reasons)
        lines.append(HoldLine(hold, names.name(hold.key), hold.item.phase.number, says, form))
    return lines
