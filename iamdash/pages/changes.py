"""What changed, by whom, when, from where and how: identities, policies, keys, guardrails, and what is recorded.

One row a change: what one caller did in a few minutes, or what collections and Config saw without one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import parse_qsl

import django_tables2 as tables
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors.models import AccessKey, Account, Coverage, Policy, Principal
from collectors.records import LOOKUP, Actor, State
from findings.analysis.timeline.model import What, Witness
from findings.models import Change, ChangedEntity
from findings.models.timeline import How
from iamdash.pages import acting, acts, narrowed, show, timeline
from iamdash.pages.acting import OLDEST, WORDS
from iamdash.pages.acts import Linked, Period
from iamdash.pages.facets import Accounts, Bound, Choices, Conditions, Counts, OfColumn, Option, Texts
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.grouped import ou_facet
from iamdash.pages.lists import ListPage
from iamdash.pages.searching import NAMED, contains, found_by, named, pattern
from iamdash.pages.tables import ListTable, Ordered

SEARCHED = ("principal_arn", "session_name", "network", "agent", "key_id", "principal_id")
KINDS = (
    "role", "user", "group", "policy", "key", "root", "account", "permission_set", "account_assignment", "organization_policy",
    "organizational_unit", "organization_account", "delegate", "trail", "recorder", "config_rule", "alarm", "analyzer", "bucket",
)  # fmt: skip
SEEN_BY = {
    Witness.TRAIL: "CloudTrail",
    Witness.CONFIG: "AWS Config",
    Witness.COLLECTION: "Our collections",
    Witness.DATED: "AWS's own date",
}


@dataclass(frozen=True, kw_only=True)
class OfCaller(Linked):
    name: str = "of"
    title: str = "Who"

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(principal_id__in=slugs)

    def label(self, slug: str) -> str:
        return acting.named(slug)


@dataclass(frozen=True, kw_only=True)
class About(Linked):
    """Changes of one thing. The slug: account id, type and unique id, or name, with colons between."""

    name: str = "on"
    title: str = "Changed"

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(pk__in=ChangedEntity.objects.filter(reduce(or_, map(_about, slugs))).values("change"))

    def label(self, slug: str) -> str:
        _, kind, name = _parts(slug)
        known = ChangedEntity.objects.filter(_about(slug)).values_list("name", flat=True).first()
        return f"{kind.replace('_', ' ')} {known or name}"


def _parts(slug: str) -> tuple[str, str, str]:
    aws_id, _, rest = slug.partition(":")
    kind, _, name = rest.partition(":")
    return aws_id, kind, name


def _about(slug: str) -> Q:
    aws_id, kind, name = _parts(slug)
    if not name:
        return Q(pk__in=[])
    one = Q(unique_id=name) | Q(name=name, kind=kind)
    return Q(account__in=Account.objects.filter(aws_id=aws_id).values("pk")) & one


def about(entity: Principal | Policy | AccessKey, kind: str) -> str:
    return f"{entity.account.aws_id}:{kind}:{entity.unique_id}"


@dataclass(frozen=True, kw_only=True)
class Several(OfColumn):
    """A column of several values each; a row counts for every one that it has. values: slug -> label."""

    values: dict[str, str]

    def accepts(self, slug: str) -> bool:
        return slug in self.values

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(**{f"{self.column}__overlap": list(slugs)})

    def of(self, found: Sequence[Counts]) -> list[Option]:
        """Rows were counted by all that they have together, of which there are few kinds."""
        each: Counter[str] = Counter()
        for several, n in found[0].items():
            each.update(dict.fromkeys(several, n))
        return [Option(slug, label, each[slug]) for slug, label in self.values.items()]

    def label(self, slug: str) -> str:
        return self.values[slug]


@dataclass(frozen=True, kw_only=True)
class OfCall(Linked):
    """By the name of a call that it is made of."""

    name: str = "event"
    title: str = "Call"

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(events__overlap=list(slugs))


class ChangeTable(ListTable):
    lead = "change"
    caption = "Changes"
    tells = {
        "change": ("what", "changed", "entities", "outcome"),
        "when": ("at", "since", "exact"),
        "principal": ("actor", "principal_arn", "session", "key", "behind", "nobody_named"),
        "how": ("how", "seen_by", "network", "agent", "invoked_by", "calls"),
        "findings": ("opened", "resolved", "findings"),
    }

    change = tables.Column("What", empty_values=(), accessor="pk", attrs={"td": {"class": "changed"}})
    when = tables.Column("When", accessor="at", attrs={"td": {"class": "moment"}})
    principal = tables.Column("Who", empty_values=(), accessor="pk")
    how = tables.Column("How and from where", empty_values=(), accessor="pk")
    findings = tables.Column("Findings after it", empty_values=(), accessor="pk", attrs={"td": {"class": "after"}})
    account = tables.Column(attrs={"td": {"class": "moment"}})

    def __init__(self, data: Ordered, *, asked: Asked, request: HttpRequest) -> None:
        told = timeline.folded(row.entry for row in data.data)
        super().__init__(Ordered([entry.change for entry in told]), asked=asked, request=request)

    def render_change(self, record: Any) -> SafeString:
        url = show.address(self.request, "activity-change", record.pk)
        said = self._drawn("timeline/parts.html", record)
        if record.entry.alike:
            return format_html("{}{}", said, self._drawn("timeline/alike.html", record))
        more = f"{record.n_calls:,} call{'s' * (record.n_calls != 1)}, " if record.n_calls > 1 else ""
        return format_html('{}<a class="more" href="{}" hx-boost="false">{}before and after</a>', said, url, more)

    def render_when(self, record: Any) -> SafeString:
        return timeline.when(record)

    def render_principal(self, record: Any) -> SafeString:
        return timeline.who(self.request, record.entry, record.account.aws_id)

    def render_how(self, record: Any) -> SafeString:
        outcome = "" if record.outcome == "done" else record.get_outcome_display().lower()
        badge = format_html(' <span class="badge strong">{}</span>', outcome) if outcome else ""
        return format_html("{}{}", timeline.where(record), badge)

    def render_findings(self, record: Any) -> SafeString:
        return self._drawn("timeline/findings.html", record)

    def _drawn(self, template: str, record: Any) -> SafeString:
        """The request is for addresses: what the frame of a page asks for is not asked again for each row."""
        return SafeString(render_to_string(template, {"entry": record.entry, "request": self.request}))

    def render_account(self, record: Any) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))


def _labelled(choices: Any) -> dict[str, tuple[Any, str]]:
    return {value: (value, label) for value, label in choices}


class ChangeList(ListPage):
    name = "changes"
    title = "Changes"
    folder = "activity/changes"
    most = 20_000  # counted by three times as many columns as others are
    table = ChangeTable
    filters = Filters(
        sorts={"when": Sort("Newest", ("at",), descending=True)},
        tabs=(
            Tab("all", "All", ~Q(how=How.TIME)),
            Tab("hand", "By hand", Q(how__in=(How.CONSOLE, How.HAND))),
            Tab("untold", "By nobody known", Q(how=How.UNTOLD)),
            Tab("denied", "Denied", Q(outcome="denied")),
            Tab("findings", "Findings alone", Q(how=How.TIME)),
        ),
        facets=(
            Period(),
            Bound(name="from", title="From", column="at", begins=True),
            Bound(name="until", title="Until", column="at", begins=False),
            Choices(name="how", title="How", column="how", values=_labelled(How.choices)),
            Several(name="what", title="What", column="what", values={w.value: w.value.capitalize() for w in What}),
            Several(
                name="target",
                title="Kind of thing",
                column="kinds",
                values={kind: kind.replace("_", " ").capitalize() for kind in KINDS},
            ),
            Choices(
                name="actor",
                title="Actor",
                column="actor",
                values={actor.value: (actor.value, actor.value.replace("_", " ").capitalize()) for actor in Actor},
            ),
            Texts(name="agent", title="With", column="agent", pattern=re.compile(r"[^\0]{1,128}")),
            Choices(name="outcome", title="Outcome", column="outcome", values=_labelled(Change.Outcome.choices)),
            Conditions(
                name="findings",
                title="Findings",
                conditions={
                    "opened": (Q(opened__gt=0), "Opened after it"),
                    "resolved": (Q(resolved__gt=0), "Resolved after it"),
                },
            ),
            Several(
                name="seen", title="Seen by", column="witnesses", values={w.value: text for w, text in SEEN_BY.items()}
            ),
            Accounts(),
            ou_facet(offered=False),
            OfCaller(),
            About(),
            OfCall(),
        ),
        search=lambda q: _meant(q),
        searched="who, what, key, call or address",
    )
    fields = {
        "at": lambda v: v.at,
        "since": lambda v: v.since,
        "exact": lambda v: v.exact,
        "account": lambda v: v.account.aws_id,
        "account_name": lambda v: v.account.name,
        "what": lambda v: v.what,
        "changed": lambda v: [_said(part.row) for part in v.entry.parts],
        "entities": lambda v: v.n_entities,
        "seen_by": lambda v: v.witnesses,
        "outcome": lambda v: v.outcome,
        "how": lambda v: v.get_how_display(),
        "actor": lambda v: v.actor or None,
        "principal_id": lambda v: v.principal_id or None,
        "principal_arn": lambda v: v.principal_arn or None,
        "session": lambda v: v.session_name or None,
        "key": lambda v: v.key_id or None,
        "behind": lambda v: None if v.entry.who is None else WORDS[v.entry.who],
        "nobody_named": lambda v: v.untold or None,
        "network": lambda v: v.network or None,
        "agent": lambda v: v.agent or None,
        "invoked_by": lambda v: v.invoked_by or None,
        "calls": lambda v: [f"{one.at.isoformat()} {one.name} {one.event_id}" for one in v.entry.calls],
        "opened": lambda v: v.opened,
        "resolved": lambda v: v.resolved,
        "findings": lambda v: [f"{words}: {event.finding.title}" for event, words in v.entry.findings],
    }

    def queryset(self) -> QuerySet[Change]:
        return Change.objects.filter(at__gte=acting.moment(OLDEST)).order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def attach(self, rows: Sequence[Any]) -> None:
        for entry in timeline.entries(self.request, rows):
            entry.change.entry = entry  # type: ignore[attr-defined]

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        bounds = {name: next(iter(asked.chosen[name]), "") for name in ("from", "until")}
        return {
            **acts.watching(asked),
            "looked_up": looked_up(narrowed.chosen(asked)),
            "first": bounds["from"],
            "last": bounds["until"],
            "kept": parse_qsl(asked.url(**dict.fromkeys(bounds, ())).removeprefix("?")),
        }


def _said(row: ChangedEntity) -> dict[str, Any]:
    return {"type": row.kind, "id": row.unique_id, "name": row.name, **row.told}


def _meant(q: str) -> Q:
    """Part of a name, an address, or an id of a caller or its key, or the whole name of a call. Of less than an index knows: what
    names of things begin with."""
    keys = found_by("changes_sought", pattern(q), q, acting.moment(OLDEST), NAMED + 1)
    called = ChangedEntity.objects.filter(change=OuterRef("pk"), name__icontains=q)
    return named(keys, contains(q, SEARCHED) | Q(events__contains=[q]) | Exists(called))


def looked_up(accounts: QuerySet[Account]) -> int:
    """Accounts without a trail that is read, whose changes to IAM and to trails are looked up by name all the same."""
    told = Coverage.objects.filter(api=LOOKUP, state=State.COMPLETE.value).values("account")
    return accounts.filter(trailwatch__since=None, pk__in=told).count()
