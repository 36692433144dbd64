"""Who can do this action on this resource, in all accounts? And, for one principal, why or why not?

Accounts are asked in order, as many as there is time for; the address of the next part names the last one that was asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from collectors.models import Account, Principal
from collectors.records import Role
from findings.analysis.through import through
from findings.analysis.who_can import Holder, Index
from iamdash.access import audit
from iamdash.pages import exports, indexes, narrowed, questions
from iamdash.pages.filters import FORMATS
from iamdash.pages.gaps import DETAILS, Gaps, told
from iamdash.pages.questions import Answer, Asked, answer
from iamdash.pages.reading import facts_of

ENOUGH = 500  # principals of an answer before the next account waits for the next part
ASSUME = "sts:AssumeRole"  # by which others get there
ORDER = {"allowed": 0, "conditional": 1}


@dataclass(frozen=True)
class Row:
    """via: roles that are assumed on the way, the last one is the one that can. unknown: what of its policies was not read."""

    account: Account
    holder: Holder
    answer: Answer
    via: tuple[Role, ...] = ()
    unknown: str = ""

    @property
    def kind(self) -> str:
        return "role" if isinstance(self.holder, Role) else "user"


@dataclass(frozen=True)
class Part:
    """What the accounts from number `first` to `last`, of `accounts` in all, answer. checked: how many principals were asked.
    after: the id of the last account when there are more."""

    rows: Sequence[Row]
    checked: int
    first: int
    last: int
    accounts: int
    after: str = ""

    @property
    def shown(self) -> Sequence[Row]:
        return self.rows[: 2 * ENOUGH]

    @property
    def sure(self) -> int:
        return sum(row.answer.verdict == "allowed" for row in self.rows)


FIELDS: exports.Fields = {
    "account": lambda row: row.account.aws_id,
    "account_name": lambda row: row.account.name,
    "type": lambda row: row.kind,
    "name": lambda row: row.holder.name,
    "arn": lambda row: row.holder.arn,
    "unique_id": lambda row: row.holder.unique_id,
    "verdict": lambda row: row.answer.verdict,
    "condition_keys": lambda row: list(row.answer.keys),
    "said": lambda row: row.answer.said or None,
    "by": lambda row: list(row.answer.by),
    "via": lambda row: [role.arn for role in row.via],
    "unknown": lambda row: row.unknown or None,
}


@require_safe
def page(request: HttpRequest) -> HttpResponseBase:
    asked = questions.read(request.GET)
    scope = narrowed.read(request)
    accounts = list(scope.rows.order_by("name", "aws_id"))
    context: dict[str, Any] = {"asked": asked, "scope": scope}
    if asked.answerable:
        if (form := request.GET.get("export", "")) in FORMATS:
            audit.record(request, "exported", "who-can", form=form, asked=request.GET.urlencode())
            return exports.stream(_all(asked, accounts), FIELDS, form, "who-can", timezone.now())
        part = _part(asked, accounts, request.GET.get("after", ""))
        context |= {
            "part": part,
            "gap": told(scope.rows, DETAILS),
            **_urls(request, part),
        }
    return render(request, "who_can/page.html", context)


def _urls(request: HttpRequest, part: Part) -> dict[str, Any]:
    """The question is in each; the part only in that of the next one."""
    query = request.GET.copy()
    query.pop("after", None)
    return {
        "question": query.urlencode(),
        "next_url": f"?{query.urlencode()}&after={part.after}" if part.after else "",
        "first_url": f"?{query.urlencode()}" if part.first > 1 else "",
        "export_urls": {
            name: f"?{query.urlencode()}&export={form}" for name, form in (("CSV", "csv"), ("JSON lines", "jsonl"))
        },
    }


def _part(asked: Asked, accounts: Sequence[Account], after: str) -> Part:
    """after: the id of an account; the answer begins behind it, or with the first when there is none of that id."""
    start = next((number for number, account in enumerate(accounts, 1) if account.aws_id == after), 0)
    rows: list[Row] = []
    checked, last = 0, start
    for account, index in indexes.asked(accounts[start:], (asked.action, ASSUME)):
        checked += len(index.holders)
        rows += _rows(account, index, asked)
        last += 1
        if len(rows) >= ENOUGH:
            break
    rows.sort(key=lambda row: (ORDER[row.answer.verdict], len(row.via), row.holder.name))
    more = last < len(accounts)
    return Part(rows, checked, start + 1, last, len(accounts), accounts[last - 1].aws_id if more and last else "")


def _all(asked: Asked, accounts: Sequence[Account]) -> Iterator[Row]:
    """For exports: however long it takes."""
    for account, index in indexes.asked(accounts, (asked.action, ASSUME), patience=inf):
        yield from _rows(account, index, asked)


def _rows(account: Account, index: Index, asked: Asked) -> Iterator[Row]:
    direct = list(index.who_can(asked.action, asked.resource, asked.given))
    for can in direct:
        yield Row(account, can.holder, answer(can.decision), unknown=can.unknown)
    for way in through(index, direct):
        yield Row(account, way.holder, answer(way.can.decision, way.keys, sure=way.sure), way.via, way.can.unknown)


@require_safe
def why(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    """One principal, one action, one resource: allowed or not, and by which statement of which policy."""
    found = Principal.objects.select_related("account")
    principal = get_object_or_404(found, account__aws_id=aws_id, unique_id=unique_id)
    asked = questions.read(request.GET)
    gaps = Gaps([principal.account_id], DETAILS)
    context: dict[str, Any] = {
        "principal": principal,
        "asked": asked,
        "gap": gaps.of(principal.account_id, DETAILS),
        "question": request.GET.urlencode(),
    }
    if asked.answerable:
        context |= _why(principal, asked)
    return render(request, "who_can/why.html", context)


def _why(principal: Principal, asked: Asked) -> dict[str, Any]:
    facts = facts_of(_also_asked(principal, asked), principal.account)
    holder = principal.as_record
    question = (holder, asked.action, asked.resource, asked.given)
    return {
        "answer": answer(facts.permissions.decide(*question)),
        "blockers": [questions.by_words(by) for by in facts.permissions.blockers(*question)],
        "unknown": facts.permissions.unknown(holder),
        "unseen": facts.guardrails.unseen,
    }


def _also_asked(principal: Principal, asked: Asked) -> Iterable[Principal]:
    """The principal, and the role or user that is asked about, whose tags and trust policy count."""
    also = Principal.present.filter(account=principal.account, arn=asked.resource).exclude(pk=principal.pk)
    return [principal, *islice(also, 1)]
