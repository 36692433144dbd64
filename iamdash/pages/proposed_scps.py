"""Which SCPs would nobody miss? What the worker found from ninety days of use, place by place in the organization's tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from collectors.models import Account, OrganizationalUnit
from collectors.models.details import AccountDetails
from findings.analysis.proposed.forms import cli, rollback, terraform
from findings.analysis.proposed.model import ATTACHED, CHARACTERS, SHORT, WINDOW, NodeProposal, Part, from_json
from findings.models import ScpEvidence, ScpProposal
from findings.policy.render import to_json
from findings.vocabulary import Severity
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages import narrowed
from iamdash.pages.carried import account_chosen
from iamdash.pages.narrowed import Narrowed

WINDOWS = (WINDOW, SHORT)
TOLD_BY = "organizations"  # the row of AccountDetails that names the organization


@dataclass(frozen=True)
class Text:
    """Something to copy. slug: its id on the page. document: what the what-if is asked about."""

    slug: str
    title: str
    text: str
    note: str = ""
    document: str = ""


@dataclass(frozen=True)
class Effect:
    """What closes in some accounts, with all that is proposed for them. judged: of how many it is known, of `concerned`."""

    n: Mapping[str, int]
    lowers: int
    judged: int
    concerned: int

    @property
    def closes(self) -> int:
        return sum(self.n.values())

    @property
    def by_severity(self) -> list[tuple[Severity, int]]:
        return [(one, self.n[one.slug]) for one in sorted(Severity, reverse=True) if self.n.get(one.slug)]


@dataclass(frozen=True)
class Shown:
    """hidden: accounts below it that are not connected, or that the operator may not see; then nothing else is shown."""

    node: NodeProposal
    effect: Effect
    hidden: int = 0

    @property
    def texts(self) -> Iterator[Text]:
        node = self.node
        for n, scp in enumerate(node.scps, 1):
            text = to_json(scp.body)
            said = f"{scp.size:,} of {CHARACTERS:,} characters"
            yield Text(f"json-{node.id}-{n}", f"JSON: {scp.name}", text, said, text)
        yield Text(f"tf-{node.id}", "Terraform", terraform(node))
        yield Text(f"cli-{node.id}", "AWS CLI", cli(node), "Makes each SCP and attaches it.")
        yield Text(f"back-{node.id}", "The way back, as AWS CLI", rollback(node), "Have it at hand before you attach.")

    @property
    def parts(self) -> list[Part]:
        """Those that close most first."""
        return sorted(self.node.parts, key=lambda part: -part.closes)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    tellers = _tellers()
    scope = narrowed.read(request)
    teller = _chosen(tellers, account_chosen(request))
    context: dict[str, Any] = {
        "scope": scope,
        "tellers": tellers,
        "teller": teller,
        "any_account": bool(teller) or Account.objects.exists(),
        "windows": WINDOWS,
        "window": WINDOW,
        "attached": ATTACHED,
    }
    if teller:
        context |= _of(request, teller, _only(scope, tellers))
    return render(request, "guardrails/proposed.html", context)


@needs(Role.ANALYST)
@require_POST
def ask(request: HttpRequest, aws_id: str) -> HttpResponse:
    """Have it worked out (anew). The worker takes the request at its next tick."""
    account = get_object_or_404(Account, aws_id=aws_id)
    if not OrganizationalUnit.present.filter(account=account).exists():
        messages.error(request, "This account tells of no organization's tree.")
    elif not ScpProposal.objects.filter(account=account, finished_at=None).exists():
        days = SHORT if request.POST.get("days") == str(SHORT) else WINDOW
        ScpProposal.objects.create(account=account, days=days, requested_by=request.user.username)
        messages.success(request, "Asked for. The worker begins within 30 seconds.")
    return redirect(reverse("proposed-scps", query={"account": account.aws_id}))


def _tellers() -> list[Account]:
    """Accounts in the operator's scope that told of an organization's tree, management accounts first."""
    told = OrganizationalUnit.present.values("account")
    rows = AccountDetails.present.filter(account__in=told, unique_id=TOLD_BY).select_related("account")

    def other(row: AccountDetails) -> bool:
        found = row.as_record.organization
        return found is None or found.management_account_id != row.account.aws_id

    return [row.account for row in sorted(rows, key=lambda row: (other(row), row.account.aws_id))]


def _chosen(tellers: list[Account], given: str) -> Account | None:
    """The account of the address where it tells of a tree; an account that tells of none is in one of the others' trees."""
    return next((one for one in tellers if one.aws_id == given), tellers[0] if tellers else None)


