"""A permission set of Identity Center: who has it where, what is open on the roles that it makes, and where to change it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from collectors import records
from collectors.models import Account, Coverage, PermissionSet, Principal, UsageSession
from collectors.records.identity_center import RESERVED_PATH
from findings.analysis.facts import Facts
from findings.models import Finding, PermissionSetRole
from findings.rules import registry
from findings.vocabulary import Severity
from iamdash.access import audit
from iamdash.pages import narrowed
from iamdash.pages.acting import OLDEST, since
from iamdash.pages.searching import one_of
from iamdash.pages.severities import WORST_FIRST, Counts

SHOWN = 200  # permission sets, and accounts of one of them
SOURCE = "identity_center"
ROLE = ("data", "account__aws_id", "account__name", "role__name", "role__unique_id")  # what a page tells of it
NOBODY: Mapping[str, date] = {}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # gaps have no ages


@dataclass(frozen=True)
class SetRow:
    """One permission set over the accounts that the operator sees. people: the most that have it in one of them; None: unknown.
    one: the first of its roles, by primary key; data: of that one. risk: the highest of its roles, 0 where nothing is open.
    told_by None: the account that told of it is none of the operator's."""

    arn: str
    one: int
    name: str
    told_by: Account | None
    teller: str
    accounts: int
    people: int | None
    risk: int
    findings: Counts
    data: dict[str, Any]


@dataclass(frozen=True)
class Family:
    """The same fault on the roles of one permission set, shown as one. findings: one an account, worst first."""

    code: str
    slug: str
    part: str
    severity: int
    findings: list[Finding]


@dataclass(frozen=True)
class Behind:
    """The permission set behind one role; row None, and then unknown says why. seen: how many of those who are named in assigned
    acted with the role in the last 90 days."""

    row: PermissionSetRole | None
    unknown: str
    assigned: list[dict[str, Any]] | None
    told_by: Account | None
    seen: int = 0


@require_safe
def detail(request: HttpRequest, arn: str) -> HttpResponse:
    """404 for one that has no role in an account of the operator's, unless he sees who told of it."""
    mine = roles_of(narrowed.read(request).accounts).filter(set_arn=arn)
    ids = list(mine.order_by().values_list("role__unique_id", flat=True))
    rows = mine.select_related("account", "role").order_by("account__name", "pk").only(*ROLE)[:SHOWN]
    found = sets(roles_of(None).filter(set_arn=arn))
    told: PermissionSet | None = PermissionSet.present.filter(unique_id=arn).order_by("pk").first()
    if not found and told is None:
        raise Http404
    audit.record(request, "policy-read", arn)
    context = {
        "arn": arn,
        "name": found[0].name if found else told.name if told else "",
        "set": found[0] if found else None,
        "known": told.as_record if told else None,
        "roles": [(row, _assigned(row)) for row in rows],
        "more": len(ids) - SHOWN,
        "families": families(ids),
    }
    return render(request, "permission_sets/set.html", context)


def behind(principal: Principal) -> Behind | None:
    """None: it is no role of Identity Center. Two queries for one."""
    if not principal.path.startswith(RESERVED_PATH):
        return None
    row: PermissionSetRole | None = getattr(principal, "permission_set", None)
    if row is None:
        unknown = _why_unknown(principal.account_id) if hasattr(principal, "posture") else "it was not judged yet"
        return Behind(None, unknown, None, None)
    last = _last_seen(principal)
    assigned = _assigned(row, last)
    named = {name.lower() for one in assigned or () for name, _ in one["people"]}
    return Behind(row, "", assigned, Account.objects.filter(aws_id=row.told_by).first(), len(named & last.keys()))


def _last_seen(role: Principal) -> dict[str, date]:
    """Session name, which is the person's user name, in lower case -> the last day of such a session of the role."""
    sessions = UsageSession.objects.filter(
        account=role.account_id, principal__unique_id=role.unique_id, day__gte=since(OLDEST)
    ).order_by()
    rows = sessions.values_list("name").annotate(last=Max("day"))
    found: dict[str, date] = {}
    for name, last in rows:
        found[name.lower()] = max(last, found.get(name.lower(), last))
    return found


def families(roles: Sequence[str]) -> list[Family]:
    """What is open on roles with these unique ids, one entry a fault."""
    found: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    still_open = Finding.objects.filter(resolved_at=None, status=Finding.Status.OPEN, subject_id__among=roles)
    named = still_open.select_related("account").only("code", "part", "severity", "account__name")
    for one in named.order_by("-severity", "account__name", "pk") if roles else ():
        found[one.code, one.part].append(one)
    catalogue = registry.catalogue()
    made = (
        Family(code, catalogue[code].rule.slug if code in catalogue else "", part, some[0].severity, some)
        for (code, part), some in found.items()
    )
    return sorted(made, key=lambda one: (-one.severity, -len(one.findings), one.code, one.part))


def roles_of(accounts: Collection[int] | None) -> QuerySet[PermissionSetRole]:
    """accounts: keys of the only ones; None for all."""
    rows = PermissionSetRole.objects.filter(here=True)
    return rows if accounts is None else rows.filter(account__in=accounts)


def sets(roles: QuerySet[PermissionSetRole]) -> list[SetRow]:
    """Over the roles, worst first. Three queries, of which one reads an index of all of the roles."""
    grouped = roles.order_by().values("set_arn").annotate(
        one=Min("pk"), n=Count("account", distinct=True), most=Max("people"), worst=Max("risk"),
        **{s.slug: Sum(s.slug) for s in Severity},
    )  # fmt: skip
    rows = list(grouped)
    named = PermissionSetRole.objects.filter(one_of([row["one"] for row in rows]))
    ones = {one.pk: one for one in named.only("name", "told_by", "data")}
    tellers = {one.aws_id: one for one in Account.objects.filter(aws_id__in={one.told_by for one in ones.values()})}
    found = [
        SetRow(
            row["set_arn"], one.pk, one.name, tellers.get(one.told_by), one.told_by, row["n"], row["most"], row["worst"],
            {s: row[s.slug] for s in WORST_FIRST}, one.data,
        )
        for row in rows if (one := ones.get(row["one"]))
    ]  # fmt: skip
    return sorted(found, key=lambda one: ([-one.findings[s] for s in WORST_FIRST], one.name, one.arn))


def _assigned(row: PermissionSetRole, last: Mapping[str, date] = NOBODY) -> list[dict[str, Any]] | None:
    """Groups first, then people, by name. people: whoever has it thereby, and when he was seen last."""
    if (some := row.data["assigned"]) is None:
        return None
    told = []
    for one in sorted(some, key=lambda one: (not one["group"], one["name"] or one["id"])):
        names = one["members"] if one["group"] else [one["name"]]
        told.append({**one, "people": [(name, last.get(name.lower())) for name in names]})
    return told


def _why_unknown(account_id: int) -> str:
    rows = Coverage.objects.filter(account=account_id, source=SOURCE).order_by("api")
    coverage = tuple(row.as_record for row in rows)
    return Facts(records.Snapshot(account_id="", as_of=_EPOCH, coverage=coverage)).center.unknown
