"""What the rules on single policies share: one finding a policy, on the policy itself or on who has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from collectors.records import Holder, Policy
from findings.analysis.facts import Facts
from findings.analysis.grants import Grant, applies, grants
from findings.policy.document import Unreadable
from findings.vocabulary import Clear, Open, Outcome, Unknown

Fault = Callable[[Grant], Open | None]


def per_policy(subject: Policy | Holder, facts: Facts, fault: Fault, clear: str) -> Iterator[Outcome]:
    """fault: what is wrong with one readable policy; the part is set here. clear: why, when nothing is wrong with any."""
    if not applies(subject):
        return
    found, unread = [], []
    for grant in grants(subject, facts):
        if isinstance(grant.document, Unreadable):
            unread.append(f"{grant.name} could not be read: {grant.document.reason}")
        elif one := fault(grant):
            found.append(msgspec.structs.replace(one, part=grant.part))
    yield from found
    if unread:
        yield Unknown("; ".join(unread))
    elif not found:
        yield Clear(clear)
