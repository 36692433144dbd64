"""What a policy document allows, in a line; and which documents may allow an action, on a resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors import records
from collectors.models import Document, Policy
from findings.policy.catalogue import Level, catalogue
from findings.policy.compiled import Compiled, compile_document, without_variables
from findings.policy.document import Statement, Unreadable, read
from findings.policy.patterns import covers, overlaps
from iamdash.pages import show

ACTION = re.compile(r"[A-Za-z0-9-]{1,64}:[A-Za-z0-9*?_]{1,128}|\*")
LONGEST = 2_200  # an ARN has at most 2,048 characters
GRAVITY = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.READ, Level.LIST)
CACHED = 5_000


class GrantError(Exception):
    """str(error): what is wrong with the question, and how it is asked."""


@dataclass(frozen=True)
class Grant:
    """action "": any action. resource "": any resource."""

    action: str
    resource: str


def parse_grant(text: str) -> Grant:
    """ "s3:PutObject", "arn:aws:s3:::bucket/key" or "s3:PutObject on arn:aws:s3:::bucket/key". Raises GrantError."""
    text = text.strip()
    if len(text) > LONGEST:
        raise GrantError(f"The question has more than {LONGEST} characters.")
    action, _, resource = text.partition(" on ")
    if action.startswith("arn:") and not resource:
        action, resource = "", action
    action, resource = action.strip(), resource.strip()
    if action and not ACTION.fullmatch(action):
        raise GrantError(f"{action[:80]!r} is no action: write s3:PutObject, or s3:Put*.")
    if action and not catalogue().match(action):
        raise GrantError(f"No action that we know matches {action[:80]!r}.")
    if resource and not resource.startswith("arn:") and resource != "*":
        raise GrantError(f"{resource[:80]!r} is no ARN: it starts with arn:")
    if not action and not resource:
        raise GrantError("Ask for an action, an ARN, or both: s3:PutObject on arn:aws:s3:::bucket/key.")
    return Grant(action, resource)


@lru_cache(maxsize=CACHED)
def _compiled(digest: str, account: str, hold: _Hold) -> Compiled | Unreadable:
    found = read(hold.body)
    return found if isinstance(found, Unreadable) else compile_document(found, catalogue(), account)


@dataclass(frozen=True, eq=False)
class _Hold:
    """Carries a document past the cache's key: equal digests are equal documents."""

    body: Any

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hold)


def compiled(body: Any, account: str = "", digest: str = "") -> Compiled | Unreadable:
    """A document, compiled once a process. digest: that of the body, worked out when not given."""
    return _compiled(digest or records.digest(body), account, _Hold(body))


class Grants:
    """The policy documents within the operator's scope that may allow what is asked."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant

    def digests(self) -> list[str]:
        used = Policy.objects.filter(gone_at=None).values("data__document")
        found = Document.objects.filter(digest__in=used).order_by("digest").distinct("digest")
        return list(self._of(found.values_list("digest", "body").iterator(500)))

    def _of(self, documents: Any) -> Iterator[str]:
        for digest, body in documents:
            found = compiled(body, digest=digest)
            if isinstance(found, Compiled) and allows(found, self.grant):
                yield digest


def allows(document: Compiled, grant: Grant) -> bool:
    """Whether some statement may allow it and no statement denies it for sure."""
    wanted = catalogue().match(grant.action) if grant.action else catalogue().all
    if grant.resource and grant.resource != "*":
        wanted &= catalogue().may_touch(grant.resource)
    left = wanted & document.allow & ~document.deny_sure
    return any(
        clause.statement.allows and clause.mask & left and (not grant.resource or _touches(clause.statement, grant.resource))
        for clause in document.clauses
    )


def _touches(statement: Statement, resource: str) -> bool:
    if statement.resources is not None:
        return any(overlaps(without_variables(pattern), resource) for pattern in statement.resources)
    if statement.not_resources is not None:
        return not any(covers(pattern, resource) for pattern in statement.not_resources)
    return True


def said(body: Any, account: str) -> SafeString:
    """In a line: its gravest access level and how far it goes."""
    if body is None:
        return show.unknown("the document was not collected")
    found = compiled(body, account)
    if isinstance(found, Unreadable):
        return show.unknown(found.reason)
    actions = catalogue()
    left = found.allow & ~found.deny_sure
    if not left:
        return format_html('<span class="muted">{}</span>', "nothing: it only denies" if found.deny else "nothing")
    if found.wide & ~found.deny_wide == actions.all:
        return format_html("<strong>{}</strong>", "everything on everything")
    services = [name for name, mask in actions.services.items() if mask & left]
    levels = [level for level in GRAVITY if left & actions.levels[level]]
    gravest = f"{levels[0].value.lower()}" if levels else "access of unknown level"
    where = f"{services[0]}" if len(services) == 1 else f"{len(services)} services"
    free = "on everything" if found.wide & left & (actions.levels[levels[0]] if levels else left) else "on named resources"
    return format_html('{}<span class="under">in {}, {}</span>', gravest.capitalize(), where, free)
