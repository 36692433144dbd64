"""Which resources calls named: a row a principal, event and resource. A bucket is one of them: who read and wrote it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import django_tables2 as tables
from django.conf import settings
from django.db.models import F, Func, Max, Min, Q, QuerySet, TextField
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors.models import AdminEvent, UsageEvent, UsageLast, UsageResource, UsageSession
from findings.analysis.activity.event_actions import actions_of
from findings.analysis.activity.event_names import EVENTS
from findings.policy.catalogue import Level, catalogue
from iamdash.pages import acting, acts, narrowed, show
from iamdash.pages.acting import OLDEST
from iamdash.pages.acts import (
    COUNTS,
    FIELDS,
    TIGHT,
    Acts,
    ActsTable,
    Linked,
)
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.searching import one_of
from iamdash.pages.tables import NUMBER

S3 = "s3.amazonaws.com"
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
BUCKET_ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):s3:::([^/]+)(?:/.*)?")
NAME = re.compile(r"[A-Za-z0-9._-]{3,255}")  # of buckets, old ones too, and of trails: safe in a shell's line
OF_OBJECTS = re.compile(r"(?!List(?:Object|Multipart)|.*Bucket).*(?:Object|Part|MultipartUpload)")
MENTIONED = 3  # trails
PARTS = 2_000  # of a bucket that are looked for one by one


def names(*levels: Level) -> tuple[str, ...]:
    """Names of S3's events whose actions have one of the levels."""
    known = catalogue()
    own = (action.partition(":")[2] for action in known.members(known.services["s3"]))
    found = {name: actions_of(S3, name) or () for name in (*own, *EVENTS["s3"])}
    return tuple(sorted(name for name, some in found.items() if any(known.level_of(one) in levels for one in some)))


def of_objects(events: Iterable[str]) -> tuple[str, ...]:
    """Those that a trail records only where it selects data events."""
    return tuple(name for name in events if OF_OBJECTS.match(name))


READ = names(Level.LIST, Level.READ)
WRITTEN = of_objects(names(Level.WRITE))
SETTINGS = tuple(set(names(Level.WRITE, Level.TAGGING, Level.PERMISSIONS)) - set(WRITTEN))


@dataclass(frozen=True, kw_only=True)
class OfResource(Linked):
    name: str = "on"
    title: str = "Resource"

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(resource__in=slugs)


@dataclass(frozen=True, kw_only=True)
class OfBucket(Linked):
    """A bucket with all that is in it, whatever account it is in. The names are asked for once: where an operator sees some
    accounts only, no index finds them by how they begin (row-level security comes first), but by what they are."""

    name: str = "bucket"
    title: str = "Bucket"
    single: bool = True

    def accepts(self, slug: str) -> bool:
        return bool(NAME.fullmatch(slug))

    def where(self, slugs: Sequence[str]) -> Q:
        arns = [f"arn:{partition}:s3:::{slugs[-1]}" for partition in PARTITIONS]
        within = Q(resource__in=arns)
        for arn in arns:
            within |= Q(resource__startswith=f"{arn}/")
        names = (
            UsageResource.objects.filter(within).order_by().values_list("resource", flat=True).distinct()[: PARTS + 1]
        )
        found = list(names)
        return within if len(found) > PARTS else Q(resource__in=found)


def searched(q: str) -> Q:
    return Q(resource__icontains=q) | acts.meant(q)


class ResourceTable(ActsTable):
    caption = "Resources that calls named"
    tells = {
        "resource": ("resource",),
        "principal": acts.WHO_FIELDS,
        "event": acts.EVENT_FIELDS,
        "when": ("first_at", "last_at"),
        "n": ("calls", "denied"),
    }
    lead = "resource"

    resource = tables.Column("Resource", empty_values=(), accessor="pk")
    principal = tables.Column("Who", empty_values=(), accessor="pk")
    event = tables.Column("Did what", empty_values=(), accessor="pk")
    when = tables.Column("Last call", accessor="last_at", attrs=TIGHT)
    n = tables.Column("Calls", attrs=NUMBER)
    account = tables.Column()

    def render_resource(self, record: Any) -> SafeString:
        found = BUCKET_ARN.fullmatch(record.resource)
        said = format_html('<span class="mono wrap">{}</span>', show.name(record.resource))
        if not found or not NAME.fullmatch(found[2]):
            return said
        url = show.address(self.request, "activity-buckets", bucket=found[2])
        return format_html('<a class="lead" href="{}" hx-boost="false">{}</a>', url, said)

    def render_when(self, record: Any) -> SafeString:
        return format_html(
            '{}<span class="under">since {}</span>', show.ago(record.last_at), f"{record.first_at:%Y-%m-%d}"
        )


FACETS = (*acts.LAST, OfResource())
SORTS = {
    "when": Sort("Newest", ("last_at",), descending=True),
    "n": Sort("Most calls", ("n",), descending=True),
}
UNIQUE = ("principal_id", "event_id", "resource")


class ResourceList(Acts):
    name = "uses"
    title = "Resources"
    folder = "activity/resources"
    table = ResourceTable
    filters = Filters(
        sorts=SORTS, facets=FACETS, search=searched, searched="resource, principal or event", unique=UNIQUE
    )
    fields = {
        "resource": lambda v: v.resource,
        **FIELDS,
        **COUNTS,
        "first_at": lambda v: v.first_at,
        "last_at": lambda v: v.last_at,
    }

    def queryset(self) -> QuerySet[UsageResource]:
        return UsageResource.objects.order_by()


