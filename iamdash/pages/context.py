"""What every page's frame shows: the data's age and health, the accounts to choose from, the lab banner."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse

from collectors.models import Account
from collectors.models.account import HELD
from collectors.models.coverage import TROUBLE
from iamdash.access.prepared import prepared
from iamdash.pages import carried, choosing, crumbs, show
from iamdash.pages.carried import account_chosen
from iamdash.pages.grouped import OUS
from iamdash.pages.profile import USUAL, Profile

STALE = timedelta(hours=24)


@dataclass(frozen=True)
class Health:
    """How old and how whole the data is, over the accounts shown. newest, oldest: of the accounts' last complete answers.

    partial: accounts of which some answer is not whole. waiting: nothing was asked of them yet; unread: no answer was ever whole.
    """

    accounts: int
    newest: datetime | None
    oldest: datetime | None
    partial: int
    waiting: int
    unread: int

    @property
    def stale(self) -> bool:
        """Whether some account's data is so much older than the newest that one age would mislead."""
        return bool(self.newest and self.oldest and self.newest - self.oldest > STALE)


@dataclass(frozen=True)
class NavItem:
    label: str
    icon: str
    url: str
    key: str
    current: bool


NAV = (
    ("Overview", "overview", "o"),
    ("Findings", "findings", "f"),
    ("Principals", "principals", "p"),
    ("Keys", "keys", "y"),
    ("Policies", "policies", "l"),
    ("Guardrails", "guardrails", "d"),
    ("Who can", "who-can", "w"),
    ("External access", "external-access", "x"),
    ("Activity", "activity", "v"),
    ("Networks", "networks", "n"),
    ("Reviews", "reviews", "e"),
    ("Trends", "trends", "t"),
    ("Accounts", "accounts", "a"),
    ("Runs", "runs", "r"),
    ("Rules", "rules", "u"),
    ("Settings", "settings", "s"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    frame: dict[str, Any] = {"lab": settings.LAB}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return frame
    chosen = account_chosen(request)
    profile = Profile.of(user)
    return frame | {
        "profile": profile,
        "crumbs": crumbs.above(request),
        "health": health(chosen, accounts_of(carried.read(request.GET).get("ou", ()))),
        "account_chosen": chosen,
        "where": choosing.chosen(request, narrowed_page(request)),
        "nav": navigation(request, profile),
    }


def accounts_of(units: Sequence[str]) -> set[int] | None:
    """Keys of accounts in OUs; None where none is chosen."""
    sets = OUS.sets() if units else {}
    return {pk for unit in units if unit in sets for pk in sets[unit][1]} if units else None


def narrowed_page(request: HttpRequest) -> str:
    """Where another choice of accounts leads: this page, but of one thing to what it is one of."""
    match = request.resolver_match
    if match is None or match.kwargs or match.url_name is None:
        here = match.url_name or "" if match else ""
        return reverse(next((view for _, view, _ in NAV if _within(here, view)), "overview"))
    return request.path


# In the order of Health's fields. Every page asks it, and the ORM takes longer to write it than the database to answer.
# "offset 0": else the planner puts the subquery in wherever `seen` stands, and looks it up five times.
_HEALTH = """
select count(*), max(seen), min(seen), count(*) filter (where short), count(*) filter (where not tried),
       count(*) filter (where seen is null)
  from (
    select seen, short, seen is not null or exists (select from collectors_coverage c where c.account_id = pk) tried
      from (
        select pk,
               (select max(c.complete_at) from collectors_coverage c
                 where c.account_id = pk and c.complete_at is not null) seen,
               exists (select from collectors_coverage c where c.account_id = pk and c.state in {trouble}) short
          from ({shown}) a
        offset 0
      ) looked
  ) each
"""
_ONE = "select id as pk from collectors_account where aws_id = %s"
_SOME = "select pk from ({shown}) b where pk = any(%s)"


@cache
def _not_held() -> tuple[str, tuple[Any, ...]]:
    """A query for the keys of those accounts, and its parameters: written once."""
    sql, params = Account.objects.exclude(HELD).order_by().values("pk").query.sql_with_params()
    return sql, params


def health(account: str = "", accounts: Collection[int] | None = None) -> Health:
    """One query, within the operator's scope: three looks into indexes an account. What is known of a frozen account grows old on
    purpose: it counts alone only. accounts: keys of the only ones, None for all."""
    shown, params = (_ONE, (account,)) if account else _not_held()
    if accounts is not None and not account:
        shown, params = _SOME.format(shown=shown), (*params, list(accounts))
    with prepared(), connection.cursor() as cursor:
        cursor.execute(_HEALTH.format(trouble=TROUBLE, shown=shown), params)
        return Health(*cursor.fetchone())


def navigation(request: HttpRequest, profile: Profile) -> list[NavItem]:
    """The links carry what the operator's profile says, so that the address tells all that a page shows."""
    here = request.resolver_match.url_name if request.resolver_match else ""
    chosen = carried.read(request.GET)
    return [
        NavItem(label, view, show.address(request, view, **_own(view, profile, chosen)), key, _within(here, view))
        for label, view, key in NAV
    ]


def _own(view: str, profile: Profile, chosen: Mapping[str, Sequence[str]]) -> dict[str, str]:
    if view in profile.views:
        return {"view": str(profile.views[view])}
    own = view == "trends" and profile.days != USUAL and "days" not in chosen
    return {"days": str(profile.days)} if own else {}


def _within(here: str, view: str) -> bool:
    """Whether a page is the one of the navigation, one of its parts ("activity-changes"), or that of one of its things."""
    return here in (view, view.removesuffix("s"), f"{view[:-3]}y") or here.startswith(f"{view}-")
