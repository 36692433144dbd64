"""Who changed who may do what, and what is recorded? The administrative calls of the last days, with who, from where and how."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from collectors.activity.agents import BROWSER, CLOUDFORMATION, CLOUDSHELL, CONSOLE, TERRAFORM
from collectors.models import Account, AdminEvent, Coverage, Policy, Principal, UsagePrincipal
from collectors.records import LOOKUP, Actor, State
from findings.analysis.activity.event_actions import service_of
from findings.models import SessionVerdict
from iamdash.pages import acting, acts, show
from iamdash.pages.acting import MARKS, OLDEST, WORDS
from iamdash.pages.acts import TIGHT, Linked, Period
from iamdash.pages.facets import Accounts, Choices, Conditions, Texts
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import ListTable

ROLE, USER, POLICY = "role", "user", "policy"
TOLD = 6  # details that a cell names; the export has all
ALREADY = frozenset({"role_name", "user_name", "group_name"})  # details that repeat the target
ON_BEHALF = ~Q(invoked_by="")
AS_CODE = reduce(or_, (Q(agent__startswith=tool) for tool in (TERRAFORM, "pulumi", CLOUDFORMATION))) | Q(
    invoked_by__startswith="cloudformation."
)
BY_HAND = Q(console=True) | Q(agent__in=(CONSOLE, BROWSER, CLOUDSHELL))
HOW = {
    "code": (AS_CODE, "Infrastructure as code"),
    "console": (BY_HAND & ~AS_CODE, "Console"),
    "service": (ON_BEHALF & ~BY_HAND & ~AS_CODE, "An AWS service"),
    "program": (~ON_BEHALF & ~BY_HAND & ~AS_CODE, "CLI, SDK or program"),
}
OUTCOMES = {
    "done": (Q(error=""), "Done"),
    "denied": (Q(denied=True), "Denied"),
    "failed": (~Q(error="") & Q(denied=False), "Failed"),
}
SEARCHED = ("principal_arn", "principal_id", "session_name", "key_id", "name", "target_name", "network", "agent")


@dataclass(frozen=True, kw_only=True)
class OfCaller(Linked):
    name: str = "of"
    title: str = "Principal"

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(principal_id__in=slugs)

    def label(self, slug: str) -> str:
        return acting.named(slug)


@dataclass(frozen=True, kw_only=True)
class About(Linked):
    """Changes of one thing. The slug: account id, type and name, with colons between; a policy by its ARN."""

    name: str = "on"
    title: str = "Changed"

    def where(self, slugs: Sequence[str]) -> Q:
        return reduce(or_, map(_about, slugs))

    def label(self, slug: str) -> str:
        _, kind, name = _parts(slug)
        return f"{kind.replace('_', ' ')} {name.rpartition('/')[2]}"


def _parts(slug: str) -> tuple[str, str, str]:
    aws_id, _, rest = slug.partition(":")
    kind, _, name = rest.partition(":")
    return aws_id, kind, name


def _about(slug: str) -> Q:
    """A policy is named by its ARN, when it is made by its name alone; and what is attached names it beside its target."""
    aws_id, kind, name = _parts(slug)
    account = Q(account__in=Account.objects.filter(aws_id=aws_id))
    if kind != POLICY:
        return account & Q(target_type=kind, target_name=name)
    return account & (
        Q(target_type=kind, target_name__in=(name, name.rpartition("/")[2])) | Q(details__policy_arn=name)
    )


def about(principal: Principal) -> str:
    return f"{principal.account.aws_id}:{principal.type}:{principal.name}"


def about_policy(policy: Policy) -> str:
    return f"{policy.account.aws_id}:{POLICY}:{policy.arn}"


class ChangeTable(ListTable):
    lead = "change"
    caption = "Changes to IAM"

    change = tables.Column("What", empty_values=(), accessor="pk")
    target = tables.Column("Of what", empty_values=(), accessor="pk")
    when = tables.Column("When", accessor="at", attrs=TIGHT)
    principal = tables.Column("Who", empty_values=(), accessor="pk")
    how = tables.Column("How and from where", accessor="pk")
    account = tables.Column()

    def render_change(self, record: AdminEvent) -> SafeString:
        said = [(what.replace("_", " "), show.name(text)) for what, text in told(record)]
        return format_html(
            '{}{}<span class="under">{}{}</span>',
            show.name(record.name),
            outcome(record),
            service_of(record.source) or show.name(record.source),
            format_html_join("", "; {} {}", said),
        )

    def render_target(self, record: Any) -> SafeString:
        if not record.target_name:
            return format_html('<span class="muted">{}</span>', "the event does not say")
        name = show.name(record.target_name)
        url = page_of(self.request, record)
        shown = format_html('<a href="{}" hx-boost="false">{}</a>', url, name) if url else name
        return format_html('{}<span class="under">{}</span>', shown, record.target_type.replace("_", " "))

    def render_when(self, record: AdminEvent) -> SafeString:
        return show.ago(record.at)

    def render_principal(self, record: Any) -> SafeString:
        actor = UsagePrincipal(actor=record.actor, unique_id=record.principal_id, arn=record.principal_arn)
        return format_html(
            '{}<span class="under">{}{}{}</span>{}',
            acting.linked(self.request, actor, record.known, record.account.aws_id),
            record.get_actor_display(),
            format_html(" · session {}", show.name(record.session_name)) if record.session_name else "",
            format_html(' · key <span class="mono">{}</span>', show.name(record.key_id)) if record.key_id else "",
            show.state(MARKS[record.who], WORDS[record.who]) if record.who is not None else "",
        )

    def render_how(self, record: AdminEvent) -> SafeString:
        return format_html(
            '{}<span class="under">{}{}</span>',
            how(record),
            acting.places([record.network] if record.network else [], (), record.account_id),
            format_html(": {}", show.name(record.agent)) if record.agent else "",
        )

    def render_account(self, record: AdminEvent) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))


def told(event: AdminEvent) -> list[tuple[str, str]]:
    """The details that say more than the target does."""
    said = {what: text for what, text in event.details.items() if what not in ALREADY and text != event.target_name}
    return list(said.items())[:TOLD]


def outcome(event: AdminEvent) -> SafeString:
    if event.denied:
        return format_html(' <span class="badge strong">{}</span>', "denied")
    return (
        format_html(' <span class="badge">{}</span>', f"failed: {show.hidden(event.error)}")
        if event.error
        else SafeString()
    )


def how(event: AdminEvent) -> str:
    """In the words of the facet, and by its conditions."""
    tools = (TERRAFORM, "pulumi", CLOUDFORMATION)
    if event.agent.startswith(tools) or event.invoked_by.startswith("cloudformation."):
        return HOW["code"][1]
    if event.console or event.agent in (CONSOLE, BROWSER, CLOUDSHELL):
        return HOW["console"][1]
    return HOW["service" if event.invoked_by else "program"][1]


def page_of(request: HttpRequest, row: Any) -> str:
    """ "" for a target without a page. row.target: what the inventory has of it, see attach."""
    if isinstance(row.target, Principal):
        return show.address(request, "principal", row.account.aws_id, row.target.unique_id)
    return show.address(request, "policy", row.account.aws_id, row.target.unique_id) if row.target else ""


class ChangeList(ListPage):
    name = "changes"
    title = "Changes to IAM"
    folder = "activity/changes"
    table = ChangeTable
    filters = Filters(
        sorts={"when": Sort("Newest", ("at",), descending=True)},
        tabs=(
            Tab("all", "All", Q()),
            Tab("console", "In the console", HOW["console"][0]),
            Tab("denied", "Denied", Q(denied=True)),
        ),
        facets=(
            Period(),
            Conditions(name="how", title="How", conditions=HOW),
            Choices(
                name="actor",
                title="Actor",
                column="actor",
                values={actor.value: (actor.value, actor.value.replace("_", " ").capitalize()) for actor in Actor},
            ),
            Texts(name="event", title="Event", column="name", pattern=re.compile(r"\w{1,256}")),
            Texts(
                name="target",
                title="Kind of thing",
                column="target_type",
                pattern=re.compile(r"[a-z_]{1,32}"),
                naming=lambda slug: slug.replace("_", " ").capitalize(),
            ),
            Conditions(name="outcome", title="Outcome", conditions=OUTCOMES),
            Accounts(),
            OfCaller(),
            About(),
        ),
        search=SEARCHED,
        searched="principal, event, target, key or address",
    )
    fields = {
        "at": lambda v: v.at,
        "account": lambda v: v.account.aws_id,
        "account_name": lambda v: v.account.name,
        "event_source": lambda v: v.source,
        "event_name": lambda v: v.name,
        "target_type": lambda v: v.target_type or None,
        "target_name": lambda v: v.target_name or None,
        "details": lambda v: v.details,
        "outcome": lambda v: "denied" if v.denied else "failed" if v.error else "done",
        "error": lambda v: v.error or None,
        "actor": lambda v: v.actor,
        "principal_id": lambda v: v.principal_id or None,
        "principal_arn": lambda v: v.principal_arn or None,
        "session": lambda v: v.session_name or None,
        "key": lambda v: v.key_id or None,
        "behind": lambda v: None if v.who is None else WORDS[v.who],
        "how": how,
        "network": lambda v: v.network or None,
        "agent": lambda v: v.agent or None,
        "mfa": lambda v: v.mfa,
        "invoked_by": lambda v: v.invoked_by or None,
        "region": lambda v: v.region or None,
        "event_id": lambda v: v.event_id,
    }

    def queryset(self) -> QuerySet[AdminEvent]:
        return AdminEvent.objects.filter(at__gte=acting.moment(OLDEST)).order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def attach(self, rows: Sequence[Any]) -> None:
        """known: what the inventory has of who called; target: of what was changed; who: the verdict on the session."""
        known = acting.known_principals((row.account_id, row.principal_id) for row in rows)
        found = targets(rows)
        judged = verdicts(rows)
        for row in rows:
            row.known = known.get((row.account_id, row.principal_id))
            row.target = found.get((row.account_id, row.target_type, row.target_name))
            row.who = judged.get(_session(row))

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {**acts.watching(asked), "looked_up": looked_up(acts.chosen_accounts(asked.chosen["account"]))}


def looked_up(accounts: QuerySet[Account]) -> int:
    """Accounts without a trail that is read, whose changes to IAM and to trails are looked up by name all the same."""
    told = Coverage.objects.filter(api=LOOKUP, state=State.COMPLETE.value).values("account")
    return accounts.filter(trailwatch__since=None, pk__in=told).count()


def targets(rows: Iterable[AdminEvent]) -> dict[tuple[int, str, str], Principal | Policy]:
    """By account, type and name as events give them. Two queries; what is there now comes before what is gone."""
    wanted = [(row.account_id, row.target_type, row.target_name) for row in rows]
    within = Q(account__in={account for account, _, _ in wanted})
    names = {name for _, kind, name in wanted if kind in (ROLE, USER)}
    found: dict[tuple[int, str, str], Principal | Policy] = {}
    for principal in Principal.objects.filter(within, name__in=names).order_by("-gone_at"):
        found[principal.account_id, principal.type, principal.name] = principal
    arns = {name for _, kind, name in wanted if kind == POLICY}
    for policy in Policy.objects.filter(within, Q(arn__in=arns) | Q(name__in=arns)).order_by("-gone_at"):
        found[policy.account_id, POLICY, policy.arn] = found[policy.account_id, POLICY, policy.name] = policy
    return found


def verdicts(rows: Iterable[AdminEvent]) -> dict[tuple[Any, ...], SessionVerdict.Who]:
    """Who was behind the sessions of that day, as far as they were judged."""
    wanted = {_session(row) for row in rows}
    found = SessionVerdict.objects.filter(
        account__in={one[0] for one in wanted},
        session__principal__unique_id__in={one[1] for one in wanted},
        session__day__in={one[4] for one in wanted},
        session__name__in={one[2] for one in wanted},
    )
    columns = ("account", "session__principal__unique_id", "session__name", "session__key", "session__day")
    return {tuple(key): SessionVerdict.Who(who) for *key, who in found.values_list(*columns, "who")}


def _session(row: AdminEvent) -> tuple[Any, ...]:
    return row.account_id, row.principal_id, row.session_name, row.key_id, row.at.date()
