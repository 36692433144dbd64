"""Channels, alert rules and digests in a settings file. Where a channel leads is a secret, but for e-mail addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models.functions import Now
from django.utils import timezone

from findings.config.document import nearest
from findings.config.keys import SEVERITIES, SEVERITY, Key, exact, one_of, several, text, whole
from findings.config.section import Row, Section, Values, Wanted
from findings.models.decided import STANDS
from findings.rules.registry import catalogue
from findings.vocabulary import Practice, Severity
from iamdash.notify import sending
from iamdash.notify.models import AlertRule, Channel, ChannelTarget, Digest
from iamdash.notify.vocabulary import Kind
from iamdash.sealed import SealError

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_ADDRESSES = 20
LEADS_NOWHERE = "it was made by a settings file: say on its page where it leads, then resume it"
STANDING = {"ended_at": None, "channel__ended_at": None}


def address(raw: Any) -> str:
    try:
        validate_email(raw)
    except ValidationError:
        raise ValueError(f"{str(raw)[:60]!r} is no e-mail address") from None
    return str(raw)


class Channels(Section):
    """One that the file adds is quiet until somebody says on its page where it leads; one that stands keeps that."""

    name, order, identity = "channels", 6, ("name",)
    about = (
        "Where messages go. The URL and secrets of a channel are never written; one that is added is quiet until somebody gives "
        "its URL on its page, and one that stands keeps its own."
    )

    @property
    def keys(self) -> tuple[Key, ...]:
        kinds = Channel.Kind.values
        return (
            Key("name", text(80, empty=False), "what it is called", required=True),
            Key("kind", one_of(kinds, "kind"), ", ".join(f"`{one}`" for one in kinds), required=True),
            Key("to", several(address, MOST_ADDRESSES), "addresses, of an e-mail channel", []),
        )

    def faults(self, values: Values) -> Iterator[str]:
        if (values["kind"] == Channel.Kind.EMAIL) is not bool(values["to"]):
            yield f"{values['name']}: `to` goes with e-mail, and with nothing else"

    def standing(self) -> Iterable[Row]:
        for one in Channel.objects.filter(STANDS):
            yield Row({"name": one.name, "kind": one.kind, "to": self._to(one)}, one)

    def _to(self, one: Channel) -> list[str]:
        if one.kind != Channel.Kind.EMAIL:
            return []
        try:
            return sorted(set(sending.target_of(one)["to"]))
        except SealError as error:
            self.notes.append(f"channels: {one.name}: {error}")
            return []

    def put(self, wanted: Wanted, before: Row | None, by: str) -> None:
        values = wanted.values
        if before and before.it.kind != values["kind"]:
            raise ValueError(f"it is of the kind {before.it.kind} here; end it on its page first")
        channel = before.it if before else self._made(values, by)
        if values["kind"] == Channel.Kind.EMAIL:
            sealed = sending.sealed(channel, {"to": values["to"]})
            ChannelTarget.objects.create(channel=channel, shown=", ".join(values["to"])[:500], sealed=sealed, set_by=by)

    def _made(self, values: Values, by: str) -> Channel:
        quiet = {"paused_at": timezone.now(), "paused_by": by, "paused_why": LEADS_NOWHERE}
        leads = values["kind"] == Channel.Kind.EMAIL
        if not leads:
            self.notes.append(f"channels: {values['name']} is quiet until its page says where it leads.")
        return Channel.objects.create(name=values["name"], kind=values["kind"], set_by=by, **({} if leads else quiet))

    def end(self, row: Row, by: str) -> None:
        Channel.objects.filter(STANDS, pk=row.it.pk).update(ended_at=Now(), ended_by=by)


class ToChannel(Section):
    """What names a channel by its name."""

    def channel(self, raw: Any) -> str:
        return exact(80)(raw)

    def channel_of(self, values: Values) -> Channel:
        found = Channel.objects.filter(STANDS)
        if (one := found.filter(name=values["channel"]).first()) is None:
            names = sorted(found.values_list("name", flat=True))
            raise ValueError(nearest(values["channel"], names, "channel") if names else "no channel stands yet")
        return one


class Alerts(ToChannel):
    name, order, identity = "alerts", 7, ("name", "for")
    about = "Which findings' events a channel is told. All that is said must hold."

    @property
    def keys(self) -> tuple[Key, ...]:
        kinds = [kind.value for kind in Kind]
        return (
            Key("name", text(80, empty=False), "stands in the message", required=True),
            Key("channel", self.channel, "its name", required=True),
            self.places.key(),
            Key("kinds", several(one_of(kinds, "kind")), ", ".join(f"`{one}`" for one in kinds), required=True),
            Key("severity", SEVERITY, "the least", required=True),
            Key("about", several(about), "practices (`KY`) or rules (`MO111`); left out: all", []),
            Key("owner", text(150), "only findings of this owner", ""),
        )

    def faults(self, values: Values) -> Iterator[str]:
        if not values["kinds"]:
            yield f"{values['name']} tells of nothing: name one kind at least"

    def identified(self, values: Values) -> tuple[Any, ...]:
        """The name is one of its account's, or of all that are for several."""
        whom = values["for"]
        return values["name"], whom if whom.startswith("account:") else ""

    def standing(self) -> Iterable[Row]:
        for one in AlertRule.objects.filter(**STANDING).select_related("channel"):
            if (said := self.places.said(one)) is not None:
                yield Row(
                    {
                        "name": one.name,
                        "channel": one.channel.name,
                        "for": said,
                        "kinds": sorted(set(one.kinds)),
                        "severity": Severity(one.severity).slug,
                        "about": sorted(set(one.about)),
                        "owner": one.owner,
                    },
                    one,
                )

    def put(self, wanted: Wanted, before: Row | None, by: str) -> None:
        values, channel = wanted.values, self.channel_of(wanted.values)
        if before:
            self.end(before, by)
        AlertRule.objects.create(
            channel=channel, name=values["name"], kinds=values["kinds"], about=values["about"], owner=values["owner"],
            severity=SEVERITIES[values["severity"]], set_by=by, **self.places.scoped(values["for"]),
        )  # fmt: skip

    def end(self, row: Row, by: str) -> None:
        AlertRule.objects.filter(STANDS, pk=row.it.pk).update(ended_at=Now(), ended_by=by)


