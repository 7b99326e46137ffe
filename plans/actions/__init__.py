"""What may be done with a plan; pages and API call the same functions."""

from plans.actions.bulk import change_phase_doses
from plans.actions.causes import decide_cause
from plans.actions.drafting import CausePreview, Preview, draft_plan, preview_causes
from plans.actions.editing import (
    add_exercise,
    change_dose,
    change_place,
    move_item,
    override_item,
    remove_item,
    swap_exercise,
)
from plans.actions.guards import OverrideRequest
from plans.actions.hands_on import add_technique, plan_alternative
from plans.actions.packs import AppliedPack, apply_pack, delete_pack, save_pack, toggle_favourite
from plans.actions.phases import move_to_phase
from plans.actions.signing import content_is_unchanged, sign, sign_problems
from plans.actions.undo import last_change, undo_last
from plans.actions.versions import facts_moved_on, recheck, revise
from plans.actions.wishes import declined_families, set_declined, set_summary

__all__ = [
    "AppliedPack",
    "CausePreview",
    "OverrideRequest",
    "Preview",
    "add_exercise",
    "add_technique",
    "apply_pack",
    "change_dose",
    "change_phase_doses",
    "change_place",
    "content_is_unchanged",
    "decide_cause",
    "declined_families",
    "delete_pack",
    "draft_plan",
    "facts_moved_on",
    "last_change",
    "move_item",
    "move_to_phase",
    "override_item",
    "plan_alternative",
    "preview_causes",
    "recheck",
    "remove_item",
    "revise",
    "save_pack",
    "set_declined",
    "set_summary",
    "sign",
    "sign_problems",
    "swap_exercise",
    "toggle_favourite",
    "undo_last",
]
