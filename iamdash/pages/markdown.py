"""The rules' texts as HTML, by markdown-it. Raw HTML is text, and only links to https are links."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

HEADING = "h4"  # below the page's h1 and the section's h2 or h3

_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_MARKDOWN.validateLink = lambda url: url.startswith("https://")  # type: ignore[method-assign]


def render(text: str) -> SafeString:
    return mark_safe(_MARKDOWN.renderer.render(_fitted(_MARKDOWN.parse(text)), _MARKDOWN.options, {}))  # noqa: S308 - markdown-it escapes


def inline(text: str) -> SafeString:
    """Without a paragraph around it."""
    return mark_safe(_MARKDOWN.renderer.render(_fitted(_MARKDOWN.parseInline(text)), _MARKDOWN.options, {}))  # noqa: S308


def _fitted(tokens: Sequence[Token]) -> Sequence[Token]:
    """Headings at our level; links tell nobody where they were followed from."""
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = HEADING
        if token.type == "link_open":
            token.attrSet("rel", "noreferrer")
        if token.children:
            _fitted(token.children)
    return tokens
