"""Accounts join with their organization, freeze with what is known of them, and thaw: from the collected tree, at each tick.

Nothing is concluded from what was not read: a tree that gives no answer any more leaves every account as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat, Now

from collectors import queue
from collectors.models import (
    Account,
    Connection,
    ConnectionTest,
    Coverage,
    Job,
    Membership,
    OrganizationAccount,
    OrganizationConnection,
)
from collectors.models.account import NOT_COLLECTED
from collectors.models.job import JUDGE
from collectors.models.joining import Standing
from collectors.onboarding import LIVE, Choice, members, told
from collectors.records import State

log = structlog.get_logger(__name__)
BATCH = 1_000
PROVER = "iamdash"
_LISTED = "unnest(%(ids)s::text[], %(names)s::text[]) as listed(aws_id, name)"
_ACCOUNTS = f"""
insert into collectors_account (aws_id, name, partition, added_by)
select aws_id, coalesce(nullif(name, ''), aws_id), %(partition)s, %(by)s from {_LISTED} order by aws_id
on conflict do nothing
"""  # noqa: S608 - constants of this module
_CONNECTIONS = """
insert into collectors_connection (account_id, kind, role_name, external_id, enabled, organization_id)
select id, %(kind)s, %(role)s, %(secret)s || '-' || aws_id, true, %(organization)s
from collectors_account where aws_id = any(%(ids)s) order by id
on conflict do nothing
"""
_MEMBERSHIPS = f"""
insert into collectors_membership (account_id, standing, state, name, paused)
select a.id, %(standing)s, %(state)s, listed.name, false
from {_LISTED} join collectors_account a using (aws_id) join collectors_connection c on c.account_id = a.id
where c.organization_id = %(organization)s order by a.id
on conflict do nothing
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True)
class Member:
    """An account as its organization lists it, and what follows for it."""

    aws_id: str
    name: str
    state: str
    standing: str


@dataclass
class Joined:
    """What a tick did: account ids."""

    joined: list[str] = field(default_factory=list)
    frozen: list[str] = field(default_factory=list)
    thawed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.joined or self.frozen or self.thawed)


def join_all() -> None:
    for pk in OrganizationConnection.objects.order_by("pk").values_list("pk", flat=True):
        done = join(pk)
        if done:
            counts = {"joined": len(done.joined), "frozen": len(done.frozen), "thawed": len(done.thawed)}
            log.info("organization.joined", organization=pk, **counts)


def join(pk: int) -> Joined:
    """Bring one organization's accounts to where the tree and the choice say; of two at once the second does nothing."""
    done = Joined()
    with transaction.atomic():
        rows = OrganizationConnection.objects.select_for_update(skip_locked=True, of=("self",))
        decided = rows.select_related("account").filter(pk=pk).first()
        if decided is None:
            return done
        ours = Membership.objects.filter(account__connection__organization=decided)
        ours.exclude(paused=decided.holding).update(paused=decided.holding)
        there = told(decided.account)
        if decided.paused or decided.disconnected_at or there is None:
            return done
        if there.organization_id != decided.organization_id:
            return done
        listed = _listed(decided)
        if decided.joining:
            done.joined = _add(decided, {m.aws_id: m for m in listed.values() if m.standing == Standing.CHOSEN})
        _follow(decided, listed, done)
        _reach_as_decided(decided)
        _ask_for_proof(decided)
    return done


def _listed(decided: OrganizationConnection) -> dict[str, Member]:
    rows = members(decided.account, Choice.of(decided)).values_list("unique_id", "name", "state", "standing")
    return {aws_id: Member(aws_id, *rest) for aws_id, *rest in rows}


def _add(decided: OrganizationConnection, wanted: Mapping[str, Member]) -> list[str]:
    """Connect those that nobody connected, and take over those that left another organization of ours, or were held when it
    was disconnected."""
    left = Q(account__membership__standing=Standing.GONE)
    held = Q(organization__disconnected_at__isnull=False, account__membership__paused=True)
    theirs = Connection.objects.filter(left | held).exclude(organization=decided).values_list("pk", "account__aws_id")
    moved = {pk: aws_id for pk, aws_id in theirs if aws_id in wanted}
    if moved:
        Connection.objects.filter(pk__in=list(moved)).update(organization=decided)
        Membership.objects.filter(account__connection__in=list(moved)).update(paused=False)
    known = OrganizationAccount.objects.filter(account=decided.account).values("unique_id")
    new = wanted.keys() - set(Account.objects.filter(aws_id__in=known).values_list("aws_id", flat=True))
    return sorted(moved.values()) + (_connect(decided, [wanted[aws_id] for aws_id in sorted(new)]) if new else [])