def _only(scope: Narrowed, tellers: list[Account]) -> set[str] | None:
    """Ids of the accounts whose places are shown; None for all, as for the account that tells of the tree."""
    if scope.accounts is None or (scope.asked.chosen["account"] and any(one.pk in scope.accounts for one in tellers)):
        return None
    return set(scope.rows.values_list("aws_id", flat=True))


def _of(request: HttpRequest, teller: Account, only: set[str] | None) -> dict[str, Any]:
    newest = ScpProposal.objects.filter(account=teller).order_by("-pk")
    running = newest.filter(finished_at=None).first()
    failed = newest.first()
    row = newest.exclude(data=None).first()
    context = {
        "running": running,
        "failed": failed if failed and failed.error else None,
        "row": row,
        "may_ask": request.user.may(Role.ANALYST),
    }
    return context | (_shown(row, request.user.all_accounts, only) if row else {})


def _shown(row: ScpProposal, all_accounts: bool, only: set[str] | None) -> dict[str, Any]:
    """only: the accounts to which the way down is shown; what closes is counted in these."""
    proposal = from_json(row.data)
    whole = {aws_id for node in proposal.nodes for aws_id in node.accounts}
    below = whole if only is None else whole & only
    effects = dict(
        ScpEvidence.objects.filter(account__aws_id__in=below, judged_for=row.pk).values_list(
            "account__aws_id", "effect"
        )
    )
    names = dict(Account.objects.filter(aws_id__in=whole).values_list("aws_id", "name"))
    shown = [node for node in proposal.nodes if only is None or not below.isdisjoint(node.accounts)]
    nodes = [_node(node, names, effects, all_accounts, below) for node in shown]
    concerned = {aws_id for one in nodes if one.node.scps for aws_id in one.node.accounts} & below
    named = [
        [*finding, names[aws_id]]
        for aws_id in sorted(concerned & effects.keys())
        for finding in effects[aws_id]["closes"]
    ]
    return {
        "proposal": proposal,
        "nodes": nodes,
        "n_scps": sum(len(one.node.scps) for one in nodes),
        "places": [one.node.name for one in nodes if one.node.scps],
        "whole": _effect(concerned, effects),
        "closing": sorted(named, key=lambda one: (_order(one[0]), one[1], one[4])),
        "n_below": len(below),
    }


def _node(
    node: NodeProposal, seen: Mapping[str, str], effects: Mapping[str, Any], all_accounts: bool, below: set[str]
) -> Shown:
    """What is said of a place tells of the use in all of its accounts: so it is for those only who may see them all. below:
    accounts in which what closes is counted."""
    hidden = 0 if all_accounts else sum(aws_id not in seen for aws_id in node.accounts)
    if hidden:
        bare = NodeProposal(id=node.id, name=node.name, depth=node.depth, parent=node.parent, accounts=node.accounts)
        return Shown(bare, _effect((), {}), hidden)
    return Shown(node, _effect(below.intersection(node.accounts) if node.scps else (), effects))


def _effect(accounts: Iterable[str], effects: Mapping[str, Any]) -> Effect:
    known = list(accounts)
    told = [effects[aws_id] for aws_id in known if aws_id in effects]
    n: Counter[str] = Counter()
    for one in told:
        n.update(one["n"])
    return Effect(n, sum(one["lowers"] for one in told), len(told), len(known))


def _order(slug: str) -> int:
    return -next((int(one) for one in Severity if one.slug == slug), 0)
