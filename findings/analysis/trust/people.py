"""Which of those whom a trust policy lets in are machines, and which are people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from findings.analysis.kinds import Confidence
from findings.analysis.trust.narrowing import Asked, asked
from findings.analysis.trust.oidc import COGNITO, form_of
from findings.analysis.trust.services import name_of
from findings.analysis.trust.who import Admission
from findings.analysis.trust_signals import CI_HOSTS, NOTEBOOKS
from findings.policy.document import Condition
from findings.policy.keys import holds_when_absent

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

RESERVED = "AWSReservedSSO_"
FOR_PEOPLE = frozenset({"ds"})  # Directory Service signs people in to the console
# Issuers by which organizations sign people in; parts of their URLs.
SIGN_IN = (
    ".okta.com",
    ".oktapreview.com",
    ".okta-emea.com",
    "login.microsoftonline.com",
    "sts.windows.net",
    ".auth0.com",
    ".onelogin.com",
    ".pingone.",
    ".pingidentity.",
    ".jumpcloud.com",
    ".duosecurity.com",
    "/realms/",  # Keycloak
    "/adfs",
)


def is_machine(admission: Admission) -> bool:
    """A service, a pipeline or a workload of a cluster. Notebooks of SageMaker are driven by people, and may be; a service
    under a condition of MFA is never let in."""
    if admission.kind == "service":
        name = name_of(admission.principal)
        driven = NOTEBOOKS.get(name.split(".")[0]) is Confidence.MEDIUM
        return name not in FOR_PEOPLE and not driven and not any(map(_must_mfa, admission.conditions))
    return admission.kind == "oidc" and is_workload_issuer(admission.principal)


def is_workload_issuer(provider: str) -> bool:
    """An OIDC provider of pipelines or of a Kubernetes cluster."""
    return form_of(provider) is not None or any(f"/{host}" in f"/{provider.lower()}" for host in CI_HOSTS)


def signs_people_in(provider: str) -> bool:
    """An OIDC provider of an organization's people, by its address. Users of an application (Cognito) are not ours."""
    return COGNITO not in provider and any(part in provider.lower() for part in SIGN_IN)


def human_by(admission: Admission, facts: Facts) -> str:
    """What says that people are let in, as the end of a sentence; "" when nothing does. An account or a role by itself says
    nothing: people and programs come through it alike."""
    principal = admission.principal
    if admission.kind == "saml":
        return f"SAML provider {principal.rpartition('/')[2]}"
    if admission.kind == "service" and name_of(principal) in FOR_PEOPLE:
        return principal
    if admission.kind == "oidc" and signs_people_in(principal):
        return principal
    if admission.kind not in ("account", "role", "user", "session", "anyone"):
        return ""
    if any(map(_asks_mfa, admission.conditions)):
        return f"{principal} with MFA"
    if RESERVED in principal or any(map(_of_center, asked(admission.conditions))):
        return "an Identity Center role"
    return f"user {principal.rpartition('/')[2]}, who has a password" if _password(principal, facts) else ""


def unsure(admission: Admission, facts: Facts) -> bool:
    """A user of the account of whom it is not known whether he has a password."""
    return admission.kind == "user" and _password(admission.principal, facts) is None


def _password(arn: str, facts: Facts) -> bool | None:
    """False also for users of other accounts, of whom nothing can be known."""
    if user := facts.user_by_arn.get(arn):
        row = facts.credential(user)
        return row.password_enabled if row else None
    return False


def _of_center(one: Asked) -> bool:
    return one.key == "aws:principalarn" and any(RESERVED in value for value in one.values)


def _asks_mfa(condition: Condition) -> bool:
    """Also where IfExists lets others in: whoever wrote it thought of people."""
    key, operator = condition.key.lower(), condition.operator.lower()
    if key == "aws:multifactorauthage":
        return not (operator == "null" and "true" in condition.values)
    wanted = "false" if operator == "null" else "true"
    return key == "aws:multifactorauthpresent" and [v.lower() for v in condition.values] == [wanted]


def _must_mfa(condition: Condition) -> bool:
    return _asks_mfa(condition) and not holds_when_absent(condition)
