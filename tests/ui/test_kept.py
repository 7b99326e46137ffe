"""The tag that keeps rendered pieces."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, RequestContext, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils.safestring import mark_safe
from django.utils.translation import override

from clinic.templatetags import kept


def show(page: Template, **values: Any) -> str:
    return page.render(Context(values))


def test_a_piece_is_found_by_its_values() -> None:
    page = Template("{% load kept %}{% kept name=who %}Hello {{ name }}{% endkept %}")
    assert [show(page, who=name) for name in ("Ann", "Bo", "Ann")] == ["Hello Ann", "Hello Bo", "Hello Ann"]


def test_a_piece_is_rendered_once() -> None:
    calls: list[int] = []

    class Name(str):
        def shout(self) -> str:
            calls.append(1)
            return self.upper()

    page = Template("{% load kept %}{% kept name=who %}{{ name.shout }}{% endkept %}")
    assert [show(page, who=Name("ann")), show(page, who=Name("ann"))] == ["ANN", "ANN"]
    assert calls == [1]


def test_a_piece_sees_only_what_is_named() -> None:
    page = Template(
        "{% load kept %}{% kept name=who %}[{{ other }}{{ request }}{% csrf_token %}{{ name }}]{% endkept %}"
    )
    context = RequestContext(RequestFactory().get("/"), {"who": "Ann", "other": "Bo"})
    assert page.render(context) == "[Ann]"


def test_values_that_are_equal_but_not_alike_are_kept_apart() -> None:
    page = Template("{% load kept %}{% kept value=value %}{{ value }}{% endkept %}")
    assert [show(page, value=value) for value in (1, True)] == ["1", "True"]
    assert [show(page, value=value) for value in (mark_safe("<b>"), "<b>")] == ["<b>", "&lt;b&gt;"]


def test_each_language_has_its_own() -> None:
    page = Template("{% load kept i18n %}{% kept %}{% get_current_language as code %}{{ code }}{% endkept %}")
    spoken = []
    for code in ("en", "fr", "en"):
        with override(code):
            spoken.append(show(page))
    assert spoken == ["en", "fr", "en"]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT_PER_PIECE", 2)
    page = Template("{% load kept %}{% kept value=value %}{{ value }}{% endkept %}")
    assert [show(page, value=value) for value in range(5)] == list("01234")
    assert [len(node.texts) for node in page.nodelist if isinstance(node, kept.KeptNode)] == [1]


def test_only_named_values() -> None:
    with pytest.raises(TemplateSyntaxError):
        Template("{% load kept %}{% kept value %}x{% endkept %}")
