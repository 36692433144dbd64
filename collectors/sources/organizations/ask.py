"""What is asked of AWS, and of a bundle: of that any part may be missing, and then what it holds instead is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.records import State
from collectors.sources import Answers
from collectors.sources.organizations import filed
from collectors.sources.organizations.names import (
    ACCOUNTS,
    CONTENT,
    DESCRIBE,
    FULL_ACCESS,
    GUARDRAILS,
    MEMBERS,
    POLICIES,
    ROOTS,
    TARGETS,
    UNITS,
)

REFUSED = frozenset({State.DENIED, State.BLOCKED_BY_SCP})
NO_LINE = "NoSuchEntity"  # of a bundle without an answer to this one request; it is partial then


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
    told = answers.get(DESCRIBE)
    if told is not None and not told:
        raise AwsError(ROOTS, State.NOT_APPLICABLE, "The account is in no organization.")
    try:
        return listing(aws, ROOTS, "Roots")
    except AwsError as error:
        kept = _roots_of_files(aws)
        if error.state in REFUSED and told is not None and told.get("MasterAccountId") != aws.account_id:
            text = "The account is neither the management account nor a delegated administrator."
            raise AwsError(ROOTS, State.NOT_APPLICABLE, text, kept=kept or None) from error
        _keep(aws, error, kept)
        raise


def _roots_of_files(aws: Aws) -> list[Answer]:
    """Without their policy types, which only ListRoots tells."""
    ids = sorted(node for node in filed.nodes(aws) if node.startswith("r-"))
    return [{"Id": one, "Arn": "", "Name": "Root", "PolicyTypes": None} for one in ids]


def _keep(aws: Aws, error: AwsError, kept: Any) -> None:
    """AWS's failure leaves what is stored as it is; a bundle has nothing stored, so that its part is better than nothing."""
    if aws.from_files:
        error.kept = kept


def listing(aws: Aws, api: str, member: str, **parameters: Any) -> list[Answer]:
    pages = aws.pages(api, require=member, token="NextToken", **parameters)  # noqa: S106 - a page token
    return [one for page in pages for one in page[member]]


def units(aws: Aws, answers: Answers) -> list[Answer]:
    """All OUs below the roots, each with its ParentId. One that is met again, or was deleted meanwhile, is left out."""
    found: list[Answer] = []
    seen = {root["Id"] for root in answers[ROOTS]}
    try:
        for parent in _known((parents := sorted(seen)), UNITS):  # grows as it goes
            for unit in _children(aws, UNITS, "OrganizationalUnits", parent):
                if unit["Id"] not in seen:
                    seen.add(unit["Id"])
                    parents.append(unit["Id"])
                    found.append(unit | {"ParentId": parent})
    except AwsError as error:
        _keep(aws, error, found + _units_of_files(aws, seen))
        raise
    return found + _units_of_files(aws, seen)


def _known(parents: Sequence[str], api: str) -> Iterator[str]:
    """Nothing to ask for is no answer. AWS always has a root."""
    if not parents:
        raise AwsError(api, State.ABSENT, "organizations.list-roots.json is not in the bundle")
    yield from parents


def _units_of_files(aws: Aws, seen: set[str]) -> list[Answer]:
    above = filed.parents(aws)
    ids = sorted(node for node in filed.nodes(aws) - seen if node.startswith("ou-"))
    return [{"Id": one, "Arn": "", "Name": "", "ParentId": above.get(one, "")} for one in ids]


def members(aws: Aws, answers: Answers) -> dict[str, str]:
    """Account id -> id of the OU or root that it is in."""
    found: dict[str, str] = {}
    try:
        for parent in _known([node["Id"] for node in (*answers[ROOTS], *answers[UNITS])], MEMBERS):
            found |= {account["Id"]: parent for account in _children(aws, MEMBERS, "Accounts", parent)}
    except AwsError as error:
        _keep(aws, error, _accounts_of(filed.parents(aws)) | found)
        raise
    return _accounts_of(filed.parents(aws)) | found


def _accounts_of(above: dict[str, str]) -> dict[str, str]:
    return {node: parent for node, parent in above.items() if node.isdigit()}


def _children(aws: Aws, api: str, member: str, parent: str) -> list[Answer]:
    try:
        return listing(aws, api, member, ParentId=parent)
    except AwsError as error:
        if error.code not in {"ParentNotFoundException", NO_LINE}:
            raise
        return []


