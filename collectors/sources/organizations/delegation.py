"""What the management account lets others do for the organization: services that it trusts, their delegated administrators, and
the policy that lets accounts manage its own policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.records import DelegatedAdministrator, digest
from collectors.sources import Answers
from collectors.sources.organizations.ask import NO_LINE, listing
from collectors.sources.organizations.names import DELEGATED, DELEGATES, RESOURCE_POLICY, TRUSTED
from collectors.sources.organizations.texts import document

NONE = "ResourcePolicyNotFoundException"
GONE = frozenset({"AccountNotRegisteredException", "AccountNotFoundException"})  # its delegation was ended meanwhile


def trusted(aws: Aws, _: Answers) -> list[str]:
    """Service principals that may act in all accounts."""
    return sorted(one["ServicePrincipal"] for one in listing(aws, TRUSTED, "EnabledServicePrincipals"))


def delegates(aws: Aws, _: Answers) -> list[Answer]:
    return listing(aws, DELEGATES, "DelegatedAdministrators")


def services(aws: Aws, answers: Answers) -> dict[str, list[str]]:
    """Account id -> service principals that it administers. Raises AwsError, which keeps what a bundle holds."""
    found: dict[str, list[str]] = {}
    failed: AwsError | None = None
    for account in answers[DELEGATES]:
        try:
            rows = listing(aws, DELEGATED, "DelegatedServices", AccountId=account["Id"])
        except AwsError as error:
            if error.code in GONE:
                continue
            if error.code != NO_LINE:
                error.kept = found or None
                raise
            failed = error
        else:
            found[account["Id"]] = sorted(row["ServicePrincipal"] for row in rows)
    if failed:
        failed.kept = found or None
        raise failed
    return found


def resource_policy(aws: Aws, _: Answers) -> str:
    """The text of the organization's resource policy; "": it has none."""
    try:
        return str(aws.ask(RESOURCE_POLICY, require="ResourcePolicy")["ResourcePolicy"]["Content"])
    except AwsError as error:
        if error.code != NONE:
            raise
        return ""


def records(answers: Answers) -> tuple[DelegatedAdministrator, ...] | None:
    """None: nothing was read. An account whose services were not read has None for them."""
    if DELEGATES not in answers:
        return None
    told: Mapping[str, list[str]] = answers.get(DELEGATED, {})
    return tuple(
        DelegatedAdministrator(
            unique_id=raw["Id"],
            arn=raw["Arn"],
            name=raw.get("Name", ""),
            since=raw.get("DelegationEnabledDate"),
            services=tuple(told[raw["Id"]]) if raw["Id"] in told else None,
        )
        for raw in answers[DELEGATES]
    )


def details(answers: Answers, documents: dict[str, Any]) -> dict[str, Any]:
    """Fields of records.AccountDetails. Puts the resource policy into `documents` by digest."""
    told: dict[str, Any] = {}
    if TRUSTED in answers:
        told["trusted_services"] = tuple(answers[TRUSTED])
    if RESOURCE_POLICY in answers:
        told["delegation"] = ""
        if text := answers[RESOURCE_POLICY]:
            body = document(text)
            documents[key := digest(body)] = body
            told["delegation"] = key
    return told
