"""Administrative calls: by code or by hand, of oneself or of others, and how they are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from collectors.records import Actor, AdminEvent, Session
from findings.analysis.activity.networks import is_service
from findings.analysis.activity.signs import DESKTOP, IN_A_BROWSER

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

IAM = "iam.amazonaws.com"
# Families of agents (collectors/activity/agents.py).
CODE = {
    "terraform": "Terraform", "pulumi": "Pulumi", "cloudformation": "CloudFormation", "cdk": "CDK", "ansible": "Ansible",
    "crossplane": "Crossplane",
}  # fmt: skip
DEPLOYERS = {"cloudformation.amazonaws.com": "CloudFormation", "servicecatalog.amazonaws.com": "Service Catalog"}
BY_HAND = IN_A_BROWSER | {"cli", "powershell"}
# What people do about their own credentials; code does not hold it.
CREDENTIALS = re.compile(
    r"AccessKey|LoginProfile|ChangePassword|MFADevice|SSHPublicKey|SigningCertificate|ServiceSpecificCredential|ServerCertificate"
)
WIDENING = re.compile(
    r"(?:Attach|Detach|Put|Delete)(?:Role|User|Group)Policy\Z|(?:Put|Delete)(?:Role|User)PermissionsBoundary\Z"
    r"|UpdateAssumeRolePolicy\Z|CreatePolicyVersion\Z|SetDefaultPolicyVersion\Z|AddUserToGroup\Z"
)
NO_CHANGE = re.compile(r"(?:Get|List|Generate|Simulate|Pass|Upload)")


def family(agent: str) -> str:
    return DESKTOP.sub("", agent)


def by_code(event: AdminEvent) -> str:
    """The tool that made the call from code; "" for none."""
    caller = event.invoked_by or (event.network if is_service(event.network) else "")
    return DEPLOYERS.get(caller, "") or CODE.get(family(event.agent), "")


def on_behalf(event: AdminEvent) -> bool:
    """Whether an AWS service made the call, for somebody or for itself."""
    return bool(event.invoked_by) or event.actor is Actor.SERVICE or is_service(event.network)


def by_hand(event: AdminEvent, facts: Facts) -> bool:
    """From the console, or with a command line that no pipeline was behind."""
    if event.console:
        return True
    if on_behalf(event) or by_code(event) or family(event.agent) not in BY_HAND:
        return False
    session = session_of(event, facts)
    return session is None or facts.activity.verdict(session).human is not False


def session_of(event: AdminEvent, facts: Facts) -> Session | None:
    """The session that the call was made in."""
    some = facts.behaviour.of(event.principal_id)
    named = (one for one in some if (one.name, one.key_id) == (event.session_name, event.key_id))
    return next((one for one in named if one.day == event.at.date()), None)


def of_configuration(event: AdminEvent) -> bool:
    """Whether it changed what code would hold: policies, trust, boundaries, groups, tags; no credentials."""
    return event.source == IAM and not CREDENTIALS.search(event.name) and not NO_CHANGE.match(event.name)


def widens(event: AdminEvent) -> bool:
    """Whether a call of this name can give somebody more than they had: a policy, a group, a trust, a limit that went."""
    return event.source == IAM and WIDENING.match(event.name) is not None


def of_oneself(event: AdminEvent) -> bool:
    """A user who changes his own password, keys or MFA device."""
    own = event.principal_arn.rpartition("/")[2]
    about = event.details.get("user_name", event.target_name)
    return event.actor is Actor.USER and bool(CREDENTIALS.search(event.name)) and about in ("", own)


def who(event: AdminEvent) -> str:
    """ "deploy (session alice)", "user bob", "the root user"."""
    if event.actor is Actor.ROOT:
        return "the root user"
    name = event.principal_arn.rpartition("/")[2] or event.principal_id or "somebody"
    if event.actor is Actor.USER:
        return f"user {name}"
    return f"{name} (session {event.session_name})" if event.session_name else name


def told(event: AdminEvent, facts: Facts) -> str:
    """ "2026-11-22 10:15: AttachRolePolicy AdministratorAccess on role deploy by user bob, in the console, from 203.0.113.9"."""
    about = f" on {event.target_type.replace('_', ' ')} {short(event.target_name)}" if event.target_name else ""
    return f"{event.at:%Y-%m-%d %H:%M}: {event.name}{_what(event)}{about} by {who(event)}{where(event, facts)}"


def _what(event: AdminEvent) -> str:
    """What was attached, put or joined."""
    found = next((v for k in ("policy_arn", "policy_name", "group_name") if (v := event.details.get(k))), "")
    return f" {short(found)}" if found and found != event.target_name else ""


def short(name: str) -> str:
    return name.rpartition("/")[2] if name.startswith("arn:") else name


def where(event: AdminEvent, facts: Facts) -> str:
    """ ", in the console, from 203.0.113.9 (office), through cloudformation.amazonaws.com"."""
    console = ", in the console" if event.console else f", with {event.agent}" if event.agent else ""
    address = event.network and not is_service(event.network)
    place = f", from {facts.activity.networks.said(event.network)}" if address else ""
    return f"{console}{place}" + (f", through {event.invoked_by}" if event.invoked_by else "")
