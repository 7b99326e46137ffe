"""``{% chart drawing %}`` draws what ``clinic.charts.draw`` has placed; nothing when there is nothing to draw."""

from __future__ import annotations

from typing import Any

from django import template

from clinic.charts import Drawing

register = template.Library()


@register.inclusion_tag("components/_chart.html")
def chart(drawing: Drawing | None) -> dict[str, Any]:
    """An accessible picture: title and description are read out, each point carries its words."""
    return {"drawing": drawing}
