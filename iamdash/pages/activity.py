"""Who really acted? The sessions that CloudTrail told of, newest first, each with a verdict: a person or a program, and why.

The list is that of the last judgement (findings/engine/sessions.py), so people on machines' roles can be counted and paged
through like anything else; how many sessions were read since is said above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import django_tables2 as tables
from django.db.models import Count, Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors.models import Account, UsageSession
from collectors.records import Actor, SignIn
from findings.models import SessionVerdict
from iamdash.pages import acting, show
from iamdash.pages.acting import OLDEST, SIGN_INS, WHO
from iamdash.pages.facets import Accounts, Choices, Facet, Option
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.lists import ListPage
from iamdash.pages.subjects import UNIQUE_ID
from iamdash.pages.tables import ListTable
from iamdash.pages.watched import watched

HUMAN_ON_MACHINE = Q(who=WHO.PERSON, machine=True)
DATA = (
    "mfa", "source_identity", "caller", "switched_from", "identity_provider", "federated_user", "networks", "agents",
    "regions", "invoked_by", "cut",
)  # fmt: skip
LATE = 2  # days
DAYS = {"7": "7 days", "30": "30 days", "90": "90 days"}


@dataclass(frozen=True, kw_only=True)
class Period(Facet):
    """The last so many days. Without a choice the list has all that it shows, OLDEST days."""

    name: str = "days"
    title: str = "Period"
    single: bool = True
    inline: bool = True

    def accepts(self, slug: str) -> bool:
        return slug in DAYS

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(at__gte=acting.moment(int(slugs[-1])))

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        counts = {f"n_{slug}": Count("pk", filter=self.where([slug])) for slug in DAYS}
        found = qs.order_by().aggregate(**counts)
        return [Option(slug, label, found[f"n_{slug}"]) for slug, label in DAYS.items()]

    def label(self, slug: str) -> str:
        return DAYS[slug]


@dataclass(frozen=True, kw_only=True)
class OfActor(Facet):
    """Sessions of a role or user, by unique id; links of its page set it."""

    name: str = "of"
    title: str = "Principal"
    offered: bool = False

    def accepts(self, slug: str) -> bool:
        return bool(UNIQUE_ID.fullmatch(slug))

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(session__in=UsageSession.objects.filter(principal__unique_id__in=slugs))


class SessionTable(ListTable):
    lead = "principal"
    caption = "Sessions"

    principal = tables.Column("Who acted", empty_values=(), accessor="pk")
    when = tables.Column("Last call", accessor="at", attrs={"td": {"class": "tight"}})
    verdict = tables.Column("Person or program", accessor="who")
    origin = tables.Column("From where", accessor="pk")
    caller = tables.Column("Opened by", accessor="pk")
    calls = tables.Column("Calls", accessor="pk", attrs={"td": {"class": "number"}, "th": {"class": "number"}})
    account = tables.Column()

    def render_principal(self, record: SessionVerdict) -> SafeString:
        session = record.session
        return format_html(
            '{}<span class="under">{}{}{}</span>',
            acting.linked(self.request, session.principal, record.known, record.account.aws_id),
            record.get_actor_display(),
            format_html(" · session {}", show.name(session.name)) if session.name else "",
            format_html(' · key <span class="mono">{}</span>', show.name(session.key)) if session.key else "",
        )

    def render_when(self, record: SessionVerdict) -> SafeString:
        if record.session.last_at is None:
            return format_html('{}<span class="under">opened, no call seen</span>', f"{record.at:%Y-%m-%d}")
        return show.ago(record.at)

    def render_verdict(self, record: SessionVerdict) -> SafeString:
        return acting.verdict(record.who, record.confidence, record.reasons, machine=record.machine)

    def render_origin(self, record: SessionVerdict) -> SafeString:
        data = record.session.data
        cut = data.get("cut", [])
        return format_html(
            '{}<span class="under">{}{}</span>',
            acting.places(data.get("networks", []), cut),
            format_html("{}: ", SIGN_INS[SignIn(record.sign_in)]) if record.sign_in else "",
            acting.few(data.get("agents", []), more="agents" in cut),
        )

    def render_caller(self, record: SessionVerdict) -> SafeString:
        data = record.session.data
        if text := record.lineage or data.get("caller") or data.get("switched_from"):
            return show.name(text)
        if record.actor != Actor.ROLE:
            return format_html('<span class="muted">{}</span>', "itself")
        return show.unknown("no record of it was seen")

    def render_calls(self, record: SessionVerdict) -> SafeString:
        session = record.session
        denied = format_html('<span class="under">{} denied</span>', f"{session.denied:,}") if session.denied else ""
        return format_html("{}{}", f"{session.n:,}", denied)

    def render_account(self, record: SessionVerdict) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))


FILTERS = Filters(
    sorts={
        "when": Sort("Newest", ("at",), descending=True),
    },
    tabs=(
        Tab("all", "All", Q()),
        Tab("humans", "Humans on machine roles", HUMAN_ON_MACHINE),
        Tab("console", "Console sign-ins", ~Q(sign_in="")),
    ),
    facets=(
        Period(),
        Choices(
            name="verdict",
            title="Person or program",
            column="who",
            values={
                "person": (WHO.PERSON.value, "A person"),
                "program": (WHO.PROGRAM.value, "A program"),
                "untold": (WHO.UNTOLD.value, "Not told"),
            },
        ),
        Choices(
            name="actor",
            title="Actor",
            column="actor",
            values={actor.value: (actor.value, actor.value.replace("_", " ").capitalize()) for actor in Actor},
        ),
        Choices(
            name="sign-in",
            title="Sign-in",
            column="sign_in",
            values={
                "login": (SignIn.LOGIN.value, "Signed in"),
                "switch": (SignIn.SWITCH.value, "Switched role"),
                "console": (SignIn.CONSOLE.value, "Console's credentials"),
                "none": (SignIn.NONE.value, "Not in the console"),
            },
        ),
        Accounts(),
        OfActor(),
    ),
    search=("text",),
    searched="principal, session, key, address or agent",
)


class ActivityList(ListPage):
    name = "sessions"
    title = "Activity"
    folder = "activity"
    table = SessionTable
    filters = FILTERS
    fields = {
        "account": lambda v: v.account.aws_id,
        "account_name": lambda v: v.account.name,
        "day": lambda v: v.session.day.isoformat(),
        "first_at": lambda v: v.session.first_at,
        "last_at": lambda v: v.session.last_at,
        "actor": lambda v: v.actor,
        "principal_id": lambda v: v.session.principal.unique_id,
        "principal_arn": lambda v: v.session.principal.arn or v.session.data.get("principal_arn"),
        "session": lambda v: v.session.name or None,
        "key": lambda v: v.session.key or None,
        "behind": lambda v: v.get_who_display(),
        "confidence": lambda v: v.confidence,
        "reasons": lambda v: v.reasons,
        "of_a_machine": lambda v: v.machine,
        "lineage": lambda v: v.lineage or None,
        "sign_in": lambda v: v.sign_in or None,
        **{name: (lambda v, name=name: v.session.data.get(name)) for name in DATA},
        "calls": lambda v: v.session.n,
        "denied": lambda v: v.session.denied,
    }

    def queryset(self) -> QuerySet[SessionVerdict]:
        return SessionVerdict.objects.filter(at__gte=acting.moment(OLDEST)).order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account", "session__principal")

    def attach(self, rows: Sequence[Any]) -> None:
        """known: what the inventory has of who acted, or None."""
        known = acting.known_principals((row.account_id, row.session.principal.unique_id) for row in rows)
        for row in rows:
            row.known = known.get((row.account_id, row.session.principal.unique_id))

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        chosen = asked.chosen["account"]
        accounts = Account.objects.filter(aws_id__in=chosen) if chosen else Account.objects.all()
        return {"watched": watched(accounts), "waiting": unjudged(accounts)}


def unjudged(accounts: QuerySet[Account]) -> int:
    """Sessions that were read after the last judgement. Only late ones are counted: older ones come in one go with them."""
    late = UsageSession.objects.filter(
        account__in=list(accounts.values_list("pk", flat=True)), day__gte=acting.since(LATE)
    )
    return late.filter(verdict=None).count()
