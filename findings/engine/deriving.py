"""What follows from the acceptances that stand, for many findings at once: pages show it before the next judgement says so too.

One statement whatever the number of findings. It sees what the role that runs it may see.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from collectors.models import Account
from findings.analysis.families import FIXED_HIGHER
from findings.engine.accepting import reached
from findings.engine.decided import values_of
from findings.engine.work import allowed
from findings.models import Acceptance
from findings.models.decided import STANDS
from findings.vocabulary import Severity

# The same as analysis.accepting.Terms.hold; the accounts are compared by whoever uses it.
HOLDS = """
a.code in ('', f.code) and a.subject_id in ('', f.subject_id) and (a.part is null or a.part = f.part)
and f.severity <= a.severity
and (a.tag = '' or exists (
  select from collectors_principal p where p.account_id = f.account_id and p.gone_at is null
  and p.data->'tags'->>split_part(a.tag, '=', 1) = substr(a.tag, strpos(a.tag, '=') + 1)
  and (p.unique_id = f.subject_id or f.subject_type = 'key' and p.type = 'user' and p.arn = (
    select k.user_arn from collectors_accesskey k
    where k.account_id = f.account_id and k.unique_id = f.subject_id and k.gone_at is null))))
and (a.family = ''
  or left(a.family, 4) = 'fix:' and f.code = any(%(higher)s) and substr(a.family, 5) in (
    f.evidence->>'fix_at', substring(f.evidence->>'fix_at' from '\\(([^()]*)\\)$'))
  or left(a.family, 4) = 'set:' and exists (
    select from findings_permissionsetrole s join collectors_principal p on p.id = s.role_id
    where s.account_id = f.account_id and s.set_arn = substr(a.family, 5)
    and p.unique_id = f.subject_id and p.gone_at is null)
  or left(a.family, 5) = 'role:' and f.subject_type = 'role' and strpos(f.subject_arn, ':role/') > 0
    and substr(f.subject_arn, strpos(f.subject_arn, ':role/') + 6) = substr(a.family, 6)
    and left(substr(a.family, 6), 13) <> 'aws-reserved/')
"""
_DERIVE = f"""
with asked as (
  select f.* from findings_finding f where f.resolved_at is null and {{asked}} order by f.id for update),
wide as (select * from unnest(%(wide)s::bigint[], %(wide_accounts)s::bigint[]) as w(acceptance, account)),
best as (
  select distinct on (f.id) f.id, a.id as acceptance, a.set_by, a.reason, a.expires_at
  from asked f join findings_acceptance a on a.ended_at is null and a.expires_at > now()
    and (not a.needs_approval or a.approved_at is not null)
    and (a.account_id = f.account_id or a.account_id is null and (a.id, f.account_id) in (table wide)) and {HOLDS}
  order by f.id, a.expires_at desc, a.id),
sla as (select * from unnest(%(accounts)s::bigint[], %(severities)s::int[], %(days)s::int[]) as s(account, severity, days)),
moved as (
  update findings_finding f set acceptance_id = b.acceptance,
    status = case when b.id is null then 'open' else 'accepted' end,
    accepted_at = case when b.id is not null then coalesce(was.accepted_at, now()) end,
    accepted_for = was.accepted_for + case when b.id is null then now() - was.accepted_at else interval '0' end,
    due_at = case when b.id is null then
      was.opened_at + make_interval(days => s.days) + was.accepted_for + (now() - was.accepted_at) end
  from asked was left join best b on b.id = was.id
    left join sla s on s.account = was.account_id and s.severity = was.severity
  where f.id = was.id and was.acceptance_id is distinct from b.acceptance
  returning f.id, f.account_id, was.acceptance_id as before, b.acceptance as after, b.set_by, b.reason, b.expires_at),
told as (
  insert into findings_findingevent (account_id, finding_id, at, kind, detail)
  select account_id, id, now(), case when after is null then %(kind)s else 'accepted' end,
    case when after is null then jsonb_build_object('acceptance', before) || %(detail)s::jsonb
    else jsonb_build_object('acceptance', after, 'by', set_by, 'reason', reason,
      'until', to_char((expires_at - interval '1 second') at time zone 'utc', 'YYYY-MM-DD')) end
  from moved where before is null or after is null)
select distinct account_id from moved
"""  # noqa: S608 - constants of this module
_HIDES = f"""
select f.account_id, f.severity, count(*), count(*) filter (where f.status = 'accepted')
from findings_finding f, (select %(code)s::text as code, %(subject_id)s::text as subject_id, %(part)s::text as part,
  %(tag)s::text as tag, %(family)s::text as family, %(severity)s::int as severity) a
where f.resolved_at is null and f.account_id = any(%(accounts)s) {{narrow}} and {HOLDS} group by 1, 2
"""  # noqa: S608 - constants of this module
ENDED: dict[str, Any] = {"kind": "ended", "why": "ended"}
EXPIRED: dict[str, Any] = {"kind": "expired"}


def derive(
    asked: str, parameters: dict[str, Any], accounts: Iterable[Account], left: dict[str, Any] | None = None
) -> list[int]:
    """Findings that are not resolved, and of which `asked` holds, become accepted or open by the acceptances that stand.

    asked: a condition of our own on `f`, with parameters. accounts: those that the findings may be of. left: what the event of
    one that opens tells, `kind` apart. Returns the keys of the accounts of what changed.
    """
    detail = dict(left or ENDED)
    wide = reached(Acceptance.objects.filter(STANDS, account=None))
    given = {
        "kind": detail.pop("kind"),
        "detail": json.dumps(detail),
        "higher": list(FIXED_HIGHER),
        "wide": [one for one, _ in wide],
        "wide_accounts": [account for _, account in wide],
        **_sla(accounts),
        **parameters,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DERIVE.format(asked=asked), given)
        return [account for (account,) in cursor.fetchall()]


def _sla(accounts: Iterable[Account]) -> dict[str, list[int]]:
    """By account and severity, where a number of days is named."""
    rows = [
        (pk, severity, span.days)
        for pk, values in values_of(accounts).items()
        for severity, span in allowed(values["sla_days"].value).items()
    ]
    names = ("accounts", "severities", "days")
    return {name: [row[n] for row in rows] for n, name in enumerate(names)}


@dataclass(frozen=True)
class Hidden:
    """How many findings an acceptance hides or would hide. already: how many of them are accepted now, by whatever."""

    by_severity: Mapping[Severity, int]
    by_account: Mapping[int, int]
    already: int = 0

    @property
    def total(self) -> int:
        return sum(self.by_severity.values())


def hides(one: Acceptance, accounts: Collection[int]) -> Hidden:
    """What a row that need not be stored would hide were it to stand now. accounts: keys of those that it reaches. One query."""
    names = ("code", "subject_id", "part", "tag", "family", "severity")
    given = {name: getattr(one, name) for name in names}
    narrow = [f"and f.{name} = %({name})s" for name in ("code", "subject_id") if given[name]]
    with connection.cursor() as cursor:
        asked = {"accounts": list(accounts), "higher": list(FIXED_HIGHER), **given}
        cursor.execute(_HIDES.format(narrow=" ".join(narrow)), asked)
        rows = cursor.fetchall()
    by_severity, by_account = Counter[Severity](), Counter[int]()
    for account, severity, n, _ in rows:
        by_severity[Severity(severity)] += n
        by_account[account] += n
    return Hidden(by_severity, by_account, sum(row[3] for row in rows))
