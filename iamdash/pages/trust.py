"""A trust policy read in words: who may become the role, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from findings.policy.document import Condition, Document, Principals, Statement

_OPERATORS = {
    "stringequals": "is",
    "stringnotequals": "is not",
    "stringequalsignorecase": "is (in any case)",
    "stringnotequalsignorecase": "is not (in any case)",
    "stringlike": "matches",
    "stringnotlike": "does not match",
    "arnequals": "matches",
    "arnlike": "matches",
    "arnnotequals": "does not match",
    "arnnotlike": "does not match",
    "bool": "is",
    "null": "is absent:",
    "ipaddress": "is in",
    "notipaddress": "is not in",
    "numericequals": "is",
    "numericlessthan": "is less than",
    "numericlessthanequals": "is at most",
    "numericgreaterthan": "is more than",
    "numericgreaterthanequals": "is at least",
    "datelessthan": "is before",
    "dategreaterthan": "is after",
}
_KEYS = {
    "sts:externalid": "the external id",
    "aws:multifactorauthpresent": "signed in with MFA",
    "aws:multifactorauthage": "seconds since MFA",
    "aws:principalorgid": "the caller's organization",
    "aws:principalarn": "the caller's ARN",
    "aws:principalaccount": "the caller's account",
    "aws:sourceip": "the caller's address",
    "aws:sourceaccount": "the account it acts for",
    "aws:sourcearn": "the resource it acts for",
    "sts:rolesessionname": "the session name",
    "sts:sourceidentity": "the source identity",
}
_ASSUME = "sts:AssumeRole"
_PLURAL = ("forallvalues:", "foranyvalue:")


@dataclass(frozen=True)
class Who:
    """badge: a word about who it is, "" for none. strong: worth a second look."""

    text: str
    badge: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Grant:
    """One statement: these may (or, if denied, may not) become the role, when all conditions hold."""

    allows: bool
    who: tuple[Who, ...]
    but: tuple[Who, ...]
    conditions: tuple[str, ...]
    actions: tuple[str, ...]


def grants(trust: Document, own: str, accounts: Mapping[str, str]) -> list[Grant]:
    """own: the role's account id. accounts: id -> name of those that the operator sees."""
    return [
        Grant(
            allows=s.allows,
            who=tuple(_all(s.principals, own, accounts)),
            but=tuple(_all(s.not_principals, own, accounts)),
            conditions=tuple(condition_words(c) for c in s.conditions),
            actions=_unusual(s),
        )
        for s in trust.statements
    ]


def _unusual(statement: Statement) -> tuple[str, ...]:
    """Actions that say more than "become"."""
    if statement.actions is None:
        return tuple(f"all but {a}" for a in statement.not_actions or ())
    return tuple(a for a in statement.actions if not a.lower().startswith(_ASSUME.lower()))


def _all(principals: Principals | None, own: str, accounts: Mapping[str, str]) -> Iterator[Who]:
    if principals is None:
        return
    if principals.anyone:
        yield Who("anyone, in any AWS account", "public", strong=True)
    for arn in principals.aws:
        yield _aws(arn, own, accounts)
    for service in principals.service:
        yield Who(f"the AWS service {service}")
    for provider in principals.federated:
        yield _federated(provider)
    for user in principals.canonical_user:
        yield Who(f"the canonical user {user}")


def _aws(arn: str, own: str, accounts: Mapping[str, str]) -> Who:
    if arn.startswith(("AIDA", "AROA")):
        return Who(f"a deleted principal ({arn})", "deleted", strong=True)
    parts = arn.split(":", 5)
    account = parts[4] if len(parts) == 6 else arn
    resource = parts[5] if len(parts) == 6 else "root"
    kind, _, path = resource.partition("/")
    text = f"{kind} {path}" if path else f"whoever account {account} lets"
    if resource == "root" and account == own:
        return Who("whoever this account's own policies let", "own account")
    if account == own:
        return Who(text, "own account")
    if account in accounts:
        return Who(f"{text} in {accounts[account]}" if path else text, accounts[account])
    return Who(f"{text} in account {account}" if path else text, "external", strong=True)


def _federated(provider: str) -> Who:
    if ":saml-provider/" in provider:
        return Who(f"people through the SAML provider {provider.rpartition('/')[2]}", "SAML")
    host = provider.partition(":oidc-provider/")[2] or provider
    return Who(f"identities of the OIDC provider {host}", "OIDC")


def condition_words(condition: Condition) -> str:
    """ "the external id is abc or def"; every value of one condition is an alternative."""
    operator = condition.operator.lower()
    scope = next((p for p in _PLURAL if operator.startswith(p)), "")
    operator = operator.removeprefix(scope)
    optional = operator.endswith("ifexists")
    operator = operator.removesuffix("ifexists")
    key = _KEYS.get(condition.key.lower(), condition.key)
    said = _OPERATORS.get(operator, condition.operator)
    values = " or ".join(condition.values) or "(no value)"
    text = f"{key} {said} {values}"
    if operator == "bool" and condition.key.lower() == "aws:multifactorauthpresent":
        text = f"{'' if condition.values == ('true',) else 'not '}{key}"
    if scope:
        text = f"{'each' if scope == _PLURAL[0] else 'any'} value of {text}"
    return f"{text}, if it is there at all" if optional else text
