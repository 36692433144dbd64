"""iamdash.pages.timeline for templates."""

from __future__ import annotations

from django.template import Context, Library
from django.utils.safestring import SafeString

from iamdash.pages import timeline

register = Library()


@register.simple_tag(takes_context=True)
def change_who(context: Context, entry: timeline.Entry) -> SafeString:
    return timeline.who(context["request"], entry, entry.change.account.aws_id)


@register.simple_tag
def change_where(entry: timeline.Entry) -> SafeString:
    return timeline.where(entry.change)
