"""iamdash.pages.show for templates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.template import Context, Library
from django.utils.safestring import SafeString

from findings.vocabulary import Severity
from iamdash.pages import show
from iamdash.pages.html import escaped, format_html
from iamdash.pages.markdown import inline, render

register = Library()
register.filter("markdown", render)
register.filter("inline", inline)
register.filter("name", show.name)
register.simple_tag(show.copy)
register.simple_tag(show.mark)
register.simple_tag(show.severity)
register.simple_tag(show.unknown)


@register.simple_tag
def severity_mark(value: int) -> SafeString:
    level = Severity(value)
    return format_html('{}<span class="hidden">{}: </span>', show.mark(level.slug), level.label)


@register.simple_tag
def ago(at: datetime | None, none: str = "never") -> SafeString:
    return show.ago(at, focus=True, none=none)


@register.simple_tag(takes_context=True)
def page_url(context: Context, view: str, *args: Any, **parameters: Any) -> str:
    """{% page_url "finding" finding.pk %}: like {% url %}, and the chosen account stays in the address."""
    return show.address(context["request"], view, *args, **{k: str(v) for k, v in parameters.items()})


@register.simple_tag
def number_rows(rows: Iterable[tuple[str, Iterable[tuple[int | None, str]]]]) -> SafeString:
    """Rows of a table: a heading, and numbers with where they lead. Made here: a table of a year has thousands of them."""
    return SafeString(
        "".join(
            f'<tr><th scope="row">{escaped(label)}</th>{"".join(_number_cell(*cell) for cell in cells)}</tr>\n'
            for label, cells in rows
        )
    )


def _number_cell(value: int | None, link: str) -> str:
    if value is None:
        return '<td class="number"><span class="unknown">unknown</span></td>'
    if link and value:
        return f'<td class="number"><a href="{escaped(link)}">{value:,}</a></td>'
    return f'<td class="number">{value:,}</td>'


@register.filter
def words(slug: str) -> str:
    """last_used_at -> Last used at."""
    return slug.replace("_", " ").capitalize()


@register.filter
def names(many: Iterable[str], between: str = ", ") -> SafeString:
    """Several names out of AWS as one text."""
    return show.name(between.join(many))
