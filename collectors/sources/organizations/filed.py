"""What a bundle tells of the tree and of attachments by questions that we do not ask AWS, because somebody made it by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.sources.organizations.names import CHILDREN, MEMBERS, OF_TARGET, PARENTS, UNITS


@dataclass(frozen=True)
class Attachments:
    """targets: policy id -> ids of what it is attached to. partial: policies that may be attached elsewhere too.

    read: id of a root, OU or account -> policy types of which all that is attached to it was read.
    """

    targets: dict[str, set[str]] = field(default_factory=dict)
    partial: set[str] = field(default_factory=set)
    read: dict[str, set[str]] = field(default_factory=dict)


def _answers(aws: Aws, api: str, member: str, parameter: str) -> Iterator[tuple[Mapping[str, str], list[Answer], bool]]:
    """Each request that the bundle holds and that names the parameter, what was answered, and whether that is whole."""
    requests: list[dict[str, str]] = []
    with suppress(AwsError):  # a file that cannot be read tells nothing
        requests = aws.requests(api)
    for request in requests:
        before = aws.problems(api)
        with suppress(AwsError):
            pages = list(aws.pages(api, require=member, token="NextToken", **request))  # noqa: S106 - a page token
            found = [one for page in pages for one in page[member] if isinstance(one.get("Id"), str)]
            if parameter in request:
                yield request, found, aws.problems(api) == before


def asked(aws: Aws, api: str, policy: str) -> bool:
    """Whether there is an answer on this policy to be had: of AWS always, of a bundle where it has the line."""
    if not aws.from_files:
        return True
    with suppress(AwsError):  # a file that cannot be read, or is not there, has no line
        return any(request.get("PolicyId") == policy for request in aws.requests(api))
    return False


def parents(aws: Aws) -> dict[str, str]:
    """Id of an OU or account -> id of what it lies in."""
    found: dict[str, str] = {}
    for api, member in ((UNITS, "OrganizationalUnits"), (MEMBERS, "Accounts"), (CHILDREN, "Children")):
        for request, nodes, _ in _answers(aws, api, member, "ParentId"):
            found |= {node["Id"]: request["ParentId"] for node in nodes}
    for request, above, _ in _answers(aws, PARENTS, "Parents", "ChildId"):
        found.update((request["ChildId"], node["Id"]) for node in above[:1])
    return found


def nodes(aws: Aws) -> set[str]:
    """Ids of the roots, OUs and accounts that any of these answers names."""
    tree = parents(aws)
    return {
        *tree,
        *tree.values(),
        *(request["TargetId"] for request, _, _ in _answers(aws, OF_TARGET, "Policies", "TargetId")),
    }


def accounts(aws: Aws) -> list[Answer]:
    return [account for _, found, _ in _answers(aws, MEMBERS, "Accounts", "ParentId") for account in found]


def policies(aws: Aws) -> list[Answer]:
    """Those that are attached somewhere; a list of all may hold more."""
    answers = _answers(aws, OF_TARGET, "Policies", "TargetId")
    named = (
        policy | {"Type": policy.get("Type", request.get("Filter", ""))}
        for request, found, _ in answers
        for policy in found
    )
    return list({policy["Id"]: policy for policy in named}.values())


def add_attachments(aws: Aws, known: Attachments) -> None:
    for request, found, whole in _answers(aws, OF_TARGET, "Policies", "TargetId"):
        target = request["TargetId"]
        for policy in found:
            known.targets.setdefault(policy["Id"], set()).add(target)
        if whole and "Filter" in request:
            known.read.setdefault(target, set()).add(request["Filter"])
