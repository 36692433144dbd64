"""What would take a key's place, by the places and agents of its use, with the trust policies to copy."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from collectors.models import AccessKey, Account, Principal, UsageSession
from findings.analysis.activity.networks import AWS, CI, PEOPLE, PRIVATE, SERVICE, VENDOR
from findings.analysis.activity.signs import PIPELINES
from findings.analysis.keys import instead
from findings.analysis.keys.compute import OWNER
from findings.analysis.kinds import Kind
from findings.models import Finding
from iamdash.pages import acting
from iamdash.pages.acting import SHOWN, WHO

OTHER = "other: "  # before an agent of no known family (collectors/activity/agents.py)
ON_COMPUTE = "KY108"
SYSTEMS = ((instead.GITHUB, re.compile("github", re.IGNORECASE)), (instead.GITLAB, re.compile("gitlab", re.IGNORECASE)))


class Place(StrEnum):
    """What stood behind a day's use, as far as the place and the agent tell."""

    PERSON = "a person"
    CI = "a CI system"
    OURS = "compute in AWS or in a private network"
    VENDOR = "a vendor"
    ELSEWHERE = "a program elsewhere"


@dataclass(frozen=True)
class Policy:
    """To copy. slug: its id on the page. fill: what stands in capitals, and what belongs there."""

    slug: str
    title: str
    text: str
    fill: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Replacement:
    """What could serve in the key's place, and why we think so."""

    what: str
    because: str
    steps: tuple[str, ...]
    policies: tuple[Policy, ...] = ()


INSTEAD = {
    Place.PERSON: (
        "Sessions of IAM Identity Center",
        (
            "Give the person a permission set with what the key's user needs.",
            "They run `aws configure sso` once and `aws sso login` each day, instead of holding a key.",
        ),
    ),
    Place.CI: (
        "A role that trusts the CI's OpenID Connect provider",
        (
            "Make the provider in IAM, if the account has none for it.",
            "Bind the trust policy to the repository and the branch.",
            "The pipeline asks for the role; no secret is stored.",
        ),
    ),
    Place.OURS: (
        "An instance, task or execution role",
        (
            "Attach the role to the instance, task or function.",
            "Take the key out of its configuration: SDKs find the role.",
            "If the address is a vendor's in AWS: a role that trusts the vendor's account instead.",
        ),
    ),
    Place.VENDOR: (
        "A role that trusts the vendor's account",
        ("Ask the vendor for its account id.", "Ask for an external id in the trust policy."),
    ),
    Place.ELSEWHERE: (
        "IAM Roles Anywhere with a certificate",
        (
            "Make a trust anchor of your certificate authority, and a profile for the role.",
            "Run its credential helper there.",
        ),
    ),
}


@dataclass(frozen=True)
class Seen:
    """The use of a key. ours: addresses and endpoints that its finding of KY108 lays to our own compute. accounts: connected ones
    that the operator sees."""

    account: Account
    sessions: list[UsageSession]
    ours: Collection[str]
    accounts: Collection[str]


def seen(key: AccessKey, sessions: Iterable[UsageSession], findings: Iterable[Finding]) -> Seen:
    """findings: the open ones of the key."""
    told = (text for one in findings if one.code == ON_COMPUTE for text in one.evidence.get("by", ()))
    connected = set(Account.objects.values_list("aws_id", flat=True))
    return Seen(key.account, list(sessions), {text.partition(" ")[2] for text in told}, connected)


def replacements(use: Seen) -> list[Replacement]:
    """By what stood behind its use, the most frequent first; empty where nothing was seen."""
    days: Counter[Place] = Counter()
    shown: defaultdict[Place, set[str]] = defaultdict(set)
    for one in use.sessions:
        told = {address: place for address in one.data.get("networks", ()) if (place := _place(one, address, use))}
        days.update(set(told.values()))
        for address, place in told.items():
            shown[place].add(address)
    return [
        Replacement(INSTEAD[place][0], _because(place, n, use, shown[place]), INSTEAD[place][1], _policies(place, use))
        for place, n in sorted(days.items(), key=lambda pair: (-pair[1], list(Place).index(pair[0])))
    ]


