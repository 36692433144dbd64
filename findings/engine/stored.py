"""An account's findings that are not resolved, as plain rows: of most nothing changes, and what stays needs no object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from collectors.models import Account
from findings.models import Finding
from findings.rules.judgement import Identity
from findings.vocabulary import Severity

# Whether the day on which it is due is right is asked here, as of work.due: to read times costs more than all else of a row.
_ROWS = """
select id, code, subject_id, part, practice, severity, status, acceptance_id, assignee, subject_type, subject_name, subject_arn,
  title, evidence, due_at is not distinct from
  case when status = 'open' then opened_at + (%s::interval[])[severity] + accepted_for end
from findings_finding where account_id = %s and resolved_at is null
"""


class Row(NamedTuple):
    """Columns of a Finding. told: its evidence, as JSON. due: whether due_at is what the settings make of it."""

    pk: int
    code: str
    subject_id: str
    part: str
    practice: str
    severity: int
    status: str
    acceptance_id: int | None
    assignee: str
    subject_type: str
    subject_name: str
    subject_arn: str
    title: str
    told: str
    due: bool

    @property
    def identity(self) -> Identity:
        return self.code, self.subject_id, self.part

    @property
    def evidence(self) -> Any:
        return msgspec.json.decode(self.told)


class Kept(NamedTuple):
    """What is counted of a finding that is not resolved, and stays as it is stored."""

    code: str
    subject_id: str
    practice: str
    severity: int
    status: str
    resolved_at: None = None


Known = Finding | Kept


def rows(account: Account, days: Mapping[int, timedelta]) -> Iterator[Row]:
    """days: of work.allowed."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [[days.get(severity) for severity in sorted(Severity)], account.pk])
        yield from map(Row._make, cursor)
