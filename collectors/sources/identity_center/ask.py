"""What is asked of Identity Center. It lives in one region, which nothing names; where its roles lie tells it mostly."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.each import Each
from collectors.aws.errors import AwsError
from collectors.aws.partitions import HOME
from collectors.aws.regional import enabled
from collectors.models.identity_center_view import NEVER, Pair, Plan
from collectors.records import AccountAssignment, PermissionSet, State
from collectors.sources import Answers
from collectors.sources.identity_center.names import (
    ASSIGNMENTS,
    BOUNDARY,
    CUSTOMER,
    DESCRIBE,
    FIELDS,
    GROUPS,
    INLINE,
    INSTANCES,
    MANAGED,
    MEMBERS,
    ORGANIZATION,
    PROVISIONED,
    SETS,
    USERS,
)
from collectors.turns import Turns

PLAN = "permission sets"
SECONDS, OF_PAIRS = 35.0, 90.0  # for a question about each permission set; for one about each of its accounts
GONE = "ResourceNotFoundException"
REFUSED = frozenset({State.DENIED, State.BLOCKED_BY_SCP})
NO_LINE = "NoSuchEntity"  # of a bundle without an answer to this one request; it is partial then
NOT_HERE = "The account is neither the management account nor a delegated administrator of Identity Center."


@dataclass(frozen=True)
class Instance:
    """region: the one to ask in, "" for the session's own; home: its name where it is known. owner: account id."""

    arn: str
    store: str
    region: str
    home: str
    owner: str


def instances(aws: Aws, answers: Answers) -> list[Instance]:
    """Identity Center as the account sees it; empty where it has none. The organization's own comes before an account's."""
    failed: AwsError | None = None
    began = aws.clock()
    for region in _regions(aws, answers[PLAN].regions if PLAN in answers else ()):
        try:
            found = list(_all(aws, INSTANCES, "Instances", region))
        except AwsError as error:  # a region that an SCP closes says nothing of the others
            failed = failed or error
            if aws.clock() - began > SECONDS:  # regions that cannot be reached take their timeouts
                break
            continue
        if found:
            return sorted((_instance(raw, region) for raw in found), key=lambda one: one.owner == aws.account_id)
    if failed is None:
        return []
    if failed.state in REFUSED and _manages(aws) is False:
        raise AwsError(INSTANCES, State.NOT_APPLICABLE, NOT_HERE) from failed
    raise failed


def _regions(aws: Aws, likely: tuple[str, ...]) -> Iterator[str]:
    """Where roles of Identity Center say that it is, where the session is at home, then every other one that is enabled."""
    if aws.from_files:
        yield from aws.regions(INSTANCES) or ("",)
        return
    first = likely or ("",)
    yield from first
    served = _served()
    yield from (region for region in enabled(aws) if region not in first and region in served)


@functools.cache
def _served() -> frozenset[str]:
    """Regions that have Identity Center, as far as botocore knows."""
    import boto3  # a bundle is read without it

    session = boto3.Session()
    return frozenset(region for name in HOME for region in session.get_available_regions("sso-admin", name))


def _instance(raw: Answer, region: str) -> Instance:
    """A region that Identity Center is replicated to names the first one."""
    home = raw.get("PrimaryRegion") or region or HOME.get(raw["InstanceArn"].split(":")[1], "")
    return Instance(raw["InstanceArn"], raw["IdentityStoreId"], region, home, raw.get("OwnerAccountId", ""))


def _manages(aws: Aws) -> bool | None:
    """Whether the account manages its organization; None: nobody knows, or there is none."""
    try:
        told = aws.ask(ORGANIZATION, require="Organization")["Organization"]
    except AwsError:
        return None
    return bool(told.get("MasterAccountId") == aws.account_id)


def sets(aws: Aws, answers: Answers) -> dict[str, Instance]:
    """ARN of each permission set -> its instance. Only who administers Identity Center may ask. New ones come first, then
    those that have waited longest, for there may be more than a run can read of."""
    found: dict[str, Instance] = {}
    planned: Plan = answers[PLAN]
    for one in answers[INSTANCES][:1]:
        try:
            arns = list(_all(aws, SETS, "PermissionSets", one.region, InstanceArn=one.arn))
        except AwsError as error:
            elsewhere = (
                error.state in REFUSED or error.code == "ValidationException"
            )  # an account's own instance has none
            if elsewhere and _manages(aws) is False:
                raise AwsError(SETS, State.NOT_APPLICABLE, NOT_HERE) from error
            raise
        found |= dict.fromkeys(_turns(planned).of(arns), one)
    return found


