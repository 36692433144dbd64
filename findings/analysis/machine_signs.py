"""What says that a program, or a person, uses an IAM user, as far as it shows without CloudTrail: what somebody declared,
and a program's name on a user whose key is in use."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import AccessKey, User
from findings.analysis.classify import HUMAN_WORDS, MACHINE_WORDS, words_of
from findings.analysis.facts import Facts
from findings.analysis.kinds import Kind, declared

# Tags by which organizations tell programs from people, and what they write in them; compared without case and separators.
KIND_TAGS = frozenset(
    {"kind", "type", "usertype", "userkind", "iamusertype", "identitytype", "accounttype", "principaltype", "usage"}
)
MACHINE_VALUES = frozenset(
    {"machine", "machineuser", "service", "serviceaccount", "serviceuser", "robot", "bot", "program", "programmatic"}
    | {"automation", "application", "system", "ci", "cicd", "nonhuman"}
)
HUMAN_VALUES = frozenset({"human", "humanuser", "person", "people", "employee", "contractor", "interactive"})


def said_machine(user: User, facts: Facts) -> tuple[str, ...]:
    """Who says that it is a program's: an operator, iamdash's own tag, or a tag of the organization."""
    if said := declared(user.arn, user.unique_id, user.tags, facts.settings.kinds):
        return said.reasons if said.kind.machine else ()
    return tuple(_tagged(user, MACHINE_VALUES))


def said_human(user: User, facts: Facts) -> tuple[str, ...]:
    """Who says that it is a person's. Break-glass users are."""
    if said := declared(user.arn, user.unique_id, user.tags, facts.settings.kinds):
        return () if said.kind.machine else said.reasons
    kind = facts.kind(user)
    return kind.reasons if kind.kind is Kind.BREAK_GLASS else tuple(_tagged(user, HUMAN_VALUES))


def looks_machine(user: User, used: tuple[AccessKey, ...]) -> tuple[str, ...]:
    """used: its keys in use. A name that speaks of a person too ("deploy-admin") says nothing."""
    words = words_of(user.name)
    found = sorted(words & MACHINE_WORDS)
    if not used or not found or words & HUMAN_WORDS:
        return ()
    return (f'"{found[0]}" in its name', "a key of it is in use")


def _tagged(user: User, values: frozenset[str]) -> Iterator[str]:
    for key, value in sorted(user.tags.items()):
        if _plain(key.rpartition(":")[2]) in KIND_TAGS and _plain(value) in values:
            yield f"tagged {key}={value}"


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())
