"""What LP207 and LP208 share: some actions on everything, judged by all policies of a role or user together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from collectors.records import Role, User
from findings.analysis.everywhere import Everywhere, everywhere
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Open, Outcome, Unknown


def on_everything(
    holder: Role | User,
    mask: int,
    facts: Facts,
    told: Callable[[Everywhere], Open],
    clear: str,
    *,
    effective: bool = False,
) -> Iterator[Outcome]:
    """told: the finding. effective: only where guardrails leave some of the actions; else also where they block all. clear:
    why, when no policy grants any of them."""
    if isinstance(holder, Role) and holder.service_linked:
        return
    if facts.permissions.admin(holder):
        yield Clear(f"{holder.name} is an effective administrator: LP201 tells it")
        return
    found = everywhere(holder, mask, facts)
    if found.left or (found.granted and not effective):
        yield told(found)
    elif unknown := facts.permissions.unknown(holder):
        yield Unknown(unknown)
    elif found.granted:
        yield Clear(f"granted, and blocked by {' and '.join(found.by) or 'guardrails together'}")
    else:
        yield Clear(clear)
