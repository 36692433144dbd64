"""What a guardrail takes, and from whom. Masks are sets of actions of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from findings.policy.layers import Layer

Place = tuple[str, str]  # id and name of the root, an OU or an account
Named = tuple[str, str]  # unique id and name of a role or user


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A Deny statement, counted from 1. blocked: what it takes always; depends: for some resources only, or where its keys
    say so."""

    number: int
    sid: str
    blocked: int
    depends: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Effect:
    """One guardrail in one account.

    id: of an SCP or RCP, the ARN of a boundary; "" for what the SCPs of one level do not allow together, whose ids are then
    in `together`. alone: actions that somebody would have and has not because of it alone; also: others that another guardrail
    takes too. conditional: those that it takes only under conditions, on `keys`; partly: on some resources only.
    binds: how many roles and users it is a limit of; sure, maybe: from how many it takes something always, and only under
    conditions or on some resources; named: a few of them. root: what it takes from the root user alone, whatever roles and users
    have. outsiders: what an RCP always denies to callers of no organization that a policy of a resource lets in;
    outsiders_maybe: what to some of them. open: it lets everything through. unread: why it could not be read; its sets are then
    empty.
    """

    layer: Layer
    id: str
    name: str
    places: tuple[Place, ...] = ()
    together: tuple[str, ...] = ()
    alone: int = 0
    also: int = 0
    conditional: int = 0
    partly: int = 0
    keys: tuple[str, ...] = ()
    binds: int = 0
    sure: int = 0
    maybe: int = 0
    named: tuple[Named, ...] = ()
    parts: tuple[Part, ...] = ()
    root: int = 0
    outsiders: int = 0
    outsiders_maybe: int = 0
    open: bool = False
    unread: str = ""

    @property
    def blocked(self) -> int:
        """What it takes always, alone or with others."""
        return self.alone | self.also

    @property
    def depends(self) -> int:
        return self.conditional | self.partly

    @property
    def idle(self) -> bool:
        """Whether it takes nothing from anybody, though it is meant to: it is no policy that lets everything through."""
        touched = self.blocked | self.depends | self.root | self.outsiders | self.outsiders_maybe
        return not touched and not self.open and not self.unread


@dataclass(frozen=True, slots=True)
class Guarding:
    """holders: roles and users that guardrails bind; bounded: those with a permissions boundary; unread: those of whom some
    policy could not be read, so that more may be blocked than is told. limited: whether any SCP takes anything from anybody
    who has everything; False: every level lets everything through; None: not known."""

    effects: tuple[Effect, ...]
    holders: int
    bounded: int
    unread: int
    limited: bool | None
