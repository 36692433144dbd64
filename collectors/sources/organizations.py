"""The organization: who is in it, its tree, and the SCPs and RCPs with what they are attached to.

DescribeOrganization is the one question that every member may ask; the others answer the management account and delegated
administrators only (AWS.md 9). A refusal elsewhere is as it should be, so that they do not apply there.
"""

from __future__ import annotations

import json
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.records import (
    AccountDetails,
    Organization,
    OrganizationAccount,
    OrganizationalUnit,
    OrganizationPolicy,
    Part,
    State,
    clean,
    digest,
)
from collectors.sources import Answers, Api, Source

DESCRIBE, ROOTS = "organizations:DescribeOrganization", "organizations:ListRoots"
UNITS, MEMBERS = "organizations:ListOrganizationalUnitsForParent", "organizations:ListAccountsForParent"
ACCOUNTS = "organizations:ListAccounts"
POLICIES, CONTENT = "organizations:ListPolicies", "organizations:DescribePolicy"
TARGETS = "organizations:ListTargetsForPolicy"
GUARDRAILS = frozenset({"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"})
REFUSED = frozenset({State.DENIED, State.BLOCKED_BY_SCP})


def organization(aws: Aws, _: Answers) -> Answer:
    """Empty: the account is in none, which AWS tells by an error."""
    try:
        return dict(aws.ask(DESCRIBE, require="Organization")["Organization"])
    except AwsError as error:
        if error.code != "AWSOrganizationsNotInUseException":
            raise
        return {}


def roots(aws: Aws, answers: Answers) -> list[Answer]:
    """The gate to all that follows: whoever may not list the roots has no business with the rest."""
    told = answers[DESCRIBE]
    if not told:
        raise AwsError(ROOTS, State.NOT_APPLICABLE, "The account is in no organization.")
    try:
        return _all(aws, ROOTS, "Roots")
    except AwsError as error:
        if error.state in REFUSED and told.get("MasterAccountId") != aws.account_id:
            text = "The account is neither the management account nor a delegated administrator."
            raise AwsError(ROOTS, State.NOT_APPLICABLE, text) from error
        raise


def _all(aws: Aws, api: str, member: str, **parameters: Any) -> list[Answer]:
    pages = aws.pages(api, require=member, token="NextToken", **parameters)  # noqa: S106 - a page token
    return [one for page in pages for one in page[member]]


def units(aws: Aws, answers: Answers) -> list[Answer]:
    """All OUs below the roots, each with its ParentId. One that is met again, or was deleted meanwhile, is left out."""
    found: list[Answer] = []
    seen = {root["Id"] for root in answers[ROOTS]}
    for parent in (parents := [root["Id"] for root in answers[ROOTS]]):  # grows as it goes
        for unit in _children(aws, UNITS, "OrganizationalUnits", parent):
            if unit["Id"] not in seen:
                seen.add(unit["Id"])
                parents.append(unit["Id"])
                found.append(unit | {"ParentId": parent})
    return found


def members(aws: Aws, answers: Answers) -> dict[str, str]:
    """Account id -> id of the OU or root that it is in."""
    parents = [node["Id"] for node in (*answers[ROOTS], *answers[UNITS])]
    return {account["Id"]: parent for parent in parents for account in _children(aws, MEMBERS, "Accounts", parent)}


def _children(aws: Aws, api: str, member: str, parent: str) -> list[Answer]:
    try:
        return _all(aws, api, member, ParentId=parent)
    except AwsError as error:
        if error.code != "ParentNotFoundException":
            raise
        return []


def accounts(aws: Aws, _: Answers) -> list[Answer]:
    return _all(aws, ACCOUNTS, "Accounts")


def policies(aws: Aws, answers: Answers) -> list[Answer]:
    kinds = sorted({kind for root in answers[ROOTS] for kind in _enabled(root)} & GUARDRAILS)
    return [policy for kind in kinds for policy in _all(aws, POLICIES, "Policies", Filter=kind)]


def _enabled(root: Answer) -> tuple[str, ...]:
    return tuple(sorted(kind["Type"] for kind in root.get("PolicyTypes", []) if kind["Status"] == "ENABLED"))


