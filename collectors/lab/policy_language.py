"""A small evaluator of the IAM language, the lab's own: the product's engine must not be its own oracle.

Enough for trust policies, collector policies and session policies (IAM user guide, "Policy evaluation
logic"): Effect, Action/NotAction, Resource/NotResource, AWS principals, the common condition operators.
"""

import fnmatch
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

Context = dict[str, str]  # condition key in lower case -> value
Statement = dict[str, Any]


def listed(value: Any) -> list[Any]:
    """IAM lets a single value stand where a list may."""
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=4096)
def pattern(text: str, ignore_case: bool) -> re.Pattern[str]:
    # fnmatch knows [sets], IAM does not; it merges runs of `*`, so no pattern is slow
    return re.compile(fnmatch.translate(text.replace("[", "[[]")), re.IGNORECASE if ignore_case else 0)


def like(value: str, wanted: str, ignore_case: bool = False) -> bool:
    return pattern(wanted, ignore_case).match(value) is not None


def any_like(value: str, patterns: Any, ignore_case: bool = False) -> bool:
    return any(like(value, str(one), ignore_case) for one in listed(patterns))


def statements(document: str) -> list[Statement]:
    return listed(json.loads(document).get("Statement", []))


OPERATORS = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
}


def condition_holds(operator: str, key: str, wanted: Any, context: Context) -> bool:
    """One line of a Condition. A missing key fails all but the negated and the IfExists forms."""
    name = operator.rpartition(":")[2]
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    value = context.get(key.lower())
    if name == "Null":
        return (value is None) == (str(listed(wanted)[0]).lower() == "true")
    if value is None:
        return optional or negated
    holds = OPERATORS.get(name.replace("Not", ""))
    if holds is None:
        return False
    return any(holds(value, str(one)) for one in listed(wanted)) != negated


def conditions_hold(statement: Statement, context: Context) -> bool:
    return all(
        condition_holds(operator, key, wanted, context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def names_action(statement: Statement, action: str) -> bool:
    if "Action" in statement:
        return any_like(action, statement["Action"], ignore_case=True)
    return not any_like(action, statement.get("NotAction", "*"), ignore_case=True)


def names_resource(statement: Statement, resource: str) -> bool:
    if "NotResource" in statement:
        return not any_like(resource, statement["NotResource"])
    return any_like(resource, statement.get("Resource", "*"))


def decide(documents: Iterable[str], action: str, resource: str, context: Context) -> str:
    """ "allow", "deny" (explicit) or "none" by identity or session policies."""
    decision = "none"
    for document in documents:
        for statement in statements(document):
            matched = names_action(statement, action) and names_resource(statement, resource)
            if not (matched and conditions_hold(statement, context)):
                continue
            if statement["Effect"] == "Deny":
                return "deny"
            decision = "allow"
    return decision


def names_principal(statement: Statement, context: Context) -> bool:
    """Whether an AWS principal of the statement is the caller: its account, its role or its session."""
    principal = statement.get("Principal", {})
    wanted = ["*"] if principal == "*" else listed(principal.get("AWS", []))
    account = context["aws:principalaccount"]
    known = {"*", account, f"arn:aws:iam::{account}:root", context["aws:principalarn"], context["lab:callerarn"]}
    return any(one in known for one in wanted)


def trusts(document: str, context: Context) -> bool:
    """Whether a trust policy lets the caller assume the role."""
    decision = False
    for statement in statements(document):
        if not (names_action(statement, "sts:AssumeRole") and names_principal(statement, context)):
            continue
        if conditions_hold(statement, context):
            if statement["Effect"] == "Deny":
                return False
            decision = True
    return decision
