"""Which guardrails take away what policies grant: boundaries and SCPs, by name."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Holder, Policy
from findings.analysis.admin import guardrails_of
from findings.analysis.facts import Facts
from findings.policy.compiled import effective

MOST_HOLDERS = 50  # where more have a policy, it is not looked at whether guardrails block it for each of them


def blocked_by(subject: Policy | Holder, mask: int, facts: Facts) -> tuple[str, ...]:
    """Guardrails that leave nothing of these actions to anybody who has the subject's policies. () when somebody keeps some,
    or nobody has them."""
    holders = facts.holders_by_policy.get(subject.arn, ()) if isinstance(subject, Policy) else (subject,)
    if len(holders) > MOST_HOLDERS or any(facts.permissions.reach(holder).upper & mask for holder in holders):
        return ()
    return tuple(dict.fromkeys(words for holder in holders for words in takers(holder, mask, facts)))


def takers(holder: Holder, mask: int, facts: Facts) -> Iterator[str]:
    """The guardrails that each take some of these actions away from the holder, where its policies give them on everything."""
    identity = facts.permissions.granted(holder)
    given = effective(identity, None, ()).wide & mask
    for words, limit in guardrails_of(holder, facts.permissions):
        if given & ~effective(identity, None, (limit,)).wide:
            yield words
