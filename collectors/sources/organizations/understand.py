"""Answers -> records of the organization."""

from __future__ import annotations

from typing import Any

from collectors.records import (
    AccountDetails,
    Organization,
    OrganizationAccount,
    OrganizationalUnit,
    OrganizationPolicy,
    Part,
    digest,
)
from collectors.sources import Answers
from collectors.sources.organizations import access, account_tags, delegation
from collectors.sources.organizations.ask import enabled
from collectors.sources.organizations.filed import Attachments
from collectors.sources.organizations.names import (
    ACCOUNTS,
    CONTENT,
    DESCRIBE,
    MEMBERS,
    POLICIES,
    READ,
    ROOTS,
    TAGS,
    TARGETS,
    UNITS,
)
from collectors.sources.organizations.texts import document


def transform(answers: Answers) -> Part:
    documents: dict[str, Any] = {}
    lacking = {READ: access.problems(answers), TAGS: account_tags.problems(answers)}
    return Part(
        details=(
            AccountDetails(
                unique_id="organizations",
                organization=_organization(answers),
                **delegation.details(answers, documents),
            ),
        ),
        organizational_units=_units(answers) if {ROOTS, UNITS} <= answers.keys() else None,
        organization_accounts=_accounts(answers) if {ACCOUNTS, MEMBERS} <= answers.keys() else None,
        organization_policies=_policies(answers, documents) if {CONTENT, TARGETS} <= answers.keys() else None,
        organization_delegates=delegation.records(answers),
        account_access=access.records(answers),
        documents=documents,
        problems={api: told for api, told in lacking.items() if told},
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
            policy_types=enabled(raw) if raw.get("PolicyTypes", []) is not None else None,
            attachments_of=_read_of(raw["Id"], answers),
        )
        for raw in (*answers[ROOTS], *answers[UNITS])
    )


def _read_of(node: str, answers: Answers) -> tuple[str, ...]:
    """Policy types of which all that is attached to the root, OU or account was read."""
    return tuple(sorted(answers[TARGETS].read.get(node, ()))) if TARGETS in answers else ()


def _accounts(answers: Answers) -> tuple[OrganizationAccount, ...]:
    return tuple(_account(raw, answers) for raw in answers[ACCOUNTS])


def _account(raw: dict[str, Any], answers: Answers) -> OrganizationAccount:
    told, read_at = account_tags.known(raw["Id"], answers)
    return OrganizationAccount(
        unique_id=raw["Id"],
        arn=raw["Arn"],
        name=raw.get("Name", ""),  # an account that is being made may lack one
        state=raw.get("State") or raw.get("Status", ""),  # AWS takes Status away in September 2026
        parent_id=answers[MEMBERS].get(raw["Id"], ""),
        joined_at=raw.get("JoinedTimestamp"),
        attachments_of=_read_of(raw["Id"], answers),
        tags=told,
        tags_at=read_at,
    )


def _policies(answers: Answers, documents: dict[str, Any]) -> tuple[OrganizationPolicy, ...]:
    """Puts the documents into `documents` by digest."""
    found = []
    attachments: Attachments = answers[TARGETS]
    for raw in answers[POLICIES]:
        if raw["Id"] not in answers[CONTENT] or raw["Id"] not in attachments.targets:
            continue
        key, text = "", answers[CONTENT][raw["Id"]]
        if text is not None:
            body = document(text)
            documents[key := digest(body)] = body
        found.append(
            OrganizationPolicy(
                unique_id=raw["Id"],
                arn=raw.get("Arn", ""),
                name=raw.get("Name", raw["Id"]),
                type=raw["Type"],
                aws_managed=raw.get("AwsManaged", False),
                document=key,
                targets=tuple(sorted(attachments.targets[raw["Id"]])),
                whole=raw.get("Whole", True) and raw["Id"] not in attachments.partial,
            )
        )
    return tuple(found)
