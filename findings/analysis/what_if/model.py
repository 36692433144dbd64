"""A guardrail that nobody has applied yet, and what was used: which of it would have been blocked.

    for row, outcome in replay(candidate, rows): outcome.verdict

The candidate is one layer more: what was used got through all that bound it at the time. So a document of denies is asked
beside an Allow of everything, and one with an Allow of its own limits to that (`Candidate.beside`). What hangs on a key that
CloudTrail's totals do not keep is undecidable, and never counted safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from collectors.activity.evidence import PLAIN
from collectors.records import Actor
from findings.policy.document import Document
from findings.policy.layers import By

RESOURCE, ACTION, PRINCIPAL = "resource", "action", "principal"  # what is not known, in place of a condition key


class Kind(StrEnum):
    SCP = "scp"
    RCP = "rcp"
    BOUNDARY = "boundary"


class Verdict(StrEnum):
    BLOCKED = "blocked"
    NOT_BLOCKED = "not blocked"
    UNDECIDABLE = "undecidable"


@dataclass(frozen=True, slots=True)
class UsedRow:
    """Calls of one principal that succeeded, alike in what CloudTrail's totals tell of them.

    account: where they were recorded, its AWS id. principal_id: AROA or AIDA id, account id, service name. arn "": not told.
    tags None: not known, or a session could bring others. action None: no action is known for the event ("s3.amazonaws.com
    GetObject"). resources: each call named one of these; (): not recorded. An object's key is cut: "arn:aws:s3:::logs/2026/*".
    session_kind: evidence.PLAIN, CONSOLE, SERVICE or MFA. long_term: by an access key of a user's own. n: calls, last: UTC.
    """

    account: str
    principal_id: str
    arn: str
    actor: Actor
    event: str
    action: str | None
    region: str = ""
    resources: tuple[str, ...] = ()
    session_kind: int = PLAIN
    long_term: bool = False
    n: int = 1
    last: date = date.min
    tags: Mapping[str, str] | None = field(default=None, hash=False)


@dataclass(frozen=True)
class Candidate:
    """accounts: ids of those below where it would be attached, None: all. unbound: ids of management accounts, which no SCP and
    no RCP binds. place: where, in words. principals: for a boundary, patterns of the ARNs of the roles and users that would get
    it. beside: FullAWSAccess stays attached beside it, so that its Allows limit nothing. organization: the id, None: not known;
    members: ids of its accounts, None: not known."""

    kind: Kind
    document: Document
    name: str = "what-if"
    place: str = ""
    accounts: frozenset[str] | None = None
    unbound: frozenset[str] = frozenset()
    principals: tuple[str, ...] = ("*",)
    beside: bool = False
    organization: str | None = None
    members: frozenset[str] | None = None

    @property
    def lists(self) -> bool:
        """Whether it says what is allowed, and everything else is not."""
        allows = any(statement.allows for statement in self.document.statements)
        return self.kind is Kind.BOUNDARY or (self.kind is Kind.SCP and allows and not self.beside)


@dataclass(frozen=True, slots=True)
class Outcome:
    """by: of blocked, the statements that deny, or the layer that does not allow; of undecidable, those that hang on keys. keys:
    condition keys, or RESOURCE, ACTION, PRINCIPAL. why: of not blocked, what is exempt; "": it is let through."""

    verdict: Verdict
    keys: tuple[str, ...] = ()
    by: tuple[By, ...] = ()
    why: str = ""


NOT_BLOCKED = Outcome(Verdict.NOT_BLOCKED)
