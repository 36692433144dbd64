"""What sessions show of who acts, in words and HTML: shared by the list, the page of a role or user, and the page of a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from collectors.models import Principal, UsagePrincipal, UsageSession
from collectors.models.among import AmongRows
from collectors.records import Actor, SignIn
from findings.analysis.activity.networks import Networks
from findings.engine.decided import Names
from findings.models import SessionVerdict
from iamdash.access.scope import once
from iamdash.pages import show

SHOWN = 3  # addresses and agents that a cell names
WHO = SessionVerdict.Who
WORDS = {WHO.PERSON: "a person", WHO.PROGRAM: "a program", WHO.UNTOLD: "not told"}
MARKS = {WHO.PERSON: "principals", WHO.PROGRAM: "tick", WHO.UNTOLD: "unknown"}
ON_MACHINE = "on a machine's"
NOT_JUDGED = "it was read after the last judgement"
SIGN_INS = {
    SignIn.LOGIN: "signed in to the console",
    SignIn.SWITCH: "switched to it in the console",
    SignIn.CONSOLE: "in the console",
}
OLDEST = 90  # days that are shown: those that a judgement reads


def since(days: int) -> date:
    """The first day of the last `days` days, as the rules count them."""
    return (timezone.now() - timedelta(days=days)).date()


def moment(days: int) -> datetime:
    """When that day began."""
    return datetime.combine(since(days), time(), UTC)


def networks(account: int | None = None) -> Networks:
    """As of `names`. account: primary key; None: what holds for all."""
    return names().of(account)


def names() -> Names:
    """Of networks: those that operators gave, and AWS's own; two queries a request."""
    return once("networks", Names)


def verdict(who: int | None, confidence: str, reasons: Sequence[str], *, machine: bool | None = False) -> SafeString:
    """Mark and word, what makes us think so, and whether a person stands where a machine should."""
    if who is None:
        return show.unknown(NOT_JUDGED)
    strange = format_html(' <span class="badge strong">{}</span>', ON_MACHINE) if machine and who == WHO.PERSON else ""
    sure = "" if who == WHO.UNTOLD else f", {confidence} confidence"
    return format_html(
        '{}{}{}<span class="under">{}</span>',
        show.state(MARKS[WHO(who)], WORDS[WHO(who)]),
        sure,
        strange,
        format_html_join("; ", "{}", ((show.name(reason),) for reason in reasons)),
    )


def vouched(session: UsageSession, actor: str) -> SafeString:
    """What AWS or an identity provider says of who it is, on a line of its own; "" where nothing is said. That MFA was not
    used is said of users and root only: of federated sessions it proves nothing (AWS.md 26)."""
    data = session.data
    mfa = data.get("login_mfa") if session.sign_in == SignIn.LOGIN else data.get("mfa")
    provider = str(data.get("identity_provider") or "")
    by = provider.partition(":oidc-provider/")[2] or provider.rpartition(":saml-provider/")[2]
    said = [
        "MFA" if mfa else "no MFA" if mfa is False and actor in (Actor.USER, Actor.ROOT) else "",
        f"source identity {text}" if (text := data.get("source_identity")) else "",
        f"signed in as {text}" if (text := data.get("federated_user")) else "",
        f"by {by}" if by else "",
    ]
    told = [show.name(one) for one in said if one]
    if not told:
        return mark_safe("")
    return format_html('<span class="under">{}</span>', format_html_join("; ", "{}", ((one,) for one in told)))


def places(addresses: Sequence[str], cut: Iterable[str] = (), account: int | None = None) -> SafeString:
    """Addresses with the operator's names for them; the first few."""
    named = networks(account)
    return few([named.said(address) for address in addresses], more="networks" in set(cut))


def few(texts: Sequence[str], *, more: bool = False) -> SafeString:
    """more: there were others that were not kept."""
    shown = format_html_join(", ", '<span class="place">{}</span>', ((show.name(text),) for text in texts[:SHOWN]))
    rest = len(texts) - SHOWN
    if more:
        return format_html("{} and at least {} more", shown, max(rest, 1))
    return format_html("{} and {} more", shown, rest) if rest > 0 else shown


def linked(request: HttpRequest, actor: UsagePrincipal, known: Principal | None, aws_id: str) -> SafeString:
    """The actor by name, with a link where the inventory has it."""
    if known is None:
        return format_html('<span class="lead">{}</span>', show.name(called(actor)))
    url = show.address(request, "principal", aws_id, known.unique_id)
    return format_html('<a class="lead" href="{}" hx-boost="false">{}</a>', url, show.name(known.name))


def called(actor: UsagePrincipal) -> str:
    """Its name as far as the events told."""
    if actor.actor == Actor.ROOT:
        return "root"
    return actor.arn.rpartition("/")[2] or actor.unique_id or "not named"


def named(unique_id: str) -> str:
    """The name of one that acted; the id itself where no event told one."""
    actor = UsagePrincipal.objects.filter(unique_id=unique_id).order_by("-arn").first()
    return called(actor) if actor else unique_id


def known_principals(rows: Iterable[tuple[int, str]]) -> Mapping[tuple[int, str], Principal]:
    """(account's primary key, unique id) -> what the inventory has of it, gone ones too. One query."""
    wanted = set(rows)
    if not wanted:
        return {}
    these = AmongRows(Tuple(F("account"), F("unique_id")), wanted)
    found: Any = Principal.objects.filter(these).only("account", "unique_id", "name", "arn")
    return {(one.account_id, one.unique_id): one for one in found}
