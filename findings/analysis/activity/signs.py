"""What a session shows of a person or a program, sign by sign (RULES.md, HM: session evidence).

Names, agents and e-mail addresses are chosen by who calls: such signs are never proof. Proof is what AWS itself writes: how the
session began, and from what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.records import Actor, Session, SignIn
from findings.analysis.activity.lineage import Behind, Lineage
from findings.analysis.activity.networks import (
    AWS,
    CI,
    DATACENTRE,
    MACHINES,
    PEOPLE,
    SERVICE,
    VENDOR,
    Networks,
    address_of,
)
from findings.analysis.kinds import Confidence
from findings.analysis.trust.people import is_workload_issuer, signs_people_in

HIGH, MEDIUM, LOW = Confidence
INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
MAIL = re.compile(r"[^@\s/:]+@[^@\s/:]+\.[A-Za-z]{2,}")
# Session names that SDKs and tools give when nobody chose one; "*" stands for what they count up (collectors/activity/texts.py).
DEFAULTS = re.compile(
    r"botocore-session-|boto3-session|aws-go-sdk-|aws-sdk-|aws-cli|awscli|aws_cli|AWSCLI-Session|session\d*$|default$",
    re.IGNORECASE,
)
PIPELINES = re.compile(
    r"GitHub-?Actions|github|gitlab|bitbucket|jenkins|circleci|buildkite|azure-?devops|terraform-run|run-[*]"
    r"|AWSCodeBuild|codepipeline|spinnaker|argo-?cd|atlantis|spacelift|teamcity",
    re.IGNORECASE,
)
IN_A_BROWSER = frozenset({"console", "browser", "cloudshell"})
BY_HAND = frozenset({"cli", "powershell"})
NETWORKS, AGENTS = "networks", "agents"  # lists that, where they were cut, cannot tell that there was nothing else
MAC = "macOS"
DESKTOP = re.compile(r" on (macOS|Windows)$")  # collectors/activity/agents.py writes it behind the family
OPENED_BY = "was opened by "
ELSEWHERE = {
    True: ", behind which another account's events show a person",
    False: ", behind which another account's events show a program",
}
PLACES = {CI: "your CI network", DATACENTRE: "your data centre", VENDOR: "a vendor's network", AWS: "AWS's network"}


@dataclass(frozen=True, slots=True)
class Sign:
    """human: what it speaks for. reason: a sentence about the session, without a subject."""

    human: bool
    weight: Confidence
    reason: str


def signs(session: Session, lineage: Lineage, whole: Lineage, networks: Networks) -> Iterator[Sign]:
    """lineage: by the account's own events, in whose words it is told. whole: with those of other accounts, by which it is
    judged."""
    yield from _behind(session, lineage, whole)
    if refused(session):
        return
    yield from _beginning(session)
    yield from _federation(session)
    yield from _name(session)
    yield from _compute(session, networks)
    yield from _agents(session, networks)


def refused(session: Session) -> bool:
    """Whether all that was seen of it are sign-ins that failed. Whoever tried has not been in; a call that was denied is one."""
    return 0 < session.n == session.refused


def _beginning(session: Session) -> Iterator[Sign]:
    if session.actor is Actor.SERVICE:
        yield Sign(False, HIGH, f"is the AWS service {session.principal_id} itself")
    if session.sign_in is SignIn.LOGIN:
        yield Sign(True, HIGH, "signed in to the console")
    elif session.sign_in is SignIn.SWITCH:
        by = f" from {session.switched_from}" if session.switched_from else ""
        yield Sign(True, HIGH, f"switched to it in the console{by}")
    elif session.sign_in is SignIn.CONSOLE:
        yield Sign(True, HIGH, "used credentials of the console")
    if session.mfa:
        yield Sign(True, HIGH, "was opened with MFA, which only people have")


def _behind(session: Session, lineage: Lineage, whole: Lineage) -> Iterator[Sign]:
    if session.actor is not Actor.ROLE:
        return
    found, own = whole.behind(session), lineage.behind(session)
    if found is None or own is None or found.human is None:
        return
    elsewhere = "" if own.human is found.human else ELSEWHERE[found.human]
    yield Sign(found.human, found.confidence, f"{OPENED_BY}{path(own, session, lineage)}{elsewhere}")


def path(found: Behind, session: Session, lineage: Lineage) -> str:
    """ "SSO user alice -> SSO-Dev -> deploy -> payments-prod, 3 times"."""
    times = sum(one.n - one.denied for one in lineage.began(session))
    role = session.principal_arn.rpartition("/")[2] or session.principal_id
    return f"{found.said} -> {role}" + (f", {times} times" if times > 1 else "")


def _federation(session: Session) -> Iterator[Sign]:
    if session.source_identity:
        weight = HIGH if MAIL.fullmatch(session.source_identity) else MEDIUM
        yield Sign(True, weight, f"carries the source identity {session.source_identity}")
    provider = session.identity_provider
    who = f" as {session.federated_user}" if session.federated_user else ""
    if ":saml-provider/" in provider:
        yield Sign(True, HIGH, f"came by the SAML provider {provider.rpartition('/')[2]}{who}")
    elif provider and is_workload_issuer(provider):
        yield Sign(False, HIGH, f"came by {issuer(provider)}{who}, which speaks for pipelines or workloads")
    elif provider and signs_people_in(provider):
        yield Sign(True, HIGH, f"came by {issuer(provider)}{who}, which signs people in")


def issuer(provider: str) -> str:
    return provider.partition(":oidc-provider/")[2] or provider


def _name(session: Session) -> Iterator[Sign]:
    name = session.name
    if INSTANCE.fullmatch(name):
        yield Sign(False, HIGH, f"has the name of an EC2 instance, {name}")
    elif MAIL.fullmatch(name):
        yield Sign(True, MEDIUM, f"is named like an e-mail address, {name}")
    elif PIPELINES.match(name) and not DEFAULTS.match(name):
        yield Sign(False, MEDIUM, f"is named like a pipeline's, {name}")


def _compute(session: Session, networks: Networks) -> Iterator[Sign]:
    if session.instance:
        yield Sign(False, HIGH, "has credentials that an EC2 instance was given")
    if NETWORKS in session.cut:
        return
    kinds = {networks.kind(address) for address in session.networks}
    if kinds == {SERVICE}:
        yield Sign(False, HIGH, f"was used only by AWS services on its behalf ({', '.join(_services(session))})")
    elif kinds and kinds <= MACHINES | {SERVICE}:
        where = sorted(PLACES[kind] for kind in kinds if kind in PLACES)
        yield Sign(False, MEDIUM, f"came only from {' and '.join(where)}")


def _services(session: Session) -> tuple[str, ...]:
    return session.invoked_by or session.networks


def _agents(session: Session, networks: Networks) -> Iterator[Sign]:
    """A person's tools tell of a person only where they may have come from a person's place. Servers run Windows too, and a
    pipeline may share the office's address."""
    families = {DESKTOP.sub("", agent) for agent in session.agents} - {"none"}
    desktops = {found.group(1): agent for agent in session.agents if (found := DESKTOP.search(agent))}
    places = [a for a in session.networks if address_of(a) and networks.kind(a) not in MACHINES]
    among_people = any(networks.kind(address) in PEOPLE for address in places)
    if shown := sorted(families & IN_A_BROWSER):
        yield Sign(True, MEDIUM, f"was used with {' and '.join(shown)}")
    if desktops and places:
        weight = MEDIUM if MAC in desktops or among_people else LOW
        tools = " and ".join(sorted(desktops.values()))
        yield Sign(True, weight, f"was used with {tools} from {said_of(places, networks)}")
    elif families & BY_HAND and among_people:
        tools = " and ".join(sorted(families & BY_HAND))
        yield Sign(True, LOW, f"was used with {tools} from {said_of(places, networks)}")
    elif families and AGENTS not in session.cut and not families & (IN_A_BROWSER | BY_HAND):
        yield Sign(False, LOW, f"was used with {' and '.join(sorted(families)[:3])}")


def said_of(addresses: list[str], networks: Networks) -> str:
    shown = [networks.said(address) for address in addresses[:3]]
    return ", ".join(shown) + (f" and {len(addresses) - 3} more" if len(addresses) > 3 else "")
