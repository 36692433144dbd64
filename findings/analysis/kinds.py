"""The kinds of roles and users: who is meant to act with them, people or machines (RULES.md, HM).

`classify` finds the kind of a role or user; this module holds the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

Overrides = Mapping[str, str]
TAG = "iamdash:kind"


class Kind(StrEnum):
    """In order of precedence: a role with signs of several machine (or several human) kinds is of the first one
    here."""

    SERVICE_LINKED = "service-linked"
    BREAK_GLASS = "break-glass"
    MIXED = "mixed"
    INTERACTIVE = "interactive-compute"
    MACHINE_CI = "machine-ci"
    MACHINE_EXTERNAL = "machine-external"
    MACHINE_ANYWHERE = "machine-anywhere"
    MACHINE_COMPUTE = "machine-compute"
    MACHINE_SERVICE = "machine-service"
    MACHINE_USER = "machine-user"
    HUMAN_SSO = "human-sso"
    HUMAN_SAML = "human-saml"
    HUMAN_DIRECTORY = "human-directory"
    HUMAN_ASSUMED = "human-assumed"
    HUMAN_USER = "human-user"
    UNKNOWN = "unknown"

    @property
    def human(self) -> bool:
        return self.value.startswith("human-")

    @property
    def machine(self) -> bool:
        """Interactive compute is not: people drive notebooks with it, and may."""
        return self.value.startswith("machine-")

    @property
    def label(self) -> str:
        return _LABELS[self.value]


_LABELS = {
    "service-linked": "Service-linked role",
    "break-glass": "Break-glass",
    "mixed": "Humans and machines",
    "interactive-compute": "Interactive compute",
    "machine-ci": "Machine: CI",
    "machine-external": "Machine: external account",
    "machine-anywhere": "Machine: Roles Anywhere",
    "machine-compute": "Machine: compute",
    "machine-service": "Machine: AWS service",
    "machine-user": "Machine: IAM user",
    "human-sso": "Human: Identity Center",
    "human-saml": "Human: SAML",
    "human-directory": "Human: Directory Service",
    "human-assumed": "Human: assumed role",
    "human-user": "Human: IAM user",
    "unknown": "Unknown",
}


class Confidence(StrEnum):
    """HIGH: AWS or an operator says so. MEDIUM: it follows from how it is set up. LOW: a name or a path suggests it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


WORDS = frozenset(kind.value for kind in Kind)


class KindOf(NamedTuple):
    """A kind and why. reasons: sentences without a subject ("trusts lambda.amazonaws.com"), never empty."""

    kind: Kind
    confidence: Confidence
    reasons: tuple[str, ...]


def declared(arn: str, unique_id: str, tags: Mapping[str, str], overrides: Overrides) -> KindOf | None:
    """What an operator set, else what the entity's own tag says. Words that are no kind are ignored."""
    if (word := overrides.get(unique_id) or overrides.get(arn)) and word in WORDS:
        return KindOf(Kind(word), Confidence.HIGH, ("set by an operator",))
    if (word := tags.get(TAG)) and word in WORDS:
        return KindOf(Kind(word), Confidence.MEDIUM, (f"tagged {TAG}={word}",))
    return None
