"""Who really acted? The sessions that CloudTrail told of, newest first, each with a verdict: a person or a program, and why.

The list is that of the last judgement (findings/engine/sessions.py), so people on machines' roles can be counted and paged
through like anything else; how many sessions were read since is said above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors.models import UsagePrincipal, UsageSession
from collectors.records import Actor, SignIn
from findings.analysis.activity.networks import address_of
from findings.models import SessionVerdict
from iamdash.pages import acting, acts, keyset, narrowed, show
from iamdash.pages.acting import OLDEST, SIGN_INS, WHO
from iamdash.pages.acts import OfActor, Period
from iamdash.pages.facets import Accounts, Choices
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.grouped import ou_facet
from iamdash.pages.lists import EVERY, ListPage
from iamdash.pages.paths import told_whole
from iamdash.pages.searching import Dated, dated, one_of, pattern, rows_by
from iamdash.pages.subjects import UNIQUE_ID
from iamdash.pages.tables import NUMBER, ListTable
from iamdash.pages.watched import watched

HUMAN_ON_MACHINE = Q(who=WHO.PERSON, machine=True)
DATA = (
    "mfa", "source_identity", "caller", "switched_from", "identity_provider", "federated_user", "networks", "agents",
    "regions", "invoked_by", "cut",
)  # fmt: skip
LATE = 2  # days
KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,28}")
FOUND = 10_000  # sessions that a search names one by one
_ALL_FROM = "select id from sessions_sought(%s, %s, %s, null)"


def meant(q: str) -> Q:
    """What a search for a text means. A whole address, key or unique id is looked up; any other text is part of what names a
    session. It is looked for once, and not for each count of the page."""
    if address := address_of(q):
        given = q, str(address), acting.since(OLDEST)
        found = rows_by("sessions_sought", *given, FOUND + 1)
        return dated(found) if len(found) <= FOUND else Q(session__in=RawSQL(_ALL_FROM, given))  # noqa: S611 - a constant
    if (sessions := looked_up(q)) is not None:
        return _few(sessions, Q(session__in=sessions.values("pk")))
    found = rows_by("session_words_sought", pattern(q.lower(), 0), acting.moment(OLDEST), FOUND + 1)
    return dated(found) if len(found) <= FOUND else Q(text__icontains=q)


def looked_up(q: str) -> QuerySet[UsageSession] | None:
    """Sessions by what is in an index; None: the text is no whole key or unique id."""
    if KEY.fullmatch(q):
        return UsageSession.objects.filter(key=q)
    actors = (
        list(UsagePrincipal.objects.filter(unique_id=q).values_list("pk", flat=True)) if UNIQUE_ID.fullmatch(q) else []
    )
    return UsageSession.objects.filter(principal__in=actors, day__gte=acting.since(OLDEST)) if actors else None


def _few(found: QuerySet[Any], otherwise: Q) -> Q:
    """Rows one by one, which the database finds by their keys; where there are too many, the other condition."""
    rows = list(found.order_by().values_list("pk", "day")[: FOUND + 1])
    return dated(rows) if len(rows) <= FOUND else otherwise


class SessionTable(ListTable):
    lead = "principal"
    caption = "Sessions"
    tells = {
        "principal": ("actor", "principal_arn", "session"),
        "when": ("first_at", "last_at"),
        "verdict": ("behind", "confidence", "reasons", "of_a_machine"),
        "origin": DATA,
        "caller": ("lineage", "sign_in", "key"),
        "calls": ("calls", "denied"),
    }

    principal = tables.Column("Who acted", empty_values=(), accessor="pk")
    when = tables.Column("Last call", accessor="at", attrs={"td": {"class": "tight"}})
    verdict = tables.Column("Person or program", accessor="who")
    origin = tables.Column("From where", accessor="pk")
    caller = tables.Column("Opened by", accessor="pk")
    calls = tables.Column("Calls", accessor="pk", attrs=NUMBER)
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
        return acting.verdict(record.who, record.confidence, record.told.reasons, machine=record.machine)

    def render_origin(self, record: SessionVerdict) -> SafeString:
        data = record.session.data
        cut = data.get("cut", [])
        return format_html(
            '{}<span class="under">{}{}</span>',
            acting.places(data.get("networks", []), cut, record.account_id),
            format_html("{}: ", SIGN_INS[SignIn(record.sign_in)]) if record.sign_in else "",
            acting.few(data.get("agents", []), more="agents" in cut),
        )

    def render_caller(self, record: SessionVerdict) -> SafeString:
        return format_html("{}{}", self.opened_by(record), acting.vouched(record.session, record.actor))

    def opened_by(self, record: SessionVerdict) -> SafeString:
        data = record.session.data
        if text := record.told.lineage or data.get("caller") or data.get("switched_from"):
            return show.name(text)
        if record.actor != Actor.ROLE:
            return format_html('<span class="muted">{}</span>', "itself")
        return show.unknown("no record of it was seen")

    def render_calls(self, record: SessionVerdict) -> SafeString:
        """With what its principal did on that day behind it."""
        session = record.session
        cell = acts.counted(session.n, session.denied)
        if not session.n or not session.principal.unique_id:
            return cell
        of = {"of": session.principal.unique_id, "day": session.day.isoformat()} | (
            {"key": session.key} if session.key else {}
        )
        url = show.address(self.request, "activity-days", **of)
        return format_html('<a href="{}" hx-boost="false">{}<span class="hidden">, which</span></a>', url, cell)

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
        ou_facet(offered=False),
        OfActor(column="session__principal"),
    ),
    search=meant,
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

    def likely(self, asked: Asked) -> Iterator[QuerySet[SessionVerdict]]:
        """Of what a search found, the newest."""
        found = asked.sought(self.queryset())
        if isinstance(found, Dated) and not asked.after and not asked.before:
            yield self.queryset().filter(found.late)

    def within(self, page: keyset.Page) -> Q:
        """A session's last call is of its day."""
        days = sorted(at.date() for at in page.by)
        if not days:
            return EVERY
        between = days[0], days[-1]
        return Q(day__range=between, session__day__range=between)

    def attach(self, rows: Sequence[Any]) -> None:
        """known: what the inventory has of who acted, or None. told: with whole paths, where they may be shown."""
        known = acting.known_principals((row.account_id, row.session.principal.unique_id) for row in rows)
        for row in rows:
            row.known = known.get((row.account_id, row.session.principal.unique_id))
        for row, told in zip(rows, told_whole(rows), strict=True):
            row.told = told

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {"watched": watched(narrowed.chosen(asked)), "waiting": unjudged(narrowed.accounts(asked))}


def unjudged(accounts: Sequence[int] | None) -> int:
    """Sessions that were read after the last judgement. Only late ones are counted: older ones come in one go with them.
    accounts: primary keys, None for all that the operator sees."""
    since = acting.since(LATE)
    judged = SessionVerdict.objects.filter(session=OuterRef("pk"), day__gte=since)
    late = UsageSession.objects.filter(~Exists(judged), day__gte=since)
    return (late if accounts is None else late.filter(one_of(accounts, "account"))).count()
