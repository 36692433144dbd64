"""iamdash.pages.show for templates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.template import Context, Library
from django.utils.safestring import SafeString

from findings.analysis.kinds import Kind
from findings.vocabulary import Severity
from iamdash.pages import carried, show
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


@register.inclusion_tag("components/not_narrowed.html", takes_context=True)
def not_narrowed(context: Context) -> dict[str, Any]:
    """Of an account or OUs that were chosen and stay in the address, on a page that cannot show these alone. A page of one thing
    shows just that."""
    request, shown = context["request"], context.get("list") or context.get("scope")
    asked = getattr(shown, "asked", None)
    narrows = {facet.name for facet in asked.filters.facets} if asked else set()
    match, chosen = request.resolver_match, {"account", "ou"} & carried.read(request.GET).keys()
    if not match or match.kwargs or match.url_name == "choose" or chosen <= narrows:
        return {}
    return {"words": context["where"].words, "without": context["where"].at}


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
def kind_words(value: str) -> str:
    """machine-compute -> Machine: compute. One that an older version wrote down and this one does not know stays as it is."""
    return {kind.value: kind.label for kind in Kind}.get(value, value)


@register.filter
def words(slug: str) -> str:
    """last_used_at -> Last used at."""
    return slug.replace("_", " ").capitalize()


register.filter(show.source)


@register.filter
def names(many: Iterable[str], between: str = ", ") -> SafeString:
    """Several names out of AWS as one text."""
    return show.name(between.join(many))
