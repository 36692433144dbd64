"""Who can act, is it a person or a machine, and who is worst? The list of roles and users, riskiest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.safestring import SafeString

from collectors.models import Principal
from findings.analysis.activity.observed import Shown
from findings.analysis.kinds import Kind
from findings.models import PrincipalCount, PrincipalPosture
from findings.vocabulary import Severity
from iamdash.access.models import Role
from iamdash.pages import narrowed, show
from iamdash.pages.by_code import made_facet
from iamdash.pages.credentials import held_by, used
from iamdash.pages.facets import Accounts, Choices, Conditions, of_counts
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.gaps import DETAILS, of_list
from iamdash.pages.grouped import ou_facet
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.severities import OPEN_FIELDS, counted, counts
from iamdash.pages.tables import NUMBER, SELECT, ListTable, Ordered, picker

HERE = Q(gone_at=None)


def posture(principal: Principal) -> PrincipalPosture | None:
    """None: collected, but not judged yet."""
    return getattr(principal, "posture", None)


class PrincipalTable(ListTable):
    lead = "name"
    caption = "Roles and users"
    fixed = ("pick",)
    spare = ("arn", "created")
    tells = {
        "name": ("name", "path", "type", "boundary"),
        "arn": ("arn",),
        "created": ("created_at", "made"),
        "kind": ("kind", "confidence", "declared", "observed", "observed_since"),
        "findings": OPEN_FIELDS,
        "risk": ("risk",),
        "used": ("last_used_at", "credentials"),
    }

    pick = tables.Column(SELECT, empty_values=(), accessor="pk", attrs={"td": {"class": "tight"}})
    name = tables.Column("Principal")
    arn = tables.Column("ARN", attrs={"td": {"class": "arn"}})
    created = tables.Column("Created", accessor="created_at", attrs={"td": {"class": "tight"}})
    kind = tables.Column(empty_values=())
    findings = tables.Column("Open findings", empty_values=(), attrs={"td": {"class": "tight"}})
    risk = tables.Column("Risk", empty_values=(), attrs=NUMBER)
    used = tables.Column("Last used", empty_values=())
    account = tables.Column()

    def __init__(self, data: Ordered, *, asked: Asked, request: HttpRequest) -> None:
        super().__init__(data, asked=asked, request=request)
        if not request.user.may(Role.ANALYST):
            self.columns.hide("pick")

    def render_pick(self, record: Principal) -> SafeString:
        return picker(record.pk, record.name)

    def render_name(self, record: Principal) -> SafeString:
        url = show.address(self.request, "principal", record.account.aws_id, record.unique_id)
        gone = format_html(" · gone since {}", show.ago(record.gone_at)) if record.gone_at else ""
        return format_html(
            '<a class="lead" href="{}" hx-boost="false">{}</a><span class="under">{}{}{}{}</span>',
            url,
            show.name(record.name),
            record.type,
            f" in {show.hidden(record.path)}" if record.path != "/" else "",
            " · has a boundary" if record.boundary else "",
            gone,
        )

    def render_arn(self, value: str) -> SafeString:
        return show.name(value)

    def render_created(self, record: Principal) -> SafeString:
        return show.ago(record.created_at)

    def render_kind(self, record: Principal) -> SafeString:
        judged = posture(record)
        if judged is None:
            return show.unknown("not judged yet")
        return format_html(
            '{}<span class="under" title="{}">{} confidence{}</span>',
            Kind(judged.kind).label,
            "; ".join(show.hidden(r) for r in judged.reasons),
            judged.confidence,
            f"; seen: {Shown(judged.observed).label.lower()}" if judged.observed else "",
        )

    def render_findings(self, record: Principal) -> SafeString:
        judged = posture(record)
        if judged is None:
            return show.unknown("not judged yet")
        return counts(counted(judged), show.address(self.request, "findings", of=record.unique_id))

    def render_risk(self, record: Principal) -> str:
        judged = posture(record)
        return str(judged.risk) if judged else "?"

    def render_used(self, record: Principal) -> SafeString:
        return used(record, record.held)

    def render_account(self, record: Principal) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html(
            '<a href="{}" hx-boost="false">{}</a><span class="under mono">{}</span>',
            url,
            show.name(record.account.name),
            record.account.aws_id,
        )


def _open(worst: str, judged: str) -> dict[str, tuple[Q, str]]:
    return {
        "some": (Q(**{f"{worst}__gt": 0}), "Has open findings"),
        "none": (Q(**{worst: 0}), "Has none"),
        "unjudged": (Q(**{judged: None}), "Not judged yet"),
    }


def _bounded(has_one: Q) -> dict[str, tuple[Q, str]]:
    return {"yes": (has_one, "Has a permissions boundary"), "no": (~has_one, "Has none")}


FILTERS = Filters(
    sorts={
        "risk": Sort("Risk", ("risk",), descending=True),
        "name": Sort("Name", ("name",)),
        "account": Sort("Account", ("account__name",)),
    },
    tabs=(
        Tab("present", "Present", HERE, counted=Q(here=True)),
        Tab(
            "urgent",
            "Critical or high",
            HERE & Q(posture__worst__gte=Severity.HIGH),
            counted=Q(here=True, worst__gte=Severity.HIGH),
        ),
        Tab("gone", "Gone", Q(gone_at__isnull=False), counted=Q(here=False)),
    ),
    facets=(
        Choices(
            name="type",
            title="Type",
            column="type",
            values={t.value: (t.value, f"{t.label}s") for t in Principal.Type},
            inline=True,
        ),
        of_counts(
            Choices(
                name="kind", title="Kind", column="posture__kind", values={k.value: (k.value, k.label) for k in Kind}
            ),
            column="kind",
        ),
        of_counts(
            Choices(
                name="seen",
                title="Seen",
                column="posture__observed",
                values={s.value or "unread": (s.value, s.label) for s in Shown},
            ),
            column="observed",
        ),
        Accounts(),
        ou_facet(offered=False),
        of_counts(
            Conditions(
                name="findings", title="Open findings", single=True, conditions=_open("posture__worst", "posture")
            ),
            conditions=_open("worst", "worst"),
        ),
        of_counts(made_facet(), column="made"),
        of_counts(
            Conditions(name="boundary", title="Boundary", single=True, conditions=_bounded(~Q(boundary=""))),
            conditions=_bounded(Q(bounded=True)),
        ),
    ),
    search=("name", "arn"),
    searched="name or ARN",
)


class PrincipalList(ListPage):
    name = "principals"
    title = "Principals"
    folder = "principals"
    table = PrincipalTable
    filters = FILTERS
    counts = (PrincipalCount,)
    first_sort = "-risk"
    fields = {
        "account": lambda p: p.account.aws_id,
        "account_name": lambda p: p.account.name,
        "type": lambda p: p.type,
        "name": lambda p: p.name,
        "path": lambda p: p.path,
        "arn": lambda p: p.arn,
        "unique_id": lambda p: p.unique_id,
        "kind": lambda p: posture(p).kind if posture(p) else None,
        "confidence": lambda p: posture(p).confidence if posture(p) else None,
        "declared": lambda p: posture(p).declared if posture(p) else None,
        "observed": lambda p: posture(p).observed or None if posture(p) else None,
        "observed_since": lambda p: posture(p).observed_since if posture(p) else None,
        "made": lambda p: p.provenance.made if hasattr(p, "provenance") else None,
        "risk": lambda p: posture(p).risk if posture(p) else None,
        **{
            f"open_{s.slug}": (lambda p, slug=s.slug: getattr(posture(p), slug) if posture(p) else None)
            for s in reversed(Severity)
        },
        "created_at": lambda p: p.created_at,
        "last_used_at": lambda p: p.held.last_used_at if p.held else p.last_used_at,
        "credentials": lambda p: str(p.held) if p.held else None,
        "boundary": lambda p: p.boundary or None,
        "gone_at": lambda p: p.gone_at,
    }

    def queryset(self) -> QuerySet[Principal]:
        """risk 0: nothing open, or not judged yet."""
        return Principal.objects.order_by().annotate(risk=Coalesce("posture__risk", 0))

    def first(self) -> QuerySet[Principal]:
        """Whose risk is known and more than 0."""
        return Principal.objects.order_by().filter(posture__risk__gt=0).annotate(risk=F("posture__risk"))

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account", "posture", "provenance")

    def attach(self, rows: Sequence[Any]) -> None:
        """held: a user's credentials, None for a role. Why some of them are unknown is said once: `lacks`."""
        users = [row for row in rows if row.type == Principal.Type.USER]
        held = held_by(users) if users else {}
        self.lacks = sorted({why for one in held.values() for why in one.lacks})
        for row in rows:
            row.held = held.get(row.pk)

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        here = Principal.present.filter(account__in=narrowed.chosen(asked))
        n = here.exclude(posture=None).count() if not total else 0
        return {
            "gap": of_list(narrowed.chosen(asked), DETAILS),
            "lacks": self.lacks,
            "n_judged": n,
            "may_work": self.request.user.may(Role.ANALYST),
        }
