"""iamdash.pages.severities for templates."""

from __future__ import annotations

from django.template import Library

from iamdash.pages import severities

register = Library()
register.simple_tag(severities.counts, name="severity_counts")
register.filter("counted", severities.counted)
