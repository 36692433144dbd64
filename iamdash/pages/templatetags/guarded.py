"""Links and words of guardrails for templates."""

from __future__ import annotations

from typing import Any

from django.template import Context, Library
from django.utils.safestring import SafeString

from iamdash.pages import guardrail_effects

register = Library()
register.filter("takes", guardrail_effects.said)


@register.simple_tag(takes_context=True)
def guardrail_link(context: Context, policy_id: str, name: str, organization: Any = "", css: str = "") -> SafeString:
    return guardrail_effects.link(context["request"], policy_id, name, str(organization), css)