def accounts(aws: Aws, _: Answers) -> list[Answer]:
    try:
        return _with_those_of_files(aws, listing(aws, ACCOUNTS, "Accounts"))
    except AwsError as error:
        _keep(aws, error, _with_those_of_files(aws, []))
        raise


def _with_those_of_files(aws: Aws, listed: list[Answer]) -> list[Answer]:
    ids = sorted(node for node in filed.nodes(aws) if node.isdigit())
    named = [{"Id": one, "Arn": "", "Name": ""} for one in ids]
    return list({account["Id"]: account for account in (*named, *filed.accounts(aws), *listed)}.values())


def policies(aws: Aws, answers: Answers) -> list[Answer]:
    """ "Whole": False where the list of the policy's type may lack some."""
    found: dict[str, Answer] = {policy["Id"]: policy | {"Whole": False} for policy in filed.policies(aws)}
    failed: dict[str, AwsError] = {}
    for kind in _kinds(answers[ROOTS]):
        before = aws.problems(POLICIES)
        try:
            listed = [{"Type": kind} | policy for policy in listing(aws, POLICIES, "Policies", Filter=kind)]
        except AwsError as error:
            if not aws.from_files:
                raise
            failed[kind] = error
        else:
            lacking = {} if aws.problems(POLICIES) == before else {"Whole": False}
            found |= {policy["Id"]: policy | lacking for policy in listed}
    types = {policy["Type"] for policy in found.values() if policy.get("Whole", True)}
    if lost := [error for kind, error in failed.items() if kind not in types]:
        _keep(aws, lost[0], list(found.values()))
        raise lost[0]
    return list(found.values())


def _kinds(roots: list[Answer]) -> list[str]:
    """Those that are enabled; all where nobody knows. SCPs come first: a list of no stated type in a bundle is mostly theirs."""
    if not roots or any(root.get("PolicyTypes", []) is None for root in roots):
        return list(GUARDRAILS)
    return [kind for kind in GUARDRAILS if any(kind in enabled(root) for root in roots)]


def enabled(root: Answer) -> tuple[str, ...]:
    return tuple(sorted(kind["Type"] for kind in root.get("PolicyTypes") or [] if kind["Status"] == "ENABLED"))


def _none_listed(aws: Aws, api: str, answers: Answers) -> AwsError | None:
    """A bundle that lists no policy of a type that is enabled lacks the list."""
    if not aws.from_files or answers[POLICIES] or not _kinds(answers[ROOTS]):
        return None
    return AwsError(api, State.ABSENT, "organizations.list-policies.jsonl is not in the bundle")


def contents(aws: Aws, answers: Answers) -> dict[str, str | None]:
    """Policy id -> its document as text, None where a bundle lacks it. A policy that was deleted meanwhile has none."""
    found: dict[str, str | None] = {}
    failed = _none_listed(aws, CONTENT, answers)
    for policy in answers[POLICIES]:
        if policy["Id"] in FULL_ACCESS and not filed.asked(aws, CONTENT, policy["Id"]):
            found[policy["Id"]] = FULL_ACCESS[policy["Id"]]
            continue
        try:
            found[policy["Id"]] = aws.ask(CONTENT, require="Policy", PolicyId=policy["Id"])["Policy"]["Content"]
        except AwsError as error:
            if error.code == "PolicyNotFoundException":
                continue
            if not aws.from_files:
                raise
            found[policy["Id"]], failed = None, error
    if failed:
        _keep(aws, failed, found)
        raise failed
    return found


def targets(aws: Aws, answers: Answers) -> filed.Attachments:
    known = filed.Attachments()
    failed = _none_listed(aws, TARGETS, answers)
    for policy in answers[POLICIES]:
        before, lost = aws.problems(TARGETS), None
        try:
            ids = {target["TargetId"] for target in listing(aws, TARGETS, "Targets", PolicyId=policy["Id"])}
        except AwsError as error:
            if error.code == "PolicyNotFoundException":
                continue
            if not aws.from_files:
                raise
            ids, lost = set(), error
        known.targets[policy["Id"]], failed = ids, lost or failed
        if lost or aws.problems(TARGETS) != before:
            known.partial.add(policy["Id"])
    filed.add_attachments(aws, known)
    if failed:
        _keep(aws, failed, known)
        raise failed
    return known
