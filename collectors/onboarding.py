"""Which accounts of an organization are connected, by what operators chose, and how far each has come.

One expression says it for the worker that joins accounts, for the preview and for the board, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, TextChoices, Value, When

from collectors.models import (
    Account,
    AccountDetails,
    Coverage,
    OrganizationAccount,
    OrganizationalUnit,
    OrganizationConnection,
)
from collectors.models.coverage import TROUBLE
from collectors.models.job import Run
from collectors.models.joining import Standing
from collectors.models.organization_view import SOURCE
from collectors.records import Organization, State

LIVE = "ACTIVE"
ENDING = ("SUSPENDED", "PENDING_CLOSURE", "CLOSED")  # Organizations' State (API reference, Account)
ASSUME = "sts:AssumeRole"
# An SCP that closes regions bars us there with everybody else, which asks nobody to do anything: the account is read in part.
BARRED = Q(state=State.BLOCKED_BY_SCP, region="")
REFUSED = Q(state=State.DENIED) | BARRED


@dataclass(frozen=True)
class Choice:
    """What an OrganizationConnection chooses; its fields say what they mean."""

    units: frozenset[str] = frozenset()
    tags: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()

    @classmethod
    def of(cls, decided: OrganizationConnection) -> Choice:
        return cls(frozenset(decided.units), tuple(decided.tags), frozenset(decided.left_out))

    @property
    def whole(self) -> bool:
        """A root is chosen: with it all, wherever they lie."""
        return any(unit.startswith("r-") for unit in self.units)

    def standing(self, told_by: Account) -> Case:
        """A Standing for each of the rows of OrganizationAccount of the account that tells of the organization.

        What is not known decides nothing: a state that we have no word for, a place in the tree or tags that were not read.
        """
        below = () if self.whole else self.units | below_units(told_by, self.units)
        placed = Q() if self.whole else Q(parent__in=below)
        conditions = [
            When(gone_at__isnull=False, then=Value(Standing.GONE)),
            When(state__in=ENDING, then=Value(Standing.FROZEN)),
            When(unique_id__in=self.left_out, then=Value(Standing.LEFT_OUT)),
            When(~Q(state=LIVE), then=Value(Standing.UNDECIDED)),
        ]
        if not self.whole:
            conditions.append(When(parent="", then=Value(Standing.UNDECIDED)))
            conditions.append(When(~placed, then=Value(Standing.NOT_CHOSEN)))
        if self.tags:
            conditions.append(When(tags_at=None, then=Value(Standing.UNDECIDED)))
            conditions.append(When(~_tagged(self.tags), then=Value(Standing.NOT_CHOSEN)))
        return Case(*conditions, default=Value(Standing.CHOSEN), output_field=CharField())


def _tagged(tags: Iterable[str]) -> Q:
    either = Q()
    for key, _, value in (tag.partition("=") for tag in tags):
        either |= Q(data__tags__contains={key: value})
    return either


def below_units(told_by: Account, chosen: Iterable[str]) -> frozenset[str]:
    """Ids of the OUs below these. A cycle, which no sound tree has, ends where it began."""
    children: dict[str, list[str]] = {}
    for unit, parent in OrganizationalUnit.present.filter(account=told_by).values_list("unique_id", "parent"):
        children.setdefault(parent, []).append(unit)
    found: set[str] = set()
    following = list(chosen)
    while following:
        new = set(children.get(following.pop(), ())) - found
        found |= new
        following += new
    return frozenset(found)


def told(account: Account) -> Organization | None:
    """The organization that the account says it is in."""
    row = AccountDetails.present.filter(account=account, unique_id=SOURCE).first()
    return row.as_record.organization if row else None


def members(told_by: Account, choice: Choice) -> QuerySet[OrganizationAccount]:
    """The accounts that it told of, the gone ones too, each with its `standing`."""
    rows = OrganizationAccount.objects.filter(account=told_by)
    return rows.annotate(standing=choice.standing(told_by))


class Status(TextChoices):
    """How far an account of the organization has come, in the order in which somebody should look at them."""

    DENIED = "denied", "Denied"
    BARRED = "barred", "Barred by an SCP"
    WAITING = "waiting", "Waiting for the role"
    PARTIAL = "partial", "Read in part"
    FIRST = "first", "First collection"
    COMING = "coming", "Joins at the next tick"
    NOT_JOINED = "not_joined", "Chosen, but joining is off"
    UNDECIDED = "undecided", "Cannot be told yet"
    COLLECTED = "collected", "Connected and collected"
    BY_HAND = "by_hand", "Connected by hand"
    PAUSED = "paused", "Paused"
    FROZEN = "frozen", "Frozen"
    LEFT_OUT = "left_out", "Left out by hand"
    NOT_CHOSEN = "not_chosen", "Not chosen"


# Connected by this organization, and meant to be collected.
OURS = (Status.DENIED, Status.BARRED, Status.WAITING, Status.PARTIAL, Status.FIRST, Status.COLLECTED)
NEXT = (Status.DENIED, Status.BARRED, Status.WAITING, Status.UNDECIDED)  # somebody has to do something


def board(decided: OrganizationConnection) -> QuerySet[Any]:
    """members() with `status`, and `member`, the key of the connected account. What left before it ever joined is not there.

    For the eyes of operators of all accounts: others see a part of the rows that it looks into.
    """
    mine = Account.objects.filter(aws_id=OuterRef("unique_id"))
    rows = members(decided.account, Choice.of(decided)).annotate(member=Subquery(mine.values("pk")[:1]))
    rows = rows.annotate(status=_status(decided, mine))
    return rows.exclude(gone_at__isnull=False, member=None)


def _status(decided: OrganizationConnection, mine: QuerySet[Account]) -> Case:
    coverage = Coverage.objects.filter(account=OuterRef("member"))
    denied, barred = coverage.filter(state=State.DENIED), coverage.filter(BARRED)
    ever = coverage.filter(complete_at__isnull=False)
    follows = decided.joining and not decided.paused and decided.disconnected_at is None
    new = Status.COMING if follows else Status.NOT_JOINED
    order: list[tuple[Any, Status]] = [
        (Exists(mine.exclude(connection__organization=decided)), Status.BY_HAND),
        (Q(standing__in=(Standing.GONE, Standing.FROZEN)), Status.FROZEN),
        (Q(standing=Standing.LEFT_OUT), Status.LEFT_OUT),
        (Q(standing=Standing.NOT_CHOSEN), Status.NOT_CHOSEN),
        (Q(member=None, standing=Standing.UNDECIDED), Status.UNDECIDED),
        (Q(member=None), new),
        (Exists(mine.filter(Q(connection__enabled=False) | Q(membership__paused=True))), Status.PAUSED),
        (~Exists(coverage), Status.FIRST),
        (Exists(coverage.filter(REFUSED, permission=ASSUME)) & ~Exists(ever), Status.WAITING),
        (Exists(denied), Status.DENIED),
        (Exists(barred), Status.BARRED),
        (Exists(coverage.filter(state__in=TROUBLE)), Status.PARTIAL),
    ]
    whens = [When(condition, then=Value(status)) for condition, status in order]
    return Case(*whens, default=Value(Status.COLLECTED), output_field=CharField())


def running(decided: OrganizationConnection) -> int:
    return Run.objects.filter(finished_at=None, account__connection__organization=decided).count()
