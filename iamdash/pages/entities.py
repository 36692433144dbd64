"""Things that have a page of their own, by what names them in its address: what they are called, and where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse

from collectors.models import AccessKey, Account, Policy, Principal
from findings.models import Finding
from findings.rules import registry
from iamdash.pages.written import number

Args = tuple[str, ...]


@dataclass(frozen=True)
class Named:
    """kind: in the singular, as a person says it. label and under come from AWS as they are."""

    kind: str
    label: str
    under: str
    url: str


def of_principal(row: Principal) -> Named:
    kind = row.get_type_display()
    return Named(kind, row.name, _where(row.account), _url("principal", row.account.aws_id, row.unique_id))


def of_key(row: AccessKey) -> Named:
    under = f"{row.user_name} · {_where(row.account)}"
    return Named("Key", row.unique_id, under, _url("key", row.account.aws_id, row.unique_id))


def of_policy(row: Policy) -> Named:
    return Named("Policy", row.name, _where(row.account), _url("policy", row.account.aws_id, row.unique_id))


def of_account(row: Account) -> Named:
    return Named("Account", row.name or row.aws_id, row.aws_id, _url("account", row.aws_id))


def of_finding(row: Finding) -> Named:
    return Named("Finding", row.title, _where(row.account), _url("finding", str(row.pk)))


def of_rule(code: str) -> Named:
    rule = registry.catalogue()[code].rule
    return Named("Rule", f"{rule.code} {rule.slug}", rule.title, _url("rule", rule.code))


def _where(account: Account) -> str:
    return account.name or account.aws_id


def _url(view: str, *args: str) -> str:
    return reverse(view, args=args)


def _in_account(args: Args) -> Q | None:
    return Q(account__aws_id=args[0], unique_id=args[1]) if len(args) == 2 else None


def _by_number(args: Args) -> Q | None:
    key = number(args[0]) if len(args) == 1 else None
    return None if key is None else Q(pk=key)


def _by_aws_id(args: Args) -> Q | None:
    return Q(aws_id=args[0]) if len(args) == 1 else None


@dataclass(frozen=True)
class Kind:
    """One row of a table is meant by the arguments of its page's address."""

    rows: Any
    meant: Callable[[Args], Q | None]
    named: Callable[[Any], Named]


KINDS: Mapping[str, Kind] = {
    "principal": Kind(Principal.objects.select_related("account"), _in_account, of_principal),
    "key": Kind(AccessKey.objects.select_related("account"), _in_account, of_key),
    "policy": Kind(Policy.objects.select_related("account"), _in_account, of_policy),
    "account": Kind(Account.objects.all(), _by_aws_id, of_account),
    "finding": Kind(Finding.objects.select_related("account"), _by_number, of_finding),
}
RULE = "rule"
PAGES = frozenset({*KINDS, RULE})


def looked_up(wanted: Sequence[tuple[str, Args]]) -> list[Named]:
    """In order; what the operator does not see, or is not there any more, is left out. A query for each kind that is wanted."""
    found: dict[tuple[str, str], Named] = {}
    for name, kind in KINDS.items():
        either = Q()
        for view, args in wanted:
            if view == name and (one := kind.meant(args)) is not None:
                either |= one
        if either:
            found |= {(name, one.url): one for one in map(kind.named, kind.rows.filter(either))}
    urls = ((view, args, reverse(view, args=args)) for view, args in wanted if view in PAGES)
    rows = (found.get((view, url)) or _rule(view, args) for view, args, url in urls)
    return [row for row in rows if row]


def _rule(view: str, args: Args) -> Named | None:
    return of_rule(args[0]) if view == RULE and args and args[0] in registry.catalogue() else None