class BucketTable(ResourceTable):
    caption = "Who read and wrote buckets"
    origin = tables.Column("Acts from", empty_values=(), accessor="pk")

    class Meta(ResourceTable.Meta):
        sequence = ("resource", "principal", "event", "when", "n", "origin", "account")

    def render_origin(self, record: Any) -> SafeString:
        if not record.origins:
            return format_html('<span class="muted">{}</span>', "no session was seen")
        return acting.places(record.origins, (), record.account_id)


@dataclass(frozen=True)
class Bucket:
    """objects_since: when a read or write of an object was first seen; None: none was, so that nothing is known of them.
    trails: whose names administrative calls told; delivers: the bucket that trails are read from, "" for none. cut: principals
    that named more buckets and keys than are kept."""

    name: str
    objects_since: datetime | None
    trails: tuple[str, ...]
    delivers: str
    cut: int

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.name}"

    @property
    def objects(self) -> str:
        return f"{self.arn}/*"

    @property
    def commands(self) -> str:
        trail = self.trails[0] if len(self.trails) == 1 else "TRAIL"
        finds = (
            f"--query \"trailList[?S3BucketName=='{self.delivers}'].TrailARN\""
            if self.delivers
            else '--query "trailList[].TrailARN"'
        )
        return "\n".join(
            (
                f"aws cloudtrail describe-trails {finds}",
                "# what it selects now: put-event-selectors replaces all of it, so keep these beside the new one",
                f"aws cloudtrail get-event-selectors --trail-name {trail}",
                f"aws cloudtrail put-event-selectors --trail-name {trail} --advanced-event-selectors '{self.selectors}'",
            )
        )

    @property
    def selectors(self) -> str:
        """Management events, as a trail without selectors has them, and the bucket's objects."""
        management = {"Name": "management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
        fields = {"eventCategory": "Data", "resources.type": "AWS::S3::Object"}
        select = [{"Field": field, "Equals": [value]} for field, value in fields.items()]
        select.append({"Field": "resources.ARN", "StartsWith": [f"{self.arn}/"]})  # type: ignore[dict-item]
        return json.dumps([management, {"Name": "objects", "FieldSelectors": select}])


class BucketList(ResourceList):
    """Calls that named buckets; with a bucket chosen it is the page of that bucket."""

    title = "Buckets"
    folder = "activity/buckets"
    table = BucketTable
    filters = Filters(
        sorts=SORTS,
        tabs=(
            Tab("all", "All", Q()),
            Tab("read", "Read", Q(event__name__in=READ)),
            Tab("written", "Written", Q(event__name__in=WRITTEN)),
            Tab("settings", "Settings", Q(event__name__in=SETTINGS)),
        ),
        facets=(*FACETS, OfBucket()),
        search=searched,
        searched="bucket, principal or event",
        unique=UNIQUE,
    )

    def queryset(self) -> QuerySet[UsageResource]:
        either = Q()
        for partition in PARTITIONS:
            either |= Q(resource__startswith=f"arn:{partition}:s3:::")
        return super().queryset().filter(either)

    def attach(self, rows: Sequence[Any]) -> None:
        """origins: addresses that the principal acted from in the last days, the latest first."""
        super().attach(rows)
        found: defaultdict[int, list[tuple[date, str]]] = defaultdict(list)
        for principal, address, day in addresses({row.principal_id for row in rows}):
            found[principal].append((day, address))
        for row in rows:
            row.origins = [address for _, address in sorted(found[row.principal_id], reverse=True)]

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        """bucket: the one that was chosen, whatever else narrows the list; None: none was."""
        found = None
        if chosen := asked.chosen["bucket"]:
            accounts = narrowed.chosen(asked)
            found = bucket(
                chosen[-1], UsageResource.objects.filter(asked.condition("bucket"), account__in=accounts), accounts
            )
        return {**acts.watching(asked), "bucket": found}


def addresses(principals: set[int]) -> QuerySet[Any]:
    """(principal, address, last day) of the last days' sessions."""
    these = one_of([*principals], "principal")
    sessions = UsageSession.objects.filter(these, day__gte=acting.since(OLDEST)).order_by()
    each = Func(F("data__networks"), function="jsonb_array_elements_text", output_field=TextField())
    return sessions.annotate(address=each).values_list("principal", "address").annotate(last=Max("day"))


def bucket(name: str, within: QuerySet[UsageResource], accounts: QuerySet[Any]) -> Bucket:
    """within: calls that named it. Three queries."""
    objects = within.filter(event__source=S3, event__name__in=of_objects((*READ, *WRITTEN))).aggregate(
        first=Min("first_at")
    )
    events = UsageEvent.objects.filter(source=S3)
    cut = UsageLast.objects.filter(account__in=accounts, resources_cut=True, event__in=events)
    trails = AdminEvent.objects.filter(account__in=accounts, target_type="trail").exclude(target_name="")
    told = trails.order_by("target_name").values_list("target_name", flat=True).distinct()[: MENTIONED + 1]
    return Bucket(
        name=name,
        objects_since=objects["first"],
        trails=tuple(filter(NAME.fullmatch, told)),
        delivers=settings.TRAIL_BUCKET,
        cut=cut.values("principal").distinct().count(),
    )
