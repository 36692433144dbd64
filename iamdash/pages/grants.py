"""What a policy document allows, in a line; and which documents may allow an action, on a resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models.fields.json import KT
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors import records
from collectors.models import Document, Policy
from collectors.records import clean
from findings.analysis.who_can import may_allow
from findings.policy.catalogue import Level, catalogue
from findings.policy.compiled import Compiled, compile_document, without_variables
from findings.policy.document import Statement, Unreadable, read
from findings.policy.patterns import overlaps
from iamdash.pages import show
from iamdash.pages.narrowing import Narrowing, listed, plain

ACTION = re.compile(r"[A-Za-z0-9-]{1,64}:[A-Za-z0-9*?_]{1,128}|\*")
ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+")
LONGEST = 2_200  # an ARN has at most 2,048 characters
GRAVITY = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.READ, Level.LIST)
CACHED = 2_000  # compiled documents, of about 20 kB each


class GrantError(Exception):
    """str(error): what is wrong with the question, and how it is asked."""


@dataclass(frozen=True)
class Grant:
    """What a policy is asked for: to allow the action on the resource ("": on any). action "": to name the resource at all."""

    action: str
    resource: str

    def __str__(self) -> str:
        if not self.action:
            return f"names {self.resource}"
        return f"allows {self.action}{f' on {self.resource}' if self.resource else ''}"


def parse_grant(text: str) -> Grant:
    """ "s3:PutObject", "arn:aws:s3:::bucket/key" or "s3:PutObject on arn:aws:s3:::bucket/key". Raises GrantError."""
    text = " ".join(text.split())
    if len(text) > LONGEST:
        raise GrantError(f"The question has more than {LONGEST:,} characters.")
    action, _, resource = text.partition(" on ")
    if action.lower().startswith("arn:") and not resource:
        action, resource = "", action
    if action and not ACTION.fullmatch(action):
        raise GrantError(f"{clean(action[:80])!r} is no action: write s3:PutObject, or s3:Put*.")
    if action and not catalogue().match(action):
        raise GrantError(f"No action that we know matches {action[:80]!r}.")
    if resource and resource != "*" and (clean(resource) != resource or not ARN.fullmatch(resource)):
        raise GrantError(f"{clean(resource[:80])!r} is no ARN: it has six parts, as in arn:aws:s3:::bucket/key.")
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
    """The documents of managed policies within the operator's scope that do what is asked."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self._narrowing = Narrowing((grant.action,)) if grant.action else None

    def digests(self) -> list[str]:
        used = Policy.objects.order_by().values(used=KT("data__document"))
        found = Document.objects.filter(digest__in=used).order_by("digest").distinct("digest")
        return [
            digest for digest, body in found.values_list("digest", "body").iterator(500) if self._does(digest, body)
        ]

    def _does(self, digest: str, body: Any) -> bool:
        if not self._hopeful(digest, body):
            return False
        found = compiled(body, digest=digest)
        return isinstance(found, Compiled) and does(found, self.grant)

    def _hopeful(self, digest: str, body: Any) -> bool:
        if self._narrowing:
            return self._narrowing.matters(digest, body)
        return not plain(body) or any(_named(one, self.grant.resource) for one in listed(body["Statement"]))


def does(document: Compiled, grant: Grant) -> bool:
    """Whether some statement may allow it and none denies it for sure; or, asked for an ARN alone, whether one names it."""
    if not grant.action:
        return any(_names(clause.statement, grant.resource) for clause in document.clauses)
    wanted = catalogue().match(grant.action) & document.allow & ~document.deny_sure
    resource = "" if grant.resource == "*" else grant.resource
    if resource:
        wanted &= catalogue().may_touch(resource)
    return bool(wanted) and may_allow(document, wanted, resource)


def _names(statement: Statement, resource: str) -> bool:
    return any(_meant(one, resource) for one in (*(statement.resources or ()), *(statement.not_resources or ())))


def _named(statement: Mapping[str, Any], resource: str) -> bool:
    """_names of a statement that was not read yet."""
    return any(_meant(one, resource) for key in ("Resource", "NotResource") for one in listed(statement.get(key, [])))


def _meant(pattern: str, resource: str) -> bool:
    """ "*" names nothing."""
    return bool(pattern.strip("*")) and overlaps(without_variables(pattern), resource)


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
    free = (
        "on everything" if found.wide & left & (actions.levels[levels[0]] if levels else left) else "on named resources"
    )
    return format_html('{}<span class="under">in {}, {}</span>', gravest.capitalize(), where, free)