def _connect(decided: OrganizationConnection, new: list[Member]) -> list[str]:
    """An operator may connect one of them by hand in the same moment: then it is the operator's."""
    given = {
        "ids": [m.aws_id for m in new],
        "names": [m.name for m in new],
        "partition": decided.account.partition,
        "by": decided.organization_id,
        "organization": decided.pk,
        "role": decided.role_name,
        "secret": decided.secret,
        "kind": Connection.Kind.ROLE.value,
        "standing": Standing.CHOSEN.value,
        "state": LIVE,
    }
    with connection.cursor() as cursor:
        for statement in (_ACCOUNTS, _CONNECTIONS, _MEMBERSHIPS):
            cursor.execute(statement, given)
        ours = Account.objects.filter(aws_id__in=given["ids"], connection__organization=decided)
        return list(ours.order_by("aws_id").values_list("aws_id", flat=True))


def _follow(decided: OrganizationConnection, listed: Mapping[str, Member], done: Joined) -> None:
    """Standing, state and name of the accounts that joined before. History and findings are not touched."""
    rows = Membership.objects.filter(account__connection__organization=decided)
    stand = rows.values_list("account__aws_id", "standing", "state", "name")
    moved = {aws_id for aws_id, *stands in stand if (one := listed.get(aws_id)) and _differs(one, *stands)}
    if not moved:
        return
    changed, renamed = [], []
    for row in rows.filter(account__aws_id__in=moved).select_related("account").order_by("account"):
        one = listed[row.account.aws_id]
        if one.standing != row.standing:
            (done.thawed if one.standing == Standing.CHOSEN else done.frozen).append(one.aws_id)
            row.standing, row.since = one.standing, Now()
        if one.name not in {"", row.name} and row.account.name == (row.name or one.aws_id):
            row.account.name = one.name
            renamed.append(row.account)
        row.state, row.name = one.state, one.name or row.name
        changed.append(row)
    Membership.objects.bulk_update(changed, ["standing", "since", "state", "name"], BATCH)
    Account.objects.bulk_update(renamed, ["name"], BATCH)
    _stop(row.account_id for row in changed if row.standing in NOT_COLLECTED)


def _differs(one: Member, standing: str, state: str, name: str) -> bool:
    """Whether what its organization says is another thing than what stands of it."""
    told = one.standing, one.state, one.name or name
    return one.standing != Standing.UNDECIDED and told != (standing, state, name)


def _stop(accounts: Iterable[int]) -> None:
    """What is under way in an account that froze just now would only be refused."""
    busy = Job.objects.filter(account__in=list(accounts), state__in=queue.OPEN).exclude(source=JUDGE)
    for account in Account.objects.filter(pk__in=busy.values("account")).order_by("pk"):
        queue.cancel(account)


def _reach_as_decided(decided: OrganizationConnection) -> None:
    """The role's name and the external id follow what operators decide."""
    external_id = Concat(Value(f"{decided.secret}-"), "aws_id")
    own = Account.objects.filter(pk=OuterRef("account_id")).annotate(external_id=external_id).values("external_id")
    ours = Connection.objects.filter(organization=decided).annotate(own=Subquery(own))
    ours.exclude(role_name=decided.role_name, external_id=F("own")).update(
        role_name=decided.role_name, external_id=Subquery(own)
    )


def _ask_for_proof(decided: OrganizationConnection) -> None:
    """Once a template: that its role cannot be assumed without the external id, in an account where it is known to work."""
    if ConnectionTest.objects.filter(template=decided.template).exists():
        return
    works = Exists(Coverage.objects.filter(account=OuterRef("pk"), state=State.COMPLETE))
    ours = Account.objects.filter(works, connection__organization=decided, membership__standing=Standing.CHOSEN)
    if (account := ours.order_by("pk").first()) is not None:
        ConnectionTest.objects.create(account=account, requested_by=PROVER, template=decided.template)
