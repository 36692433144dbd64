"""What would be enough for a role or user? Smaller policies in place of its own, what they could break, and whether they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from collectors.models import Account, Policy, Principal
from collectors.models.policy_changes import policy_changes
from findings.analysis.activity.seen import DATA_SERVICES
from findings.analysis.facts import Facts
from findings.analysis.right_sizing import Kept, NoProposal, Proposal, Removed, Spare, propose, spare
from findings.models import RightSizing
from findings.policy.catalogue import catalogue
from findings.policy.render import to_json
from findings.policy.written import ATTACHMENTS_AT_MOST, size
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages.beside import Beside, beside
from iamdash.pages.gaps import DETAILS, Gaps
from iamdash.pages.reading import facts_of, with_use

SHOWN, STARS = 25, 8  # services and statements before the rest folds away
EVERYTHING = "*"
DELETED = NoProposal("It was deleted.")
NOTED = "Noted. The next collection says whether it is so, and then it is watched for 30 days."
ANOTHER = "The proposal is another one now: the account was read again, or its use changed. Look at it once more."


@dataclass(frozen=True)
class DiffView:
    """One present policy and what the proposal makes of it."""

    policy: str
    beside: Beside

    @property
    def said(self) -> str:
        return f"{self.policy} now, and what would take its place"


@dataclass(frozen=True)
class Text:
    """Something to copy. slug: its id on the page."""

    slug: str
    title: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class GoingService:
    """levels: "12 Write, 3 List"."""

    service: str
    name: str
    count: int
    levels: str
    why: str


@require_safe
def detail(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    principal = _principal(aws_id, unique_id)
    drop, data = dropped(request.GET), recorded(request.GET)
    context = {
        "principal": principal,
        "drop": drop,
        "data": data,
        "marks": marks_of(principal),
        "gap": Gaps([principal.account_id], DETAILS).of(principal.account_id, DETAILS),
        "mark_url": reverse("right-size-mark", args=[aws_id, unique_id]),
        "kept_parameters": _pairs(drop, data),
        "give_up_url": f"?{urlencode(_pairs((EVERYTHING,), data))}",
        **shown(proposal_of(principal, drop, data), request),
    }
    return render(request, "right_sizing/page.html", context)


@needs(Role.ANALYST)
@require_POST
def mark(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    """The operator says that the proposal was applied. AWS is asked by the next collection, not now."""
    principal = _principal(aws_id, unique_id)
    drop, data = dropped(request.POST), recorded(request.POST)
    note(request, principal.account, proposal_of(principal, drop, data))
    query = urlencode(_pairs(drop, data))
    return redirect(reverse("right-size", args=[aws_id, unique_id]) + (f"?{query}" if query else ""))


def _pairs(drop: Iterable[str], data: Iterable[str]) -> list[tuple[str, str]]:
    """Of an address or a form."""
    return [*(("drop", one) for one in drop), *(("data", one) for one in data)]


def _principal(aws_id: str, unique_id: str) -> Principal:
    found: Principal = get_object_or_404(
        Principal.objects.select_related("account"), account__aws_id=aws_id, unique_id=unique_id
    )
    return found


def dropped(given: QueryDict) -> tuple[str, ...]:
    """Services that the operator gives up; "*" alone: whatever nobody can see."""
    named = given.getlist("drop")
    if EVERYTHING in named:
        return (EVERYTHING,)
    return tuple(dict.fromkeys(one for one in named if one in catalogue().services))


def recorded(given: QueryDict) -> tuple[str, ...]:
    """Services of which the operator says that the trail records all their data events."""
    return tuple(one for one in dict.fromkeys(given.getlist("data")) if one in DATA_SERVICES)


def proposal_of(principal: Principal, drop: Collection[str], data: Collection[str] = ()) -> Proposal | NoProposal:
    """drop, data: as of findings.analysis.right_sizing.propose."""
    if principal.gone_at:
        return DELETED
    told = used_facts([principal], principal.account, f"{principal.name}-right-sized")
    given_up = catalogue().services.keys() if EVERYTHING in drop else drop
    return propose(principal.as_record, told, given_up, data)


def used_facts(
    principals: Sequence[Principal], account: Account, stem: str = "", kinds: Mapping[str, str] | None = None
) -> Facts:
    """A page's facts with what is asked about use: what was seen of it, and since when policies are as they are. stem: how the
    names of new policies begin, of which it then knows those that are taken, and on what calls were made. kinds: as of
    `settings_of`."""
    told = with_use(facts_of(principals, account, kinds), principals, account, resources=bool(stem))
    snapshot = told.snapshot
    holders = [one.unique_id for one in (*snapshot.roles, *snapshot.users, *snapshot.groups)]
    named = Policy.present.filter(account=account, name__istartswith=stem) if stem else ()
    known = {policy.arn for policy in snapshot.policies}
    more = tuple(policy.as_record for policy in named if policy.arn not in known)
    changed = policy_changes(account, told.as_of, holders)
    both = msgspec.structs.replace(snapshot, policies=(*snapshot.policies, *more), changed_at=changed)
    return Facts(both, told.settings, told.guardrails)


def suggestion(principal: Principal, told: Facts) -> dict[str, Any]:
    """What the page of the role or user says of it. told: the facts of that page."""
    found = DELETED if principal.gone_at else spare(principal.as_record, told)
    return {
        "spare": found if isinstance(found, Spare) else None,
        "no_proposal": found if isinstance(found, NoProposal) else None,
        "window_days": told.settings.unused_days,
        "marks": marks_of(principal),
    }


def marks_of(principal: Principal) -> QuerySet[RightSizing]:
    """The newest mark on its policies, and the newest on its boundary."""
    return RightSizing.newest().filter(account=principal.account, principal_id=principal.unique_id)


def shown(found: Proposal | NoProposal, request: HttpRequest) -> dict[str, Any]:
    """What the templates of a proposal get. may_mark: whether the operator may say that it was applied."""
    if isinstance(found, NoProposal):
        return {"proposal": None, "no_proposal": found}
    services = going(found.removed)
    too_many = len(found.documents) > ATTACHMENTS_AT_MOST
    return {
        "proposal": found,
        "no_proposal": None,
        "too_many": too_many,
        "at_most": ATTACHMENTS_AT_MOST,
        "to_decide": [one for one in found.kept_unseen if one.service],
        # Of an administrator these are megabytes that nobody may apply.
        "diffs": [] if too_many else [_diff(diff.policy, diff.text) for diff in found.diffs],
        "texts": [] if too_many else list(_texts(found)),
        "n_services": len(services),
        "going": services[:SHOWN],
        "going_rest": services[SHOWN:],
        "stars": found.stars[:STARS],
        "stars_rest": found.stars[STARS:],
        "kept": _by_reason(found.kept_unseen),
        "may_mark": request.user.may(Role.ANALYST) and not refused(found),
    }


def note(request: HttpRequest, account: Account, found: Proposal | NoProposal) -> None:
    """Write the operator's word down, if the proposal is still the one that was looked at."""
    fault = refused(found) or (ANOTHER if found.digest != request.POST.get("digest") else "")
    if fault:
        messages.error(request, fault)
    else:
        RightSizing.mark(account, found, request.user.username)
        messages.success(request, NOTED)