def _turns(planned: Plan, field: str = "") -> Turns:
    """field: of a PermissionSet; "": as it is due by the part that has waited longest."""
    known = {arn: one.asked_on or {} for arn, one in (planned.sets or {}).items()}
    asked = {
        arn: days[field] if field else min(days.values())
        for arn, days in known.items()
        if days and (not field or field in days)
    }
    return Turns(planned.now.date(), asked, planned.limit)


def waiting(answers: Answers, api: str) -> dict[str, PermissionSet]:
    """What is known of the permission sets that a run had no time to ask this about, by ARN."""
    known = answers[PLAN].sets or {}
    return {arn: known[arn] for arn in answers[SETS] if arn in known and arn not in answers[api].asked}


def says(answers: Answers, api: str) -> tuple[str, bool]:
    """What coverage says of one that is asked of each permission set, and whether it knows it of all, from whatever run."""
    turns = _turns(answers[PLAN], FIELDS[api])
    days = turns.after(answers[SETS].keys() - answers[api].refused, answers[api])
    return turns.says("permission sets", len(answers[SETS]) - len(answers[api].refused), days.values())


def _all(aws: Aws, api: str, member: str, region: str, **parameters: Any) -> Iterator[Any]:
    for page in aws.pages(api, require=member, token="NextToken", region=region, **parameters):  # noqa: S106 - a page token
        yield from page[member]


def _each(aws: Aws, answers: Answers, ask: Callable[[str, Instance], Any]) -> Each:
    """Permission set -> what `ask` says of it, as far as the time goes. Refused: those that were deleted meanwhile."""
    found = Each()
    began = aws.clock()
    for arn, instance in answers[SETS].items():
        if aws.clock() - began > SECONDS:
            break
        try:
            found[arn] = ask(arn, instance)
        except AwsError as error:
            if error.code not in (GONE, NO_LINE):
                raise
            found.refused.add(arn)
    return found


def described(aws: Aws, answers: Answers) -> Each:
    def ask(arn: str, of: Instance) -> Answer:
        asked = {"InstanceArn": of.arn, "PermissionSetArn": arn}
        return dict(aws.ask(DESCRIBE, require="PermissionSet", region=of.region, **asked)["PermissionSet"])

    return _each(aws, answers, ask)


def _listed(api: str, member: str) -> Callable[[Aws, Answers], Each]:
    def fetch(aws: Aws, answers: Answers) -> Each:
        return _each(
            aws,
            answers,
            lambda arn, of: list(_all(aws, api, member, of.region, InstanceArn=of.arn, PermissionSetArn=arn)),
        )

    return fetch


managed = _listed(MANAGED, "AttachedManagedPolicies")
customer = _listed(CUSTOMER, "CustomerManagedPolicyReferences")
provisioned = _listed(PROVISIONED, "AccountIds")


def inline(aws: Aws, answers: Answers) -> Each:
    """Permission set -> its document as text, "" for none."""

    def ask(arn: str, of: Instance) -> str:
        asked = {"InstanceArn": of.arn, "PermissionSetArn": arn}
        return str(aws.ask(INLINE, require="InlinePolicy", region=of.region, **asked)["InlinePolicy"] or "")

    return _each(aws, answers, ask)


def boundary(aws: Aws, answers: Answers) -> Each:
    """Permission set -> its boundary, empty for none, which AWS tells by an error."""

    def ask(arn: str, of: Instance) -> Answer:
        asked = {"InstanceArn": of.arn, "PermissionSetArn": arn}
        try:
            return dict(
                aws.ask(BOUNDARY, require="PermissionsBoundary", region=of.region, **asked)["PermissionsBoundary"]
            )
        except AwsError as error:
            if error.code != GONE:
                raise
            return {}

    return _each(aws, answers, ask)


def due(planned: Plan, pairs: Iterable[Pair]) -> list[Pair]:
    """Never read, then the stalest. The stalest one always, so that a lost permission shows."""

    def read_at(pair: Pair) -> datetime:
        return planned.pairs[pair].read_at if pair in planned.pairs else NEVER

    queue = sorted(pairs, key=lambda pair: (read_at(pair), pair))
    old = [pair for pair in queue if read_at(pair) <= planned.now - planned.renew]
    return (old or queue[:1])[: planned.limit]


