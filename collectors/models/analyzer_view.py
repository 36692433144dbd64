"""Access Analyzer as an account's judgement sees it: an organization's analyzer stands in the account that administers it, and
finds in all others. Only the worker reads across accounts like this."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from collectors import records
from collectors.models.account import Account
from collectors.models.analyzer import Analyzer, AnalyzerFinding
from collectors.models.coverage import Coverage
from collectors.models.details import AccountDetails
from collectors.models.organization_view import SOURCE as ORGANIZATION

ANALYZER_KINDS = frozenset({"analyzers", "analyzer_findings"})
PRINCIPAL = "access-analyzer.amazonaws.com"
OF_ORGANIZATION = Q(gone_at=None, type__startswith="ORGANIZATION")


def analyzer_view(
    account: Account, details: Iterable[records.AccountDetails], organization: Mapping[str, Any]
) -> dict[str, Any]:
    """The analyzer's fields of the account's Snapshot: its own, and those of its organization. details: the account's own;
    organization: those fields of the Snapshot, as far as anybody told them."""
    tellers = _tellers(account, details, organization)
    administrators = {one.unique_id for one in organization.get("organization_delegates", ()) if _administers(one)}
    found = AnalyzerFinding.present.filter(owner=account.aws_id, account__in=[account.pk, *tellers])
    rows = Analyzer.present.filter(Q(account=account) | Q(OF_ORGANIZATION, account__in=tellers))
    return {
        "analyzers": tuple(row.as_record for row in rows.order_by("unique_id")),
        "analyzer_findings": tuple(row.as_record for row in found.order_by("account", "unique_id")),
        "analyzer_coverage": _coverage({*tellers.values(), *administrators} - {account.aws_id}),
    }


def _administers(one: records.DelegatedAdministrator) -> bool:
    return PRINCIPAL in (one.services or ())


def _tellers(
    account: Account, details: Iterable[records.AccountDetails], organization: Mapping[str, Any]
) -> dict[int, str]:
    """Key -> id of the other accounts of the organization that have an analyzer for all of it."""
    having = Analyzer.objects.filter(OF_ORGANIZATION).exclude(account=account).values("account")
    found = dict(Account.objects.filter(pk__in=having).values_list("pk", "aws_id"))
    if not found:
        return {}
    known = {*organization.get("organization_members", ())}
    known |= {one.unique_id for one in organization.get("organization_accounts", ())}
    same: set[int] = set()
    if own := next((one.organization.organization_id for one in details if one.organization), ""):
        same = set(_in_organization(own).filter(account__in=found).values_list("account_id", flat=True))
    return {pk: aws_id for pk, aws_id in found.items() if pk in same or aws_id in known}


def _in_organization(organization_id: str) -> Any:
    return AccountDetails.present.filter(unique_id=ORGANIZATION, data__organization__organization_id=organization_id)


def _coverage(others: set[str]) -> dict[str, tuple[records.Coverage, ...]]:
    """Of each of them; empty for one that is not connected, or was not asked yet."""
    rows: defaultdict[str, list[records.Coverage]] = defaultdict(list)
    asked = Coverage.objects.filter(api__startswith="accessanalyzer:", account__aws_id__in=others)
    for row in asked.select_related("account").order_by("api", "region"):
        rows[row.account.aws_id].append(row.as_record)
    return {aws_id: tuple(rows[aws_id]) for aws_id in sorted(others)}


def found_in(account: Account, at: datetime) -> set[int]:
    """Keys of the other connected accounts that are to be judged after what changed at that time in what the account told: what
    its analyzers found, or which organization it is in that they look at, whichever it tells last."""
    changed = Q(seen_from=at) | Q(gone_at=at)
    findings = AnalyzerFinding.objects.filter(changed, account=account).exclude(owner=account.aws_id)
    wanted = Q(aws_id__in=findings.values("owner"))
    analyzing = Analyzer.objects.filter(account=account, type__startswith="ORGANIZATION")
    own = AccountDetails.present.filter(account=account, unique_id=ORGANIZATION).first()
    told = own.as_record.organization.organization_id if own and own.as_record.organization else ""
    if told and (analyzing.filter(changed).exists() or (own.seen_from == at and analyzing.exists())):
        wanted |= Q(pk__in=_in_organization(told).values("account"))
    return set(Account.objects.filter(wanted).exclude(pk=account.pk).values_list("pk", flat=True))
