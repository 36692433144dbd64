"""The IAM part of a CloudFormation template, as changes. Parameters have their defaults.

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
    PutProfile,
)
from findings.analysis.planned.intrinsics import Resolver, circle

Row = Mapping[str, Any]
KINDS = {"AWS::IAM::Role": HolderKind.ROLE, "AWS::IAM::User": HolderKind.USER, "AWS::IAM::Group": HolderKind.GROUP}
NAMES = {HolderKind.ROLE: "RoleName", HolderKind.USER: "UserName", HolderKind.GROUP: "GroupName"}
POLICIES, PROFILES = "AWS::IAM::ManagedPolicy", "AWS::IAM::InstanceProfile"
MAKERS = (  # of other services, what may make or bind identities
    "AWS::IAM::",
    "AWS::CloudFormation::",
    "AWS::Organizations::Policy",
    "AWS::SSO::",
    "AWS::Serverless::",
    "AWS::ServiceCatalog::CloudFormation",
    "Custom::",
)
HARMLESS = ("AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle")
LONGEST_NAME = 128
REGIONS = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def read(raw: Any, account_id: str, partition: str) -> Plan:
    """raw: what template_text.load makes. Raises PlanError when it is no template."""
    resources = raw.get("Resources") if isinstance(raw, Mapping) else None
    if not isinstance(resources, Mapping):
        raise PlanError("It is no CloudFormation template: it has no Resources.")
    if found := circle(raw):
        raise PlanError(
            f"The resources {', '.join(found)} refer to each other in a circle; CloudFormation refuses that."
        )
    return _Template(raw, resources, account_id, partition).read()


class _Template:
    def __init__(self, raw: Row, resources: Row, account_id: str, partition: str) -> None:
        self.raw = raw
        self.arns = f"arn:{partition}:iam::{account_id}"
        self.rows = {str(name): row for name, row in resources.items() if _type(row)}
        self.odd = [str(name) for name, row in resources.items() if not _type(row)]
        self.assumed: list[str] = []
        self.known = _known(raw, account_id, partition)
        self.resolver = Resolver(raw, self.known, self.own, self.attribute)
        self._names: dict[str, str] = {}

    def read(self) -> Plan:
        changes = [change for name, row in self.rows.items() for change in self.resource(name, row)]
        unread = {kind for row in self.rows.values() if (kind := _type(row)) not in READERS and not _makes(kind)}
        text = str(self.raw)
        taken = [f"{name} is taken as {value}." for name, value in _placeholders(self.known) if name in text]
        return Plan(
            tuple(changes),
            tuple(dict.fromkeys(self.resolver.unresolved)),
            tuple(self._not_understood()),
            (*self.assumed, *taken),
            tuple(sorted(unread)),
        )

    def _not_understood(self) -> Iterator[str]:
        for name, row in self.rows.items():
            if (kind := _type(row)) not in READERS and _makes(kind):
                yield f"{name} ({kind}) is not understood, so what it changes is not judged."
        yield from (f"{name} in Resources has no Type, so it is not judged." for name in self.odd)
        transforms = self.raw.get("Transform")
        for one in transforms if isinstance(transforms, list) else [transforms] if transforms else []:
            called = one.get("Name") if isinstance(one, Mapping) else one
            yield f"The transform {called} is not applied: what it adds is not judged."

    def resource(self, logical: str, row: Row) -> Iterator[Change]:
        reader = READERS.get(_type(row))
        if reader is None or not self._made(logical, row.get("Condition")):
            return
        resolved = self.resolver.value(_properties(row), logical)
        yield from reader(self, logical, resolved if isinstance(resolved, Mapping) else {}, _type(row))

    def _made(self, logical: str, condition: Any) -> bool:
        """Whether the resource is made; where that hangs on a condition that is not known, it is taken to be."""
        if condition is None:
            return True
        holds = self.resolver.condition(condition)
        if holds is None:
            self.resolver.unresolved.append(
                f"{logical}: whether it is made hangs on condition {condition}, which is not known; it is taken to be."
            )
        elif not holds:
            self.assumed.append(f"{logical} is left out: condition {condition} does not hold with the defaults.")
        return holds is not False

    def own(self, logical: str) -> str | None:
        """What Ref gives."""
        kind = _type(self.rows.get(logical))
        if kind == POLICIES:
            return f"{self.arns}:policy{self.path(logical)}{self.name(logical, 'ManagedPolicyName')}"
        if kind == PROFILES:
            return self.name(logical, "InstanceProfileName")
        return self.name(logical, NAMES[KINDS[kind]]) if kind in KINDS else None

    def attribute(self, logical: str, attribute: str) -> str | None:
        kind, own = _type(self.rows.get(logical)), self.own(logical)
        if own is None:
            return None
        if kind == POLICIES:
            return own if attribute == "PolicyArn" else None
        what = "instance-profile" if kind == PROFILES else KINDS[kind].value
        return f"{self.arns}:{what}{self.path(logical)}{own}" if attribute == "Arn" else None

    def name(self, logical: str, key: str) -> str:
        """A name that IAM will make up, or would refuse, is the logical id."""
        if logical not in self._names:
            found = self.quietly(_properties(self.rows[logical]).get(key), logical)
            given = isinstance(found, str) and len(found) <= LONGEST_NAME
            self._names[logical] = str(found) if given else f"{logical}(planned)"
        return self._names[logical]

    def path(self, logical: str) -> str:
        found = self.quietly(_properties(self.rows[logical]).get("Path"), logical)
        return found if isinstance(found, str) else "/"

    def quietly(self, raw: Any, at: str) -> Any:
        """What could not be told is said where the resource itself is read."""
        said = len(self.resolver.unresolved)
        found = self.resolver.value(raw, at)
        del self.resolver.unresolved[said:]
        return found

    # -- readers

    def holder(self, logical: str, properties: Row, type_: str) -> Iterator[Change]:
        kind = KINDS[type_]
        holder = Holder(kind, self.own(logical) or logical)
        boundary = properties.get("PermissionsBoundary")
        yield PutHolder(
            holder,
            path=self.path(logical),
            trust=properties.get("AssumeRolePolicyDocument") if kind is HolderKind.ROLE else None,
            boundary=None if kind is HolderKind.GROUP else boundary if isinstance(boundary, str | Later) else "",
            tags=_tags(properties.get("Tags")),
            max_session_seconds=_number(properties.get("MaxSessionDuration")),
        )
        yield from (Attach(holder, policy) for policy in _each(properties, "ManagedPolicyArns") if _told(policy))
        for own in _each(properties, "Policies"):
            if isinstance(own, Mapping):
                yield PutInline(holder, _text(own.get("PolicyName"), logical), own.get("PolicyDocument"))
            elif isinstance(own, Later):
                yield PutInline(holder, logical, own)
        if kind is HolderKind.USER:
            yield from (Join(holder.name, group) for group in _each(properties, "Groups") if isinstance(group, str))

    def managed(self, logical: str, properties: Row, type_: str) -> Iterator[Change]:
        arn = self.own(logical) or logical
        yield PutPolicy(arn, arn.rpartition("/")[2], self.path(logical), properties.get("PolicyDocument"))
        yield from (Attach(holder, arn) for holder in _holders(properties))

    def inline(self, logical: str, properties: Row, type_: str) -> Iterator[Change]:
        """AWS::IAM::Policy names several holders, RolePolicy and the like one."""
        one = [Holder(k, properties[n]) for k, n in NAMES.items() if isinstance(properties.get(n), str)]
        for holder in one or _holders(properties):
            yield PutInline(holder, _text(properties.get("PolicyName"), logical), properties.get("PolicyDocument"))

    def members(self, logical: str, properties: Row, type_: str) -> Iterator[Change]:
        if isinstance(group := properties.get("GroupName"), str):
            yield from (Join(user, group) for user in _each(properties, "Users") if isinstance(user, str))

    def profile(self, logical: str, properties: Row, type_: str) -> Iterator[Change]:
        for role in _each(properties, "Roles"):
            if isinstance(role, str):
                yield PutProfile(self.own(logical) or logical, role)

    def key(self, logical: str, properties: Row, type_: str) -> Iterator[Change]:
        user = properties.get("UserName")
        if isinstance(user, str) and properties.get("Status", "Active") != "Inactive":
            yield AddKey(user, logical)


Reader = Callable[[_Template, str, Row, str], Iterator[Change]]
READERS: Mapping[str, Reader] = {
    **dict.fromkeys(KINDS, _Template.holder),
    POLICIES: _Template.managed,
    PROFILES: _Template.profile,
    "AWS::IAM::Policy": _Template.inline,
    "AWS::IAM::RolePolicy": _Template.inline,
    "AWS::IAM::UserPolicy": _Template.inline,
    "AWS::IAM::GroupPolicy": _Template.inline,
    "AWS::IAM::UserToGroupAddition": _Template.members,
    "AWS::IAM::AccessKey": _Template.key,
}


def _known(raw: Row, account_id: str, partition: str) -> dict[str, Any]:
    """Pseudo parameters, and parameters with a default. That of an SSM parameter is its name, not its value."""
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    known: dict[str, Any] = {"AWS::AccountId": account_id, "AWS::Partition": partition, "AWS::URLSuffix": suffix}
    known |= {
        "AWS::Region": REGIONS.get(partition, "us-east-1"),
        "AWS::StackName": "(stack)",
        "AWS::StackId": "(stack)",
    }
    parameters = raw.get("Parameters")
    for name, parameter in parameters.items() if isinstance(parameters, Mapping) else ():
        kind = str(parameter.get("Type")) if isinstance(parameter, Mapping) else ""
        if isinstance(parameter, Mapping) and "Default" in parameter and not kind.startswith("AWS::SSM::"):
            default = str(parameter["Default"])
            listed = kind.startswith("List<") or kind == "CommaDelimitedList"
            known[str(name)] = [one.strip() for one in default.split(",")] if listed else default
    return known


def _placeholders(known: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, known[name]) for name in ("AWS::Region", "AWS::StackName", "AWS::StackId")]


def _makes(kind: str) -> bool:
    return kind.startswith(MAKERS) and kind not in HARMLESS


def _type(row: Any) -> str:
    kind = row.get("Type") if isinstance(row, Mapping) else None
    return kind if isinstance(kind, str) else ""


def _properties(row: Row) -> Row:
    found = row.get("Properties")
    return found if isinstance(found, Mapping) else {}


def _each(properties: Row, key: str) -> list[Any]:
    found = properties.get(key)
    return found if isinstance(found, list) else [] if found is None else [found]


def _holders(properties: Row) -> Iterator[Holder]:
    for kind, key in ((HolderKind.ROLE, "Roles"), (HolderKind.USER, "Users"), (HolderKind.GROUP, "Groups")):
        yield from (Holder(kind, name) for name in _each(properties, key) if isinstance(name, str))


def _tags(value: Any) -> Mapping[str, str]:
    tags = value if isinstance(value, list) else []
    return {str(t["Key"]): str(t.get("Value", "")) for t in tags if isinstance(t, Mapping) and "Key" in t}


def _told(policy: Any) -> bool:
    return isinstance(policy, str | Later)


def _text(value: Any, otherwise: str) -> str:
    return value if isinstance(value, str) else otherwise


def _number(value: Any) -> int | None:
    return int(str(value)) if str(value).isdecimal() else None