def assignments(aws: Aws, answers: Answers) -> dict[Pair, list[Answer]]:
    """One question for each account that has the set: as many as there are roles of Identity Center in the organization, so that
    a run reads those that were not read lately, and no more than it has time for."""
    found: dict[Pair, list[Answer]] = {}
    began = aws.clock()
    for arn, account in due(answers[PLAN], pairs(answers)):
        if aws.clock() - began > OF_PAIRS:
            break
        of = answers[SETS][arn]
        asked = {"InstanceArn": of.arn, "PermissionSetArn": arn, "AccountId": account}
        try:
            found[arn, account] = list(_all(aws, ASSIGNMENTS, "AccountAssignments", of.region, **asked))
        except AwsError as error:
            if error.code not in (GONE, NO_LINE):
                raise
    return found


def pairs(answers: Answers) -> list[Pair]:
    """Each permission set in each account that has it, or had it when there was time to ask."""
    planned: Plan = answers[PLAN]
    before = {arn: one.lately(planned.now).accounts or () for arn, one in waiting(answers, PROVISIONED).items()}
    return [(arn, account) for arn, accounts in {**answers[PROVISIONED], **before}.items() for account in accounts]


def assigned(answers: Answers) -> dict[Pair, AccountAssignment]:
    """What this run read, and what earlier ones did of those that still are."""
    planned: Plan = answers[PLAN]
    there = pairs(answers)
    found = {pair: planned.pairs[pair] for pair in there if pair in planned.pairs}
    return found | {pair: _assignment(pair, some, planned.now) for pair, some in answers[ASSIGNMENTS].items()}


def _assignment(pair: Pair, some: list[Answer], at: datetime) -> AccountAssignment:
    arn, target = pair
    ids = {kind: {one["PrincipalId"] for one in some if one["PrincipalType"] == kind} for kind in ("USER", "GROUP")}
    return AccountAssignment(
        unique_id=f"{arn}/{target}",
        permission_set=arn,
        target=target,
        users=tuple(sorted(ids["USER"])),
        groups=tuple(sorted(ids["GROUP"])),
        read_at=at,
    )


def _stores(answers: Answers) -> dict[str, str]:
    """Identity store -> the region to ask in."""
    return {one.store: one.region for one in answers[INSTANCES][:1]}


def users(aws: Aws, answers: Answers) -> list[Answer]:
    """Id, name and display name; what else AWS tells of people goes no further."""
    raw = (
        one
        for store, region in _stores(answers).items()
        for one in _all(aws, USERS, "Users", region, IdentityStoreId=store)
    )
    return [{name: one[name] for name in ("UserId", "UserName", "DisplayName") if name in one} for one in raw]


def groups(aws: Aws, answers: Answers) -> list[Answer]:
    raw = (
        one
        for store, region in _stores(answers).items()
        for one in _all(aws, GROUPS, "Groups", region, IdentityStoreId=store)
    )
    return [{name: one[name] for name in ("GroupId", "DisplayName") if name in one} for one in raw]


def assigned_groups(answers: Answers) -> set[str]:
    """Ids of those to which something is assigned."""
    return {group for one in assigned(answers).values() for group in one.groups}


def members(aws: Aws, answers: Answers) -> Each:
    """Id of an assigned group -> ids of its users, as far as the time goes. Refused: those that were deleted meanwhile."""
    found = Each()
    began = aws.clock()
    for store, region in _stores(answers).items():
        for group in _turns_of_groups(answers[PLAN]).of(assigned_groups(answers)):
            if aws.clock() - began > SECONDS:
                break
            try:
                raw = list(_all(aws, MEMBERS, "GroupMemberships", region, IdentityStoreId=store, GroupId=group))
            except AwsError as error:
                if error.code not in (GONE, NO_LINE):
                    raise
                found.refused.add(group)
                continue
            found[group] = [one["MemberId"]["UserId"] for one in raw if "UserId" in one.get("MemberId", {})]
    return found


def _turns_of_groups(planned: Plan) -> Turns:
    asked = {id_: one.read_on for id_, one in (planned.groups or {}).items() if one.read_on}
    return Turns(planned.now.date(), asked, planned.limit)


def says_of_groups(answers: Answers) -> tuple[str, bool]:
    """The same of the members of groups."""
    turns, some = _turns_of_groups(answers[PLAN]), assigned_groups(answers) - answers[MEMBERS].refused
    return turns.says("groups", len(some), turns.after(some, answers[MEMBERS]).values())
