"""What do guardrails block? The tree of the organization with its SCPs and RCPs, what each of them really blocks, and how many
roles and users have a permissions boundary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import BoolAnd
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from collectors.models import Account, AccountDetails, OrganizationalUnit, OrganizationPolicy
from findings.models import AccountGuarding, GuardrailEffect
from findings.models.guarding import LAYERS
from findings.policy.layers import Layer
from iamdash.pages import gaps, narrowed
from iamdash.pages.guardrail_effects import BLOCKS, DEPENDS
from iamdash.pages.guardrail_figures import Told, told
from iamdash.pages.guardrail_tree import OF_TYPE, tree
from iamdash.pages.narrowed import Narrowed

OF_ORGANIZATION = (Layer.SCP.value, Layer.RCP.value)
NONE = "none"  # stands in addresses for no organization


@dataclass(frozen=True)
class Organization:
    """id "": accounts of no organization that we know of."""

    id: str
    accounts: int


@dataclass(frozen=True)
class Coverage:
    """Of accounts that were judged. limited: those that an SCP limits; open: those where every level lets everything through;
    unread: roles and users of whom some policy could not be read."""

    accounts: int
    limited: int
    open: int
    unsure: int
    management: int
    holders: int
    bounded: int
    unread: int

    @property
    def share(self) -> int:
        """Percent of roles and users with a boundary."""
        return 100 * self.bounded // self.holders if self.holders else 0


@dataclass(frozen=True)
class PolicyRow:
    """What one guardrail does in all accounts of the scope. blocking, depending, idle, unread: in how many accounts it blocks
    something always, only where it depends, nothing, and where it could not be read. most: how many actions in one account.
    level: see models.GuardrailEffect. accounts 0: it was told of, and binds no judged account."""

    layer: str
    policy: str
    name: str
    level: str = ""
    accounts: int = 0
    blocking: int = 0
    depending: int = 0
    idle: int = 0
    unread: int = 0
    most: int = 0
    most_depends: int = 0
    principals: int = 0
    root: int = 0
    outsiders: int = 0
    open: bool = False
    keys: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        return LAYERS[Layer(self.layer)]

    @property
    def useless(self) -> bool:
        """It was read everywhere, and blocks nothing in any account that it binds."""
        return bool(self.accounts) and self.idle == self.accounts


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    scope = narrowed.read(request)
    accounts = scope.rows
    organizations = _organizations(accounts)
    chosen = _chosen(request, organizations)
    rows = list(AccountGuarding.objects.filter(account__in=accounts, organization_id=chosen.id if chosen else None))
    effects = _effects(scope, chosen)
    teller = _teller(chosen.id) if chosen and chosen.id else None
    whole = teller if scope.accounts is None else None  # of some accounts: the way down to them
    context: dict[str, Any] = {
        "scope": scope,
        "organizations": organizations,
        "chosen": chosen,
        "coverage": _coverage(rows),
        "n_accounts": accounts.count(),
        "judged": sum(one.accounts for one in organizations),
        "unknown_organization": sum(not row.organization_known for row in rows),
        "unseen": _unseen(rows),
        "unplaced": sum(not row.path and row.organization_id != "" for row in rows),
        "roots": tree(rows, effects, whole) if chosen and chosen.id else (),
        "whole": whole is not None,
        "told": told(teller) if teller else Told(),
        "policies": list(_policies(effects, whole)),
        "boundaries": _boundaries(effects),
        "holders_gap": gaps.told(accounts, gaps.DETAILS) if rows else "",
    }
    return render(request, "guardrails/page.html", context)


def _organizations(accounts: QuerySet[Account]) -> list[Organization]:
    """Those of the judged accounts, the one with the most accounts first; accounts of none last."""
    found = AccountGuarding.objects.filter(account__in=accounts).order_by().values_list("organization_id")
    counted = [Organization(id_, n) for id_, n in found.annotate(n=Count("pk"))]
    return sorted(counted, key=lambda one: (not one.id, -one.accounts, one.id))


def _chosen(request: HttpRequest, organizations: Sequence[Organization]) -> Organization | None:
    given = request.GET.get("organization", "")
    wanted = "" if given == NONE else given
    first = organizations[0] if organizations else None
    return next((one for one in organizations if given and one.id == wanted), first)


def _teller(organization_id: str) -> Account | None:
    """An account in the operator's scope whose collection told of the whole organization; the management account first."""
    same = AccountDetails.present.filter(data__organization__organization_id=organization_id)
    telling = same.filter(account__in=OrganizationalUnit.present.values("account")).select_related("account")
    found = sorted(telling, key=lambda row: (row.account.aws_id != _management(row), row.account.aws_id))
    return found[0].account if found else None


