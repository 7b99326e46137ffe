"""``{% kept %}`` renders a piece of a page once and keeps the text in this process.

Most of a page is the same each time: links, icons, fixed words, an exercise with its dose. The piece sees nothing but
the values named in the tag (and the language), and the text is found by exactly these values, so it cannot carry
anything of another person: not even the CSRF token or the request is within its reach.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

# Texts that one piece keeps before it starts afresh; a card is about 2 kB.
KEPT_PER_PIECE = 500


class KeptNode(template.Node):
    """The piece between the tags, and the texts it was rendered to."""

    def __init__(self, nodelist: NodeList, values: dict[str, FilterExpression]) -> None:
        self.nodelist = nodelist
        self.values = values
        self.texts: dict[tuple[Any, ...], SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self.values.items()}
        # The types belong to the key: True equals 1, and text marked as safe equals the text that is not.
        key = (get_language(), get_script_prefix(), *values.values(), *map(type, values.values()))
        text = self.texts.get(key)
        if text is None:
            text = self.nodelist.render(context.new(values))
            if len(self.texts) >= KEPT_PER_PIECE:
                self.texts.clear()
            self.texts[key] = text
        return text


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """``{% kept name=value ... %}...{% endkept %}``: values must be hashable and say all that the piece depends on.

    Not for pieces that show the current date or a time in the reader's zone: format these outside.
    """
    bits = token.split_contents()[1:]
    values = token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError("'kept' takes only name=value.")
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(nodelist, values)