def contents(aws: Aws, answers: Answers) -> dict[str, str]:
    """Policy id -> its document as text. A policy that was deleted meanwhile has none."""
    found = {}
    for policy in answers[POLICIES]:
        try:
            found[policy["Id"]] = aws.ask(CONTENT, require="Policy", PolicyId=policy["Id"])["Policy"]["Content"]
        except AwsError as error:
            if error.code != "PolicyNotFoundException":
                raise
    return found


def targets(aws: Aws, answers: Answers) -> dict[str, list[str]]:
    """Policy id -> ids of what it is attached to directly."""
    found = {}
    for policy in answers[POLICIES]:
        try:
            found[policy["Id"]] = [t["TargetId"] for t in _all(aws, TARGETS, "Targets", PolicyId=policy["Id"])]
        except AwsError as error:
            if error.code != "PolicyNotFoundException":
                raise
    return found


def transform(answers: Answers) -> Part:
    documents: dict[str, Any] = {}
    return Part(
        details=(AccountDetails(unique_id="organizations", organization=_organization(answers)),),
        organizational_units=_units(answers) if {ROOTS, UNITS} <= answers.keys() else None,
        organization_accounts=_accounts(answers) if {ACCOUNTS, MEMBERS} <= answers.keys() else None,
        organization_policies=_policies(answers, documents) if {CONTENT, TARGETS} <= answers.keys() else None,
        documents=documents,
    )


def _organization(answers: Answers) -> Organization | None:
    if DESCRIBE not in answers:
        return None
    raw = answers[DESCRIBE]
    return Organization(
        organization_id=raw.get("Id", ""),
        management_account_id=raw.get("MasterAccountId", ""),
        features=raw.get("FeatureSet", ""),
    )


def _units(answers: Answers) -> tuple[OrganizationalUnit, ...]:
    return tuple(
        OrganizationalUnit(
            unique_id=raw["Id"],
            arn=raw["Arn"],
            name=raw["Name"],
            parent_id=raw.get("ParentId", ""),
            policy_types=_enabled(raw),
        )
        for raw in (*answers[ROOTS], *answers[UNITS])
    )


def _accounts(answers: Answers) -> tuple[OrganizationAccount, ...]:
    return tuple(
        OrganizationAccount(
            unique_id=raw["Id"],
            arn=raw["Arn"],
            name=raw.get("Name", ""),  # an account that is being made may lack one
            state=raw.get("State") or raw.get("Status", ""),  # AWS takes Status away in September 2026
            parent_id=answers[MEMBERS].get(raw["Id"], ""),
            joined_at=raw.get("JoinedTimestamp"),
        )
        for raw in answers[ACCOUNTS]
    )


def _policies(answers: Answers, documents: dict[str, Any]) -> tuple[OrganizationPolicy, ...]:
    """Puts the documents into `documents` by digest."""
    found = []
    for raw in answers[POLICIES]:
        if raw["Id"] not in answers[CONTENT] or raw["Id"] not in answers[TARGETS]:
            continue
        body = _document(answers[CONTENT][raw["Id"]])
        documents[key := digest(body)] = body
        found.append(
            OrganizationPolicy(
                unique_id=raw["Id"],
                arn=raw["Arn"],
                name=raw["Name"],
                type=raw["Type"],
                aws_managed=raw.get("AwsManaged", False),
                document=key,
                targets=tuple(sorted(answers[TARGETS][raw["Id"]])),
            )
        )
    return tuple(found)


def _document(text: str) -> Any:
    """The parsed JSON; the text where it is none."""
    try:
        return clean(json.loads(text))
    except (ValueError, RecursionError):
        return text


SOURCE = Source(
    name="organizations",
    title="Organization",
    apis=(
        Api(DESCRIBE, organization),
        Api(ROOTS, roots, after=(DESCRIBE,)),
        Api(UNITS, units, after=(ROOTS,)),
        Api(MEMBERS, members, after=(ROOTS, UNITS)),
        Api(ACCOUNTS, accounts, after=(ROOTS,)),
        Api(POLICIES, policies, after=(ROOTS,)),
        Api(CONTENT, contents, after=(POLICIES,)),
        Api(TARGETS, targets, after=(POLICIES,)),
    ),
    transform=transform,
    sweeps={
        "organizational_units": (ROOTS, UNITS),
        "organization_accounts": (ACCOUNTS, MEMBERS),
        "organization_policies": (POLICIES, CONTENT, TARGETS),
    },
)
