"""Who may become a role, in words: what analysis/trust finds in its trust policy, statement by statement.

Who of them is an outsider is as the last judgement found it: it knows the whole organization, an operator only its part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from findings.analysis.trust.external import Standing
from findings.analysis.trust.who import ANYONE, OF_ACCOUNTS, Admission, named_in, names_of
from findings.models import ExternalAccess
from findings.policy.document import Condition, Document, Statement

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
_PLURAL = ("forallvalues:", "foranyvalue:")
_BADGES = {"saml": "SAML", "oidc": "OIDC", "canonical": "unknown to IAM"}


@dataclass(frozen=True)
class Who:
    """badge: a word about who it is, "" for none. strong: worth a second look."""

    text: str
    badge: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Grant:
    """These may become the role when all conditions hold; or, if denied, may not.

    but: all others than these. actions: what is given beside becoming it. nobody: an Allow that lets nobody in after all.
    """

    allows: bool
    who: tuple[Who, ...]
    but: tuple[Who, ...] = ()
    conditions: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    nobody: bool = False


class Naming:
    """own: the role's account id. accounts: id -> name of those that the operator sees. judged: whether the account was;
    found: its outsiders then."""

    def __init__(self, own: str, accounts: Mapping[str, str], found: Iterable[ExternalAccess], *, judged: bool) -> None:
        self.own, self.accounts, self.judged = own, accounts, judged
        self.found = {(row.statement, row.principal): row for row in sorted(found, key=lambda row: row.standing)}

    def who(self, admission: Admission) -> Who:
        text = self.text(admission.kind, admission.principal, admission.account)
        row = self.found.get((admission.statement, admission.principal))
        if admission.public:
            return Who(text, "public", strong=True)
        if admission.principal == ANYONE:
            text = "anyone who meets the conditions"
        if admission.kind not in OF_ACCOUNTS or admission.account == self.own:
            return self.named(admission.kind, admission.principal, admission.account)
        if row and row.standing == Standing.STRANGER:
            return Who(text, "external", strong=True)
        if row:
            return Who(text, row.vendor or Standing(row.standing).label.lower(), strong=not row.vendor)
        if known := self.accounts.get(admission.account):
            return Who(text, known)
        return Who(text, "in the zone of trust") if self.judged else Who(text, "not judged yet", strong=True)

    def named(self, kind: str, principal: str, account: str) -> Who:
        """By the name alone: what a Deny lists, and whoever is of no account or our own."""
        text = self.text(kind, principal, account)
        if kind == "deleted":
            return Who(text, "deleted", strong=True)
        own = kind in OF_ACCOUNTS and account == self.own
        return Who(text, "own account" if own else _BADGES.get(kind, ""))

    def text(self, kind: str, principal: str, account: str) -> str:
        what, _, path = principal.split(":", 5)[-1].partition("/")
        if kind == "anyone":
            return f"{what} {path}, in any AWS account" if path else "anyone, in any AWS account"
        if kind == "account":
            whose = "this account's own policies let" if account == self.own else f"account {account or principal} lets"
            return f"whoever {whose}"
        if kind in ("role", "user", "session"):
            return f"{what} {path}{self._where(account)}"
        return _of_no_account(kind, principal)

    def _where(self, account: str) -> str:
        if account == self.own:
            return ""
        return f" in {self.accounts[account]}" if account in self.accounts else f" in account {account}"


def _of_no_account(kind: str, principal: str) -> str:
    if kind == "service":
        return f"the AWS service {principal}"
    if kind == "saml":
        return f"people through the SAML provider {principal.rpartition('/')[2]}"
    if kind == "oidc":
        return f"identities of the OIDC provider {principal.partition(':oidc-provider/')[2] or principal}"
    return f"a deleted principal ({principal})" if kind == "deleted" else f"the principal {principal}"


def grants(trust: Document, admitted: Iterable[Admission], naming: Naming) -> list[Grant]:
    """admitted: those of this trust policy (facts.admitted)."""
    by_statement: dict[int, list[Admission]] = {}
    for admission in admitted:
        by_statement.setdefault(admission.statement, []).append(admission)
    return [
        grant
        for number, statement in enumerate(trust.statements, 1)
        for grant in _grants(statement, by_statement.get(number, []), naming)
    ]


def _grants(statement: Statement, admitted: list[Admission], naming: Naming) -> Iterator[Grant]:
    """One for all who are let in under the same conditions: a Deny may ask more of some."""
    left_out = names_of(statement.not_principals) if statement.not_principals else ()
    but = tuple(naming.named(n.kind, n.principal, n.account) for n in left_out)
    alike: dict[tuple[Condition, ...], list[Who]] = {}
    for admission in admitted:
        alike.setdefault(admission.conditions, []).append(naming.who(admission))
    if not admitted:
        named = () if but else named_in(statement)
        alike[statement.conditions] = [naming.named(n.kind, n.principal, n.account) for n in named]
    for asked, who in alike.items():
        conditions = tuple(map(condition_words, asked))
        nobody = statement.allows and not admitted
        yield Grant(statement.allows, () if but else tuple(who), but, conditions, _unusual(statement), nobody)


def _unusual(statement: Statement) -> tuple[str, ...]:
    """Actions that say more than "become"."""
    if statement.actions is None:
        return tuple(f"all but {a}" for a in statement.not_actions or ())
    return tuple(a for a in statement.actions if not a.lower().startswith("sts:assumerole"))


def _claim(key: str) -> str:
    """Keys of identity providers are "<issuer>:<claim>"."""
    issuer, _, claim = key.rpartition(":")
    return f"the token's {claim}" if "." in issuer else key


def condition_words(condition: Condition) -> str:
    """ "the external id is abc or def"; every value of one condition is an alternative."""
    operator = condition.operator.lower()
    scope = next((p for p in _PLURAL if operator.startswith(p)), "")
    operator = operator.removeprefix(scope)
    optional = operator.endswith("ifexists") and scope != _PLURAL[1]  # of no value, none is any
    operator = operator.removesuffix("ifexists")
    key = _KEYS.get(condition.key.lower()) or _claim(condition.key)
    said = _OPERATORS.get(operator, condition.operator)
    values = " or ".join(condition.values) or "(no value)"
    text = f"{key} {said} {values}"
    if operator == "bool" and condition.key.lower() == "aws:multifactorauthpresent":
        text = f"{'' if condition.values == ('true',) else 'not '}{key}"
    if scope:
        text = f"{'each' if scope == _PLURAL[0] else 'any'} value of {text}"
    return f"{text}, if it is there at all" if optional else text
