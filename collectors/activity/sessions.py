"""Sessions as records, and what sign-ins tell of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from collectors.activity import parts
from collectors.activity.events import Event
from collectors.activity.evidence import Evidence
from collectors.activity.outcomes import Outcome
from collectors.activity.who import Who
from collectors.records import Actor, Session, SignIn


def record(who: Who, day: date, seen: Evidence) -> Session:
    principal, use = who.principal, seen.use
    return session(
        seen.plain() | {"principal_arn": principal.arn or seen.texts.get("principal_arn", "")},
        account_id=principal.account,
        actor=principal.actor,
        principal_id=principal.unique_id,
        name=who.name,
        key_id=principal.key,
        day=day,
        first_at=use.first_at if use else opened(day),
        last_at=use.last_at if use else opened(day),
        n=use.n if use else 0,
        denied=use.denied if use else 0,
        sign_in=seen.sign_in,
    )


def opened(day: date) -> datetime:
    """The time of a session that was opened on a day, and of which no call was seen."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def session(plain: dict[str, Any], **columns: Any) -> Session:
    """plain: as Evidence.plain() made it."""
    said = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
    login = said.pop("login_mfa", None)
    if columns["sign_in"] == SignIn.LOGIN:
        said["mfa"] = login
    return msgspec.structs.replace(Session(**columns), **said)


def mfa_of_login(event: Event, who: Who) -> bool | None:
    """What ConsoleLogin says of MFA; of a federated sign-in it proves nothing."""
    if who.principal.actor not in (Actor.USER, Actor.ROOT):
        return None
    used = parts.more(event).mfa_used
    return {"Yes": True, "No": False}.get(used) if isinstance(used, str) else None


def of_sign_in(event: Event, who: Who, seen: Evidence, outcome: Outcome) -> None:
    """ConsoleLogin or SwitchRole; one that was refused opened no session."""
    more = parts.more(event)
    if outcome != Outcome.DONE:
        seen.refused += 1
        return
    if event.event_name == "SwitchRole":
        seen.signed_in(SignIn.SWITCH)
        seen.say("switched_from", more.switch_from)
        return
    seen.signed_in(SignIn.LOGIN, mfa_of_login(event, who))
    seen.say("identity_provider", more.saml_provider_arn)