def _place(session: UsageSession, address: str, use: Seen) -> Place | None:
    """None: an AWS service in its name, which says nothing of where the key lies."""
    kind = acting.networks(session.account_id).kind(address)
    if kind == SERVICE:
        return None
    verdict = getattr(session, "verdict", None)
    if kind in PEOPLE or (verdict is not None and verdict.who == WHO.PERSON):
        return Place.PERSON
    if kind == CI or any(PIPELINES.match(agent.removeprefix(OTHER)) for agent in session.data.get("agents", ())):
        return Place.CI
    if kind == VENDOR or (kind == PRIVATE and _foreign(session, use)):
        return Place.VENDOR
    return Place.OURS if kind in (AWS, PRIVATE) or address in use.ours else Place.ELSEWHERE


def _foreign(session: UsageSession, use: Seen) -> str:
    """The account whose VPC endpoint it came through, if all of them are of accounts that are not ours; else ""."""
    endpoints = set(session.data.get("endpoints", ())) - set(use.ours)
    owners = {one.partition(OWNER)[2] for one in endpoints}
    return min(owners) if owners and not owners & {"", *use.accounts} else ""


def _because(place: Place, days: int, use: Seen, addresses: set[str]) -> str:
    named = acting.networks(use.account.pk)
    some = [named.said(address) for address in sorted(addresses)]
    more = f" and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
    return f"On {days} of the {len(use.sessions)} days of its use it was used by {place}, from {', '.join(some[:SHOWN])}{more}."


def _policies(place: Place, use: Seen) -> tuple[Policy, ...]:
    return tuple(
        Policy(f"{place.name.lower()}-{n}", one.title, json.dumps(one.document, indent=2), tuple(one.fill.items()))
        for n, one in enumerate(_trusts(place, use))
    )


def _trusts(place: Place, use: Seen) -> Iterator[instead.Trust]:
    account, partition = use.account.aws_id, use.account.partition
    if place is Place.CI:
        for system in _systems(use) or [""]:
            yield instead.of_ci(system, account, partition)
    elif place is Place.OURS:
        yield from instead.of_compute(account, partition)
    elif place is Place.VENDOR:
        yield instead.of_vendor(max(_foreign(one, use) for one in use.sessions), partition)
    elif place is Place.ELSEWHERE:
        yield instead.of_elsewhere(account, partition)


def _systems(use: Seen) -> list[str]:
    """CI systems that an agent, or the operator's name of a CI network, tells."""
    named = acting.networks(use.account.pk)
    told = {agent for one in use.sessions for agent in one.data.get("agents", ())}
    places = {address for one in use.sessions for address in one.data.get("networks", ())}
    told |= {named.name(address) for address in places if named.kind(address) == CI}
    return [system for system, pattern in SYSTEMS if any(map(pattern.search, told))]


def by_owner(owner: Principal | None) -> Replacement:
    """By the owner's declared kind: where no use was seen."""
    posture = getattr(owner, "posture", None)
    if posture and posture.kind == Kind.HUMAN_USER:
        what, steps = INSTEAD[Place.PERSON]
        return Replacement(what, "Its user has a console password, so a person owns it.", steps)
    return Replacement(
        "A role with temporary credentials",
        "Its user has no password, so a program uses it." if posture else "What uses it is not known yet.",
        (
            "On EC2, ECS, EKS or Lambda: an instance, task or execution role.",
            "In CI: a role that trusts the CI's OpenID Connect provider, bound to the repository.",
            "At a vendor: a role that trusts the vendor's account, with an external id.",
            "Anywhere else: IAM Roles Anywhere with a certificate.",
        ),
    )