class Digests(ToChannel):
    name, order, identity, several = "digests", 8, ("channel", "for"), True
    about = "What a channel gets once a week."

    @property
    def keys(self) -> tuple[Key, ...]:
        zones = available_timezones() | {"UTC"}
        return (
            Key("channel", self.channel, "its name", required=True),
            self.places.key(),
            Key("day", one_of(WEEK, "day"), "`monday` to `sunday`", required=True),
            Key("hour", whole(0, 23), "of the time zone", required=True),
            Key("zone", one_of(zones, "time zone"), "such as `Europe/Berlin`", "UTC"),
        )

    def standing(self) -> Iterable[Row]:
        for one in Digest.objects.filter(**STANDING).select_related("channel").order_by("pk"):
            if (said := self.places.said(one)) is not None:
                day = WEEK[one.weekday]
                values = {"channel": one.channel.name, "for": said, "day": day, "hour": one.hour, "zone": one.zone}
                yield Row(values, one)

    def put(self, wanted: Wanted, before: Row | None, by: str) -> None:
        values, channel = wanted.values, self.channel_of(wanted.values)
        if before:
            self.end(before, by)
        Digest.objects.create(
            channel=channel, weekday=WEEK.index(values["day"]), hour=values["hour"], zone=values["zone"], set_by=by,
            **self.places.scoped(values["for"]),
        )  # fmt: skip

    def end(self, row: Row, by: str) -> None:
        Digest.objects.filter(STANDS, pk=row.it.pk).update(ended_at=Now(), ended_by=by)


def about(raw: Any) -> str:
    known = [*catalogue(), *(practice.prefix for practice in Practice)]
    if raw not in known:
        raise ValueError(f"cannot say this: {nearest(str(raw), known, 'rule or practice')}")
    return str(raw)


SECTIONS = (Channels, Alerts, Digests)