def refused(found: Proposal | NoProposal) -> str:
    """Why nobody can have applied it; "" if that can be."""
    if isinstance(found, NoProposal):
        return f"There is no proposal: {found.reason}"
    if not found.sound:
        return "One of the checks fails, so it must not be applied as it is."
    return "Nothing would change." if found.unchanged else ""


def going(removed: Iterable[Removed]) -> list[GoingService]:
    """A row a service; the gravest levels first, as the analysis has them."""
    rows: defaultdict[str, list[Removed]] = defaultdict(list)
    for one in removed:
        rows[one.service].append(one)
    names = catalogue().service_names
    return [
        GoingService(
            service,
            names.get(service, service),
            sum(one.count for one in many),
            ", ".join(f"{one.count} {one.level}" for one in many),
            "; ".join(dict.fromkeys(one.why for one in many)),
        )
        for service, many in rows.items()
    ]


def _by_reason(kept: Iterable[Kept]) -> Mapping[str, list[Kept]]:
    rows: defaultdict[str, list[Kept]] = defaultdict(list)
    for one in kept:
        rows[one.why].append(one)
    return dict(rows)


def _diff(policy: str, text: str) -> DiffView:
    return DiffView(policy, beside(text.split("\n") if text else ()))


def _texts(found: Proposal) -> Iterable[Text]:
    for number, policy in enumerate(found.documents, 1):
        said = f"{size(policy.document):,} characters"
        yield Text(f"json-{number}", f"JSON: {policy.name}", to_json(policy.document), said)
    yield Text("terraform", "Terraform", found.terraform())
    yield Text(
        "cli", "AWS CLI", found.cli(), "It makes and attaches what is new first, and stops at the first failure."
    )
    yield Text(
        "rollback", "The way back, as AWS CLI", found.rollback(), "Keep it until the change has held for a while."
    )
