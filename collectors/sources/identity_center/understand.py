"""Answers -> records of Identity Center."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from collectors.aws.call import Answer
from collectors.models.identity_center_view import Plan
from collectors.records import CenterPrincipal, Part, PermissionSet, clean, digest
from collectors.sources import Answers
from collectors.sources.identity_center.ask import PLAN, assigned, pairs, says, says_of_groups, waiting
from collectors.sources.identity_center.names import (
    ASSIGNMENTS,
    BOUNDARY,
    CUSTOMER,
    DESCRIBE,
    FIELDS,
    GROUPS,
    INLINE,
    MANAGED,
    MEMBERS,
    PROVISIONED,
    SETS,
    USERS,
)

DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?\Z")
UNITS = (86_400, 3_600, 60, 1)


def transform(answers: Answers) -> Part:
    documents: dict[str, Any] = {}
    told, read = {SETS, DESCRIBE} <= answers.keys(), {PROVISIONED, ASSIGNMENTS} <= answers.keys()
    lacking = _problems(answers) if read else ()
    by_turns = {api: says(answers, api) for api in FIELDS if {SETS, api} <= answers.keys()}
    if read and MEMBERS in answers:
        by_turns[MEMBERS] = says_of_groups(answers)
    partly = {api: (text,) for api, (text, whole) in by_turns.items() if text and not whole}
    return Part(
        permission_sets=tuple(_sets(answers, documents)) if told else None,
        account_assignments=tuple(assigned(answers)[pair] for pair in answers[ASSIGNMENTS]) if read else None,
        center_principals=_principals(answers) if read else None,
        documents=documents,
        problems=partly | ({ASSIGNMENTS: lacking} if lacking else {}),
        notes={api: text for api, (text, whole) in by_turns.items() if text and whole},
    )


def _problems(answers: Answers) -> tuple[str, ...]:
    """What coverage says unless every assignment was read in this run, or some days ago at most."""
    planned: Plan = answers[PLAN]
    text, whole = says(answers, PROVISIONED)
    if not whole:
        return (f"Not of accounts that nobody told of: {text}",)
    there, oldest = pairs(answers), planned.now - planned.keep
    fresh = sum(one.read_at >= oldest for one in assigned(answers).values())
    if planned.limit is not None or fresh == len(there):
        return ()
    return (
        f"The assignments of {fresh} of {len(there)} permission sets and accounts were read within {planned.keep.days} days.",
    )


def _sets(answers: Answers, documents: dict[str, Any]) -> Iterator[PermissionSet]:
    """Puts the documents into `documents` by digest."""
    for arn, known in waiting(answers, DESCRIBE).items():
        yield _set(arn, answers, documents, name=known.name)
    for arn, raw in answers[DESCRIBE].items():
        yield _set(
            arn,
            answers,
            documents,
            name=raw.get("Name", ""),
            created_at=raw.get("CreatedDate"),
            session_seconds=seconds(raw.get("SessionDuration") or "PT1H"),
            relay_state=raw.get("RelayState") or "",
        )


def _set(arn: str, answers: Answers, documents: dict[str, Any], **described: Any) -> PermissionSet:
    """What nobody told now is None, and stays as it is known."""
    of = answers[SETS][arn]
    return PermissionSet(
        unique_id=arn,
        instance=of.arn,
        region=of.home,
        managed=_told(answers, MANAGED, arn, lambda some: tuple(sorted(one["Arn"] for one in some))),
        customer=_told(answers, CUSTOMER, arn, lambda some: tuple(sorted(map(_reference, some)))),
        inline=_told(answers, INLINE, arn, lambda text: _inline(text, documents)),
        boundary=_told(answers, BOUNDARY, arn, _boundary),
        accounts=_told(answers, PROVISIONED, arn, lambda some: tuple(sorted(some))),
        asked_on=_asked_on(answers, arn),
        **described,
    )


def _asked_on(answers: Answers, arn: str) -> dict[str, date]:
    planned: Plan = answers[PLAN]
    if planned.sets is None:
        return {}
    now = {field for api, field in FIELDS.items() if arn in answers.get(api, ())}
    before = planned.sets[arn].asked_on if arn in planned.sets else None
    return {**(before or {}), **dict.fromkeys(now, planned.now.date())}


def _told(answers: Answers, api: str, arn: str, make: Any) -> Any:
    """None: the API gave no answer on this permission set."""
    return make(answers[api][arn]) if api in answers and arn in answers[api] else None


def seconds(text: str) -> int | None:
    """An ISO 8601 duration of days and less; None for another."""
    found = DURATION.match(text)
    parts = found.groups() if found else ()
    return sum(int(n) * unit for n, unit in zip(parts, UNITS, strict=True) if n) if any(parts) else None


def _reference(raw: Answer) -> str:
    return f"{raw.get('Path', '/')}{raw['Name']}"


def _boundary(raw: Answer) -> str:
    if own := raw.get("CustomerManagedPolicyReference"):
        return _reference(own)
    return str(raw.get("ManagedPolicyArn", ""))


def _inline(text: str, documents: dict[str, Any]) -> str:
    """The document's digest; the text stands for a document that is not JSON."""
    if not text:
        return ""
    try:
        body = clean(json.loads(text))
    except (ValueError, RecursionError):
        body = text
    documents[key := digest(body)] = body
    return key


def _principals(answers: Answers) -> tuple[CenterPrincipal, ...] | None:
    """Of all who are in the store those who can get anywhere. None: nobody told of any."""
    if not answers.keys() & {USERS, GROUPS, MEMBERS}:
        return None
    wanted = {id_ for one in assigned(answers).values() for id_ in (*one.users, *one.groups)}
    planned: Plan = answers[PLAN]
    known = (planned.groups or {}).items()
    inside: Mapping[str, list[str]] = answers.get(MEMBERS, {})
    before = {id_: one.lately(planned.now).members or () for id_, one in known if id_ in wanted and id_ not in inside}
    people = {id_ for some in (*inside.values(), *before.values()) for id_ in some}
    names = {raw["GroupId"]: raw.get("DisplayName", "") for raw in answers.get(GROUPS, ())}
    groups = (
        CenterPrincipal(
            unique_id=id_,
            group=True,
            name=names.get(id_, ""),
            members=tuple(sorted(set(inside[id_]))) if id_ in inside else None,
            read_on=planned.now.date() if id_ in inside and planned.groups is not None else None,
        )
        for id_ in sorted((names.keys() | inside.keys()) & wanted)
    )
    users = (
        CenterPrincipal(unique_id=raw["UserId"], name=raw.get("UserName", ""), display_name=raw.get("DisplayName", ""))
        for raw in answers.get(USERS, ())
        if raw["UserId"] in wanted | people
    )
    return (*groups, *users)
