"""The IAM part of a CloudFormation template (YAML or JSON), as changes. Parameters have their defaults.

A template says what shall be, not what was there: what it drops from an older template cannot be seen in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from findings.analysis.planned.changes import (
    AddKey,
    Attach,
    Change,
    Holder,
    HolderKind,
    Join,
    Later,
    Plan,
    PlanError,
    PutHolder,
    PutInline,
    PutPolicy,
)
from findings.analysis.planned.intrinsics import Resolver, holds_later, load

Row = Mapping[str, Any]
KINDS = {"AWS::IAM::Role": HolderKind.ROLE, "AWS::IAM::User": HolderKind.USER, "AWS::IAM::Group": HolderKind.GROUP}
NAMES = {HolderKind.ROLE: "RoleName", HolderKind.USER: "UserName", HolderKind.GROUP: "GroupName"}
POLICIES = "AWS::IAM::ManagedPolicy"
PREFIX = "AWS::IAM::"


def read(text: str, account_id: str, partition: str) -> Plan:
    """Raises PlanError when the text is no template."""
    raw = load(text)
    resources = raw.get("Resources") if isinstance(raw, Mapping) else None
    if not isinstance(resources, Mapping):
        raise PlanError("The file is no CloudFormation template: it has no Resources.")
    rows = {str(name): row for name, row in resources.items() if isinstance(row, Mapping) and row.get("Type")}
    resolver = _resolver(raw, rows, account_id, partition)
    reading = _Reading(rows, resolver, f"arn:{partition}:iam::{account_id}")
    changes = [change for name, row in rows.items() for change in reading.resource(name, row)]
    passed_over = {str(row["Type"]) for row in rows.values() if row["Type"] not in READERS}
    return Plan(tuple(changes), tuple(dict.fromkeys(resolver.unresolved)), tuple(sorted(passed_over)))


def _resolver(raw: Row, rows: Mapping[str, Row], account_id: str, partition: str) -> Resolver:
    """What Ref and GetAtt of the template's own IAM resources give; a name that IAM will make up is the logical id."""
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    known: dict[str, Any] = {"AWS::AccountId": account_id, "AWS::Partition": partition, "AWS::URLSuffix": suffix}
    for name, parameter in (raw.get("Parameters") or {}).items():
        if isinstance(parameter, Mapping) and "Default" in parameter:
            known[str(name)] = parameter["Default"]
    attributes: dict[tuple[str, str], str] = {}
    names = Resolver(known, {})
    for logical, row in rows.items():
        arn = f"arn:{partition}:iam::{account_id}:"
        if kind := KINDS.get(row["Type"]):
            own, path = _name(row, NAMES[kind], logical, names), _path(row, names)
            known[logical] = own
            attributes[logical, "Arn"] = f"{arn}{kind.value}{path}{own}"
        elif row["Type"] == POLICIES:
            own, path = _name(row, "ManagedPolicyName", logical, names), _path(row, names)
            known[logical] = attributes[logical, "PolicyArn"] = f"{arn}policy{path}{own}"
    return Resolver(known, attributes)


def _name(row: Row, key: str, logical: str, names: Resolver) -> str:
    found = names.value(_properties(row).get(key), logical)
    return found if isinstance(found, str) else f"{logical}(planned)"


def _path(row: Row, names: Resolver) -> str:
    found = names.value(_properties(row).get("Path"), "Path")
    return found if isinstance(found, str) else "/"


def _properties(row: Row) -> Row:
    found = row.get("Properties")
    return found if isinstance(found, Mapping) else {}


