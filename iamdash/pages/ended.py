"""Lists of what operators said, and ended: who did when, the tabs of what stands and what ended, and the same for exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_tables2 as tables
from django.db.models import Q
from django.utils.safestring import SafeString

from findings.models.decided import STANDS
from iamdash.pages import show
from iamdash.pages.exports import Fields
from iamdash.pages.filters import Sort, Tab
from iamdash.pages.html import format_html

SAID = ("noted_by", "noted_at", "ended_by", "ended_at")
FIELDS: Fields = {
    "noted_by": lambda row: row.set_by,
    "noted_at": lambda row: row.set_at,
    "ended_by": lambda row: row.ended_by or None,
    "ended_at": lambda row: row.ended_at,
}
SORTS: Mapping[str, Sort] = {"noted": Sort("Noted", ("set_at",), descending=True)}


def tabs(stands: str, ended: str) -> tuple[Tab, ...]:
    return Tab("standing", stands, STANDS), Tab("ended", ended, ~STANDS, "-noted"), Tab("all", "All", Q())


class Noted(tables.Column):
    """When, by whom, and until when."""

    def __init__(self, heading: str = "Noted") -> None:
        super().__init__(heading, accessor="set_at")

    def render(self, record: Any) -> SafeString:
        said = format_html('{}<span class="under">by {}</span>', show.ago(record.set_at), show.name(record.set_by))
        if record.ended_at is None:
            return said
        until = format_html("ended {} by {}", show.ago(record.ended_at), show.name(record.ended_by))
        return format_html('{}<span class="under">{}</span>', said, until)
