"""What a guardrail takes in one account, in words; and which rows of it take anything."""

from __future__ import annotations

import re

from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from findings.models import GuardrailEffect
from findings.policy.layers import Layer
from iamdash.pages import show

BLOCKS = Q(alone__gt=0) | Q(also__gt=0)
DEPENDS = Q(conditional__gt=0) | Q(partly__gt=0)
POLICY_ID = re.compile(r"p-[A-Za-z0-9_-]{1,128}", re.ASCII)  # AWS makes them; what else a file says has no page


def link(request: HttpRequest, policy_id: str, name: str, organization: str = "", css: str = "") -> SafeString:
    """To the page of an SCP or RCP. organization: its id, since AWS's own policies have the same id in all of them."""
    if not POLICY_ID.fullmatch(policy_id):
        return show.name(name)
    url = show.address(request, "guardrail", policy_id, organization=organization)
    return format_html('<a class="{}" href="{}" hx-boost="false">{}</a>', css, url, show.name(name))


def said(row: GuardrailEffect) -> SafeString:
    """What a guardrail takes in one account, in a line."""
    if row.unread:
        return show.unknown(row.unread)
    if row.open:
        hollow = row.layer == Layer.BOUNDARY
        return show.state("high", "nothing: it allows everything") if hollow else _muted("lets everything through")
    parts = [f"{row.blocked:,} action{'s' if row.blocked != 1 else ''}"] if row.blocked else []
    parts += [f"{row.conditional:,} under conditions"] if row.conditional else []
    parts += [f"{row.partly:,} on some resources"] if row.partly else []
    parts += [f"{row.root:,} from the root user"] if row.root else []
    outside = row.outsiders + row.outsiders_maybe
    parts += [f"{outside:,} from outsiders"] if outside else []
    return format_html("{}", ", ".join(parts)) if parts else _muted("nothing that any role or user has")


def _muted(text: str) -> SafeString:
    return format_html('<span class="muted">{}</span>', text)
