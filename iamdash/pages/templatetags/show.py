"""iamdash.pages.show for templates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.template import Context, Library
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from findings.vocabulary import Severity
from iamdash.pages import show
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
def number_cells(cells: Iterable[tuple[int | None, str]]) -> SafeString:
    """(number, where it leads) of a row, as cells of a table. Made here: a table of a year has thousands of them."""
    return format_html_join("", "{}", ((_number_cell(value, link),) for value, link in cells))


def _number_cell(value: int | None, link: str) -> SafeString:
    if value is None:
        return format_html('<td class="number"><span class="unknown">{}</span></td>', "unknown")
    if link and value:
        return format_html('<td class="number"><a href="{}">{}</a></td>', link, f"{value:,}")
    return format_html('<td class="number">{}</td>', f"{value:,}")


@register.filter
def words(slug: str) -> str:
    """last_used_at -> Last used at."""
    return slug.replace("_", " ").capitalize()


@register.filter
def names(many: Iterable[str], between: str = ", ") -> SafeString:
    """Several names out of AWS as one text."""
    return show.name(between.join(many))