class _Reading:
    def __init__(self, rows: Mapping[str, Row], resolver: Resolver, arns: str) -> None:
        self.rows = rows
        self.resolver = resolver
        self.arns = arns

    def resource(self, logical: str, row: Row) -> Iterator[Change]:
        if reader := READERS.get(row["Type"]):
            resolved = self.resolver.value(_properties(row), logical)
            yield from reader(self, logical, resolved if isinstance(resolved, Mapping) else {}, row)

    def holder(self, logical: str, properties: Row, row: Row) -> Iterator[Change]:
        kind = KINDS[row["Type"]]
        name = self.resolver.known[logical]
        boundary = properties.get("PermissionsBoundary")
        tags = properties.get("Tags")
        yield PutHolder(
            Holder(kind, name),
            path=properties["Path"] if isinstance(properties.get("Path"), str) else "/",
            trust=document(properties.get("AssumeRolePolicyDocument")) if kind is HolderKind.ROLE else None,
            boundary=None if kind is HolderKind.GROUP else boundary if isinstance(boundary, str | Later) else "",
            tags={t["Key"]: str(t.get("Value", "")) for t in tags if isinstance(t, Mapping) and "Key" in t}
            if isinstance(tags, list)
            else {},
            max_session_seconds=properties["MaxSessionDuration"]
            if isinstance(properties.get("MaxSessionDuration"), int)
            else None,
        )
        yield from (Attach(Holder(kind, name), policy) for policy in _each(properties, "ManagedPolicyArns"))
        for own in _each(properties, "Policies"):
            if isinstance(own, Mapping):
                shown = str(own.get("PolicyName", "(no name)"))
                yield PutInline(Holder(kind, name), shown, document(own.get("PolicyDocument")))
        if kind is HolderKind.USER:
            yield from (Join(name, str(group)) for group in _each(properties, "Groups"))

    def managed(self, logical: str, properties: Row, row: Row) -> Iterator[Change]:
        arn = self.resolver.known[logical]
        path = properties["Path"] if isinstance(properties.get("Path"), str) else "/"
        yield PutPolicy(arn, arn.rpartition("/")[2], path, document(properties.get("PolicyDocument")))
        yield from (Attach(holder, arn) for holder in _holders(properties))

    def inline(self, logical: str, properties: Row, row: Row) -> Iterator[Change]:
        """AWS::IAM::Policy names several holders, RolePolicy and the like one."""
        name = properties.get("PolicyName")
        shown = name if isinstance(name, str) else logical
        one = [Holder(k, properties[n]) for k, n in NAMES.items() if isinstance(properties.get(n), str)]
        for holder in one or _holders(properties):
            yield PutInline(holder, shown, document(properties.get("PolicyDocument")))

    def members(self, logical: str, properties: Row, row: Row) -> Iterator[Change]:
        if isinstance(group := properties.get("GroupName"), str):
            yield from (Join(str(user), group) for user in _each(properties, "Users"))

    def key(self, logical: str, properties: Row, row: Row) -> Iterator[Change]:
        user = properties.get("UserName")
        if isinstance(user, str) and properties.get("Status", "Active") != "Inactive":
            yield AddKey(user, logical)


Reader = Callable[[_Reading, str, Row, Row], Iterator[Change]]
READERS: Mapping[str, Reader] = {
    **dict.fromkeys(KINDS, _Reading.holder),
    POLICIES: _Reading.managed,
    "AWS::IAM::Policy": _Reading.inline,
    "AWS::IAM::RolePolicy": _Reading.inline,
    "AWS::IAM::UserPolicy": _Reading.inline,
    "AWS::IAM::GroupPolicy": _Reading.inline,
    "AWS::IAM::UserToGroupAddition": _Reading.members,
    "AWS::IAM::AccessKey": _Reading.key,
}


def document(value: Any) -> Any:
    """A policy document; one with a hole in it is not known as a whole, since the hole may widen it."""
    return holds_later(value) or value


def _each(properties: Row, key: str) -> list[Any]:
    found = properties.get(key)
    return found if isinstance(found, list) else [] if found is None else [found]


def _holders(properties: Row) -> Iterator[Holder]:
    for kind, key in ((HolderKind.ROLE, "Roles"), (HolderKind.USER, "Users"), (HolderKind.GROUP, "Groups")):
        yield from (Holder(kind, name) for name in _each(properties, key) if isinstance(name, str))
