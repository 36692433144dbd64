"""Two states of an entity -> what is said of the difference, a line a thing. Texts name what AWS names: pages escape them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from findings.analysis.timeline.causes import AGAIN, GONE, MADE, about_field
from findings.analysis.timeline.model import Data, What

LONGEST = 200  # characters of a value that a line tells
IGNORED = frozenset({"updated_at", "attachment_count", "boundary_count", "unique_id", "digest"})
OF_VERSIONS = frozenset({"document", "versions", "default_version", "updated_at"})
# Of an account, by the unique ids of users: they are asked about by turns, so what is told of one for the first time
# was there before, and of one who is told of no more nothing is known.
BY_USER = frozenset({"mfa_devices", "ssh_keys", "certificates", "service_credentials"})
NAMES = {
    "trust": "trust policy",
    "inline": "inline policy",
    "users": "user",
    "groups": "group",
    "arn": "ARN",
    "oidc_providers": "OIDC provider",
    "saml_providers": "SAML provider",
    "server_certificates": "server certificate",
    "virtual_mfa": "virtual MFA device",
    "mfa_devices": "MFA devices of user",
    "ssh_keys": "SSH keys of user",
    "certificates": "signing certificates of user",
    "service_credentials": "credentials of one service of user",
    "targets": "target",
    "trusted_services": "trusted service",
    "root_features": "central root management",
    "aliases": "alias",
    "services": "service",
    "parent_id": "parent",
}


@dataclass(frozen=True, slots=True)
class Told:
    """before, after: digests of the documents that a line is about."""

    what: What
    text: str
    before: str = ""
    after: str = ""


def fields_of(was: Data | None, now: Data | None) -> frozenset[str]:
    """The names of what differs; MADE or GONE for an entity that came or went."""
    if was is None or now is None:
        return frozenset({GONE if now is None else MADE})
    found = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)} - {"unique_id"}
    of_users = found & BY_USER
    return frozenset(found - {name for name in of_users if not any(_of_users(name, was.get(name), now.get(name)))})


def differences(
    kind: str, was: Data | None, now: Data | None, fields: frozenset[str], called: Callable[[str], str] = str
) -> Iterator[Told]:
    """Those of the fields only. called: unique id of a user -> how a line calls him."""
    if MADE in fields and now is not None:
        yield Told(What.MADE, _made(kind, now), after=_document(now))
        return
    if AGAIN in fields:
        yield Told(What.MADE, "there again, which the collection before had not seen")
        return
    if GONE in fields:
        yield Told(What.DELETED, "deleted", before=_document(was or {}))
        return
    old, new = was or {}, now or {}
    if fields & OF_VERSIONS and kind == "policy":
        yield from _versions(old, new)
        fields -= OF_VERSIONS
    for name in sorted(fields - IGNORED):
        if name in BY_USER:
            texts = _of_users(name, old.get(name), new.get(name), called)
            yield from (Told(about_field(name, kind), text) for text in texts)
        else:
            yield from _field(kind, name, old.get(name), new.get(name))


def _made(kind: str, now: Data) -> str:
    if kind == "key":
        return f"made for user {_said(now.get('user_name'))}, {'active' if now.get('active') else 'switched off'}"
    return "made"


def _document(data: Data) -> str:
    return str(data.get("document") or data.get("trust") or "")


def _versions(old: Data, new: Data) -> Iterator[Told]:
    before, after = str(old.get("document", "")), str(new.get("document", ""))
    names = _version_names(old), _version_names(new)
    if before != after or old.get("default_version") != new.get("default_version"):
        text = f"default version {_said(old.get('default_version'))} became {_said(new.get('default_version'))}"
        yield Told(What.POLICY, text if before != after else f"{text}, with the same document", before, after)
    for version in sorted(names[1] - names[0] - {str(new.get("default_version"))}):
        yield Told(What.POLICY, f"version {version} added, not the default")
    for version in sorted(names[0] - names[1]):
        yield Told(What.POLICY, f"version {version} deleted")


def _version_names(data: Data) -> set[str]:
    return {str(one.get("version_id")) for one in data.get("versions") or () if isinstance(one, dict)}


def _field(kind: str, name: str, old: Any, new: Any) -> Iterator[Told]:
    what = about_field(name, kind)
    if name in SAID:
        yield from (Told(what, *told) for told in SAID[name](old, new))
    elif name in ("document", "trust", "delegation") or (name == "inline" and isinstance(old or new, str)):
        yield Told(what, f"{NAMES.get(name, name)} changed", str(old or ""), str(new or ""))
    elif name == "inline" and isinstance(old or {}, dict) and isinstance(new or {}, dict):
        yield from _inline(old or {}, new or {})
    elif isinstance(old or new, dict) and isinstance(old or {}, dict) and isinstance(new or {}, dict):
        yield from (Told(what, text) for text in _mapping(_named(name), old or {}, new or {}))
    elif _listed(old) and _listed(new):
        yield from (Told(what, text) for text in _list(name, old or [], new or []))
    else:
        yield Told(what, f"{_named(name)}: {_said(old)} became {_said(new)}")


def _attached(old: Any, new: Any) -> Iterator[tuple[str]]:
    before, after = _strings(old), _strings(new)
    yield from ((f"{short(arn)} attached",) for arn in after if arn not in before)
    yield from ((f"{short(arn)} detached",) for arn in before if arn not in after)


def _boundary(old: Any, new: Any) -> Iterator[tuple[str]]:
    if old and new:
        yield (f"permissions boundary {short(str(old))} became {short(str(new))}",)
    else:
        yield (
            f"permissions boundary {short(str(new))} set" if new else f"permissions boundary {short(str(old))} removed",
        )


def _groups(old: Any, new: Any) -> Iterator[tuple[str]]:
    before, after = _strings(old), _strings(new)
    yield from ((f"joined group {name}",) for name in after if name not in before)
    yield from ((f"left group {name}",) for name in before if name not in after)


def _active(old: Any, new: Any) -> Iterator[tuple[str]]:
    yield ("switched on" if new else "switched off",)


def _password(old: Any, new: Any) -> Iterator[tuple[str]]:
    if new is None or old is None:
        yield (f"console password: {_said(old)} became {_said(new)}",)
    else:
        yield ("console password given" if new else "console password removed",)


def _new_password(old: Any, new: Any) -> Iterator[tuple[str]]:
    if old and new:
        yield ("password changed",)


def _mfa(old: Any, new: Any) -> Iterator[tuple[str]]:
    if new is None or old is None:
        yield (f"MFA: {_said(old)} became {_said(new)}",)
    else:
        yield ("MFA set up" if new else "MFA removed",)


def _summary(old: Any, new: Any) -> Iterator[tuple[str]]:
    """Counts follow from what else changed; what root has does not."""
    before, after = (one if isinstance(one, dict) else {} for one in (old, new))
    for name, words in (("AccountAccessKeysPresent", "root's access keys"), ("AccountMFAEnabled", "root's MFA")):
        if before.get(name) != after.get(name):
            yield (f"{words}: {_said(before.get(name))} became {_said(after.get(name))}",)


def _created(old: Any, new: Any) -> Iterator[tuple[str]]:
    """Of what goes by its name or ARN: no creation is ever dated anew."""
    if old and new:
        yield (f"made again: created {_minute(new)}, the one before {_minute(old)}",)
    elif new:
        yield (f"created {_minute(new)}, read for the first time",)


def _minute(at: Any) -> str:
    return str(at)[: len("2026-11-01T12:30")].replace("T", " ")


SAID = {
    "created_at": _created,
    "attached": _attached,
    "boundary": _boundary,
    "groups": _groups,
    "active": _active,
    "password_enabled": _password,
    "password_last_changed": _new_password,
    "mfa_active": _mfa,
    "summary": _summary,
}


def _inline(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Told]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            did = "deleted" if name not in new else "changed" if name in old else "added"
            yield Told(What.POLICY, f"inline policy {name} {did}", str(old.get(name, "")), str(new.get(name, "")))


def _mapping(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            yield f"{name} {key} added: {_said(new[key])}"
        elif key not in new:
            yield f"{name} {key} removed"
        elif old[key] != new[key]:
            yield f"{name} {key}: {_said(old[key])} became {_said(new[key])}"


def _of_users(name: str, old: Any, new: Any, called: Callable[[str], str] = str) -> Iterator[str]:
    for uid, now in sorted((new or {}).items()):
        was, named = (old or {}).get(uid), f"{NAMES[name]} {called(uid)}"
        if was is not None:
            yield from _changed(named, was, now)
        elif now:
            yield f"{named}, read for the first time: {', '.join(map(_thing, now))}"


def _list(name: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    return _changed(_named(name), old, new)


def _changed(named: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    yield from (f"{named} {_thing(one)} added" for one in new if one not in old and not _same(one, old))
    yield from (f"{named} {_thing(one)} removed" for one in old if one not in new and not _same(one, new))
    yield from (f"{named} {_thing(one)} changed" for one in new if one not in old and _same(one, old))


def _same(one: Any, others: list[Any]) -> bool:
    return isinstance(one, dict) and any(isinstance(o, dict) and _thing(o) == _thing(one) for o in others)


def _thing(one: Any) -> str:
    if isinstance(one, dict):
        found = next((one[key] for key in ("name", "arn", "serial", "unique_id", "id") if one.get(key)), "")
        return short(str(found)) or "entry"
    return short(_said(one))


def _named(name: str) -> str:
    return NAMES.get(name, name.removesuffix("s") if name == "tags" else name.replace("_", " "))


def _listed(value: Any) -> bool:
    return value is None or isinstance(value, list)


def _strings(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _said(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "none"
    text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def short(arn: str) -> str:
    """A policy's name without its ARN."""
    return arn.rpartition("/")[2] if arn.startswith("arn:") else arn
