"""Documents from rows: the same shape as the files, so that one parser serves both."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict
from functools import cache
from typing import Any

from pydantic import ValidationError

from exercises.models import Exercise
from plans.knowledge.documents import Documents, shipped_documents
from plans.knowledge.rows.causes import PhaseCodec, RootCauseCodec
from plans.knowledge.rows.codec import Codec, Fragment
from plans.knowledge.rows.inactive import without
from plans.knowledge.rows.safety import ConditionCodec, RedFlagCodec
from plans.knowledge.rows.treatments import EducationCodec, ExerciseCodec, RestrictionCodec, TechniqueCodec
from plans.models import EducationTopic, RootCause, Technique

# In the order in which they are written.
CODECS: tuple[Codec, ...] = (
    ConditionCodec(),
    TechniqueCodec(),
    RestrictionCodec(),
    RedFlagCodec(),
    EducationCodec(),
    ExerciseCodec(),
    RootCauseCodec(),
    PhaseCodec(),
)
_SWITCHABLE = (Technique, Exercise, EducationTopic, RootCause)


@cache
def _frame() -> dict[str, Any]:
    """The documents with empty lists: the texts for people and the shared vocabularies stay with the files."""
    frame = asdict(shipped_documents())
    for codec in CODECS:
        frame[codec.document][codec.list_name] = []
    return frame


def switched_off() -> set[str]:
    """Keys of the rows that a clinic switched off."""
    return {
        key
        for model in _SWITCHABLE
        for key in model._default_manager.filter(is_active=False).values_list("key", flat=True)
    }


def documents_from_rows() -> Documents:
    """The documents that the present rows make; a few queries for each kind."""
    data = deepcopy(_frame())
    off = switched_off()
    for codec in CODECS:
        rows = [row for row in codec.queryset() if codec.key_of(row) not in off]
        data[codec.document][codec.list_name] = [entry_of(codec, row) for row in rows]
    return Documents(**{name: without(content, off) for name, content in data.items()})


def entry_of(codec: Codec, row: Any) -> Fragment:
    """The entry in canonical form; one of the wrong shape stays as it is, for the parser to name what is wrong."""
    fragment = codec.fragment(row)
    try:
        return codec.canonical(fragment)
    except ValidationError:
        return fragment
