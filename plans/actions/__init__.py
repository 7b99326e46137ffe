"""What may be done with a plan; pages and API call the same functions."""

from plans.actions.causes import decide_cause
from plans.actions.drafting import CausePreview, Preview, draft_plan, preview_causes
from plans.actions.editing import (
    add_exercise,
    add_technique,
    change_dose,
    move_item,
    override_item,
    plan_alternative,
    remove_item,
    swap_exercise,
)
from plans.actions.guards import OverrideRequest
from plans.actions.phases import move_to_phase
from plans.actions.signing import content_is_unchanged, sign, sign_problems
from plans.actions.versions import facts_moved_on, recheck, revise

__all__ = [
    "CausePreview",
    "OverrideRequest",
    "Preview",
    "add_exercise",
    "add_technique",
    "change_dose",
    "content_is_unchanged",
    "decide_cause",
    "draft_plan",
    "facts_moved_on",
    "move_item",
    "move_to_phase",
    "override_item",
    "plan_alternative",
    "preview_causes",
    "recheck",
    "remove_item",
    "revise",
    "sign",
    "sign_problems",
    "swap_exercise",
]
