"""Engine texts in the words of the page."""

import pytest

from plans.wording import VALUES, _valued

TEXTS = [
    ("spec.slump true, spec.crossed_slr false", "spec.slump yes, spec.crossed_slr no"),
    ("neuro.reflex_reduced ankle_left, ankle_right, spec.slump true",
     "neuro.reflex_reduced ankle left, ankle right, spec.slump yes"),
    ("pain.distribution radicular, neuro.clonus 0", "pain.distribution radicular, neuro.clonus 0"),
    ("pain.nprs_current is at 7, so go on", "pain.nprs_current is at 7, so go on"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), TEXTS)
def test_recorded_values_are_said_in_words(text: str, said: str) -> None:
    assert VALUES.sub(_valued, text) == said