def _management(row: AccountDetails) -> str:
    found = row.as_record.organization
    return found.management_account_id if found else ""


def _coverage(rows: Sequence[AccountGuarding]) -> Coverage:
    members = [row for row in rows if not row.management]
    return Coverage(
        accounts=len(rows),
        limited=sum(row.limited is True for row in members),
        open=sum(row.limited is False for row in members),
        unsure=sum(row.limited is None for row in members),
        management=len(rows) - len(members),
        holders=sum(row.holders for row in rows),
        bounded=sum(row.bounded for row in rows),
        unread=sum(row.unread for row in rows),
    )


def _unseen(rows: Sequence[AccountGuarding]) -> list[tuple[str, int]]:
    """Why SCPs or RCPs are not visible, and in how many accounts."""
    found: dict[str, int] = {}
    for row in rows:
        if row.unseen:
            found[row.unseen] = found.get(row.unseen, 0) + 1
    return sorted(found.items(), key=lambda one: -one[1])[:5]


def _effects(scope: Narrowed, chosen: Organization | None) -> QuerySet[GuardrailEffect]:
    found = GuardrailEffect.objects.filter(account__guarding__organization_id=chosen.id if chosen else None)
    return found if scope.accounts is None else found.filter(account__in=scope.accounts)


def _policies(effects: QuerySet[GuardrailEffect], teller: Account | None) -> Iterator[PolicyRow]:
    """Those that block something first, then those that may, then those that do not; in the end what binds no judged account."""
    bound = effects.filter(layer__in=OF_ORGANIZATION)
    keys = _keys(bound)
    found = [PolicyRow(**row, keys=keys.get((row["policy"], row["level"]), ())) for row in _summed(bound)]
    known = {row.policy for row in found}
    if teller:
        others = OrganizationPolicy.present.filter(account=teller, type__in=OF_TYPE).exclude(unique_id__in=known)
        for type_, id_, name in others.values_list("type", "unique_id", "name"):
            found.append(PolicyRow(OF_TYPE[type_].value, id_, name))
    yield from sorted(found, key=_order)


def _order(row: PolicyRow) -> tuple[object, ...]:
    return row.open, not row.accounts, -row.blocking, -row.depending, row.layer != Layer.SCP, row.name, row.policy


def _keys(effects: QuerySet[GuardrailEffect]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The condition keys of each policy on which something hangs, as one account tells them."""
    one_each = effects.filter(conditional__gt=0).order_by().values("policy", "level").annotate(one=Max("pk"))
    some = GuardrailEffect.objects.filter(pk__in=one_each.values("one"))
    return {(policy, level): tuple(keys) for policy, level, keys in some.values_list("policy", "level", "data__keys")}


def _summed(effects: QuerySet[GuardrailEffect]) -> QuerySet[Any]:
    """A row of an account for each of these, so rows are accounts."""
    return effects.order_by().values("layer", "policy", "level").annotate(
        name=Max("name"),
        accounts=Count("pk"),
        blocking=Count("pk", filter=BLOCKS),
        depending=Count("pk", filter=DEPENDS),
        idle=Count("pk", filter=Q(idle=True)),
        unread=Count("pk", filter=~Q(unread="")),
        most=Max(F("alone") + F("also")),
        most_depends=Max(F("conditional") + F("partly")),
        principals=Sum(F("sure") + F("maybe")),
        root=Max("root"),
        outsiders=Max(F("outsiders") + F("outsiders_maybe")),
        open=BoolAnd("open"),
    )  # fmt: skip


def _boundaries(effects: QuerySet[GuardrailEffect]) -> Mapping[str, int]:
    return effects.filter(layer=Layer.BOUNDARY.value).aggregate(
        policies=Count("pk"),
        blocking=Count("pk", filter=BLOCKS | DEPENDS),
        hollow=Count("pk", filter=Q(open=True)),
        idle=Count("pk", filter=Q(idle=True)),
        unread=Count("pk", filter=~Q(unread="")),
    )
