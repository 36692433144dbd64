"""{{ estimate.calls|about }}"""

from __future__ import annotations

from django import template

from collectors import cost

register = template.Library()
register.filter("about", cost.scaled)


@register.filter
def price(one: cost.Price) -> str:
    return f"{one.dollars:g} USD for {one.per:,.0f}"
