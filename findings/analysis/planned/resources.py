"""The resources of Terraform's AWS provider that are identities, policies, or give one to the other. Each reader makes changes
of one side of a resource, before or after the plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from findings.analysis.planned.changes import (
    AddKey,
    Attach,
    Change,
    Holder,
    HolderKind,
    Join,
    Later,
    PutHolder,
    PutInline,
    PutPolicy,
    PutProfile,
)
from findings.analysis.planned.references import References
from findings.policy.raw import MAX_DEPTH

Row = Mapping[str, Any]
KINDS = {"aws_iam_policy": "policy", **{f"aws_iam_{kind.value}": kind.value for kind in HolderKind}}
DOCUMENT = "aws_iam_policy_document"
ELEMENTS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
MERGED = ("source_json", "override_json", "source_policy_documents", "override_policy_documents")


@dataclass(frozen=True)
class Side:
    """A resource before or after the plan. unknown: what of its values only the apply tells. before: those that an after side
    takes the place of."""

    address: str
    module: str
    type: str
    values: Row
    unknown: Row = field(default_factory=dict)
    before: Row = field(default_factory=dict)

    @property
    def local(self) -> str:
        """Its address in its module."""
        return self.address.removeprefix(self.module)

    def later(self, name: str) -> bool:
        """Whether the attribute, or a part of it, is told only by the apply."""
        return _any(self.unknown.get(name))

    def untouched(self, name: str) -> bool:
        """Whether the plan leaves the attribute as it was."""
        return name in self.before and not self.later(name) and self.before[name] == self.values.get(name)


class Reading:
    """made: all resources of the plan by address, as they will be. arns: what IAM's ARNs of the account begin with."""

    def __init__(self, made: Mapping[str, Side], configuration: Any, arns: str) -> None:
        self.made = made
        self.arns = arns
        self.unresolved: list[str] = []
        self._references = References(configuration, frozenset(made))

    def missing(self, side: Side, name: str) -> Later:
        later = Later(f"{side.address}.{name}")
        self.unresolved.append(f"{later}.")
        return later

    def target(self, side: Side, *path: str | int) -> Side | None:
        return self.made.get(self._references.target(side.module, side.local, *path))

    def name(self, side: Side) -> str:
        """The name of a role, user, group or policy; one that is made up only then has its place's."""
        given = side.values.get("name")
        if isinstance(given, str) and not side.later("name"):
            return given
        prefix = side.values.get("name_prefix")
        own = side.local.partition(".")[2]
        return f"{prefix}{own}(planned)" if isinstance(prefix, str) else f"{own}(planned)"

    def arn(self, side: Side) -> str:
        known = side.values.get("arn")
        if isinstance(known, str) and not side.later("arn"):
            return known
        return f"{self.arns}:{KINDS[side.type]}{_path(side)}{self.name(side)}"

    def text(self, side: Side, name: str, kind: str) -> str | Later:
        """An attribute that holds the name of a holder, or the ARN of a policy. kind: which. "" when it has none."""
        if not side.later(name):
            value = side.values.get(name)
            return value if isinstance(value, str) else ""
        found = self.target(side, name)
        if found is None or KINDS.get(found.type) != kind:
            return self.missing(side, name)
        return self.arn(found) if kind == "policy" else self.name(found)

    def texts(self, side: Side, name: str) -> Iterator[str]:
        """The members of a list that are known."""
        if side.later(name):
            self.missing(side, name)
        value = side.values.get(name)
        yield from (one for one in value if isinstance(one, str)) if isinstance(value, list) else ()

    def document(self, side: Side, name: str) -> Any:
        """A policy document; text that is no JSON stays text, and is then an unreadable document."""
        if not side.later(name):
            return parsed(side.values.get(name))
        found = self.target(side, name)
        if found is not None and found.type == DOCUMENT and (body := rendered(found)):
            self.unresolved += [f"{later}." for later in body["Statement"] if isinstance(later, Later)]
            return body
        return self.missing(side, name)


def parsed(text: Any) -> Any:
    """What is no JSON, or nests so deeply that no policy does, stays text: reading the document says what is wrong."""
    if not isinstance(text, str):
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    level = [found]
    for _ in range(MAX_DEPTH):
        level = [inner for one in level for inner in _inner(one)]
    return text if level else found


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def rendered(side: Side) -> dict[str, Any] | None:
    """The document of a data source that is read only by the apply: its statements are in the plan, those with an unknown part
    are Later. None: it is joined with documents that we do not see."""
    rows, unknown = side.values.get("statement"), side.unknown.get("statement")
    if any(side.values.get(name) or side.later(name) for name in MERGED) or not isinstance(rows, list):
        return None
    marks = unknown if isinstance(unknown, list) else [unknown] * len(rows)
    statements = [
        Later(f"{side.address}.statement[{number}]") if _any(mark) else _statement(row)
        for number, (row, mark) in enumerate(zip(rows, [*marks, *[False] * len(rows)], strict=False))
    ]
    return {"Version": side.values.get("version") or "2012-10-17", "Statement": statements}


def _statement(row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        return {}
    found: dict[str, Any] = {"Effect": row.get("effect") or "Allow"}
    if row.get("sid"):
        found["Sid"] = row["sid"]
    found |= {element: row[name] for name, element in ELEMENTS.items() if row.get(name)}
    for name, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if blocks := _blocks(row.get(name)):
            found[element] = _principals(blocks)
    condition: dict[str, dict[str, list[Any]]] = {}
    for block in _blocks(row.get("condition")):
        keys = condition.setdefault(str(block.get("test")), {})
        keys.setdefault(str(block.get("variable")), []).extend(_list(block.get("values")))
    return {**found, "Condition": condition} if condition else found


def _principals(blocks: list[Row]) -> Any:
    found: dict[str, list[Any]] = {}
    for block in blocks:
        found.setdefault(str(block.get("type")), []).extend(_list(block.get("identifiers")))
    return "*" if "*" in found else found


def _blocks(value: Any) -> list[Row]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _any(mark: Any) -> bool:
    """Whether a mark of after_unknown, which has the shape of the value, says "unknown" anywhere."""
    waiting = [mark]
    while waiting:
        one = waiting.pop()
        if one is True:
            return True
        waiting += _inner(one)
    return False


def _path(side: Side) -> str:
    path = side.values.get("path")
    return path if isinstance(path, str) and path else "/"


# -- readers


def _holder(kind: HolderKind) -> Reader:
    def reader(reading: Reading, side: Side) -> Iterator[Change]:
        bounded = kind is not HolderKind.GROUP and not side.untouched("permissions_boundary")
        session = side.values.get("max_session_duration")
        yield PutHolder(
            Holder(kind, reading.name(side)),
            path=_path(side),
            trust=reading.document(side, "assume_role_policy") if kind is HolderKind.ROLE else None,
            boundary=reading.text(side, "permissions_boundary", "policy") if bounded else None,
            tags=_tags(reading, side),
            max_session_seconds=session if isinstance(session, int) and kind is HolderKind.ROLE else None,
            inline=_inline_blocks(reading, side),
            attached=_attached_here(reading, side),
        )

    return reader


def _tags(reading: Reading, side: Side) -> Mapping[str, str] | None:
    if side.later("tags_all") or side.later("tags"):
        reading.missing(side, "tags")
        return None
    tags = side.values.get("tags_all") or side.values.get("tags")
    return {str(key): str(value) for key, value in tags.items()} if isinstance(tags, Mapping) else {}


def _inline_blocks(reading: Reading, side: Side) -> Mapping[str, Any] | None:
    """None: the plan leaves them to others. A block that is new or changed makes the blocks all that there is."""
    blocks = _blocks(side.values.get("inline_policy"))
    if side.untouched("inline_policy") or not (blocks or side.before.get("inline_policy")):
        return None
    if side.unknown.get("inline_policy") is True:  # computed: no block stands in the configuration
        return None
    marks = _list(side.unknown.get("inline_policy"))
    found: dict[str, Any] = {}
    for number, block in enumerate(blocks):
        later = number < len(marks) and _any(marks[number])
        name = block.get("name") or f"inline_policy[{number}]"
        place = f"inline_policy[{number}].policy"
        found[str(name)] = reading.missing(side, place) if later else parsed(block.get("policy"))
    return {name: body for name, body in found.items() if body not in (None, "")}


def _attached_here(reading: Reading, side: Side) -> tuple[str | Later, ...] | None:
    """managed_policy_arns, where the configuration sets it. Else the provider computes it from what others attach."""
    listed = [one for one in _list(side.values.get("managed_policy_arns")) if isinstance(one, str)]
    if side.untouched("managed_policy_arns") or side.unknown.get("managed_policy_arns") is True:
        return None
    later = (reading.missing(side, "managed_policy_arns"),) if side.later("managed_policy_arns") else ()
    return (*listed, *later) if listed or later or side.before.get("managed_policy_arns") else None


def _policy(reading: Reading, side: Side) -> Iterator[Change]:
    yield PutPolicy(reading.arn(side), reading.name(side), _path(side), reading.document(side, "policy"))


def _inline(kind: HolderKind) -> Reader:
    def reader(reading: Reading, side: Side) -> Iterator[Change]:
        holder, name = reading.text(side, kind.value, kind.value), side.values.get("name")
        if isinstance(holder, str):
            shown = name if isinstance(name, str) and not side.later("name") else side.address
            yield PutInline(Holder(kind, _last(holder)), shown, reading.document(side, "policy"))

    return reader


def _attachment(kind: HolderKind) -> Reader:
    def reader(reading: Reading, side: Side) -> Iterator[Change]:
        holder = reading.text(side, kind.value, kind.value)
        if isinstance(holder, str):
            yield Attach(Holder(kind, _last(holder)), reading.text(side, "policy_arn", "policy"))

    return reader


def _attachments(reading: Reading, side: Side) -> Iterator[Change]:
    policy = reading.text(side, "policy_arn", "policy")
    for kind in HolderKind:
        yield from (Attach(Holder(kind, _last(name)), policy) for name in reading.texts(side, f"{kind.value}s"))


def _membership(reading: Reading, side: Side) -> Iterator[Change]:
    if side.type == "aws_iam_group_membership":
        group = reading.text(side, "group", "group")
        if isinstance(group, str):
            yield from (Join(user, group) for user in reading.texts(side, "users"))
        return
    user = reading.text(side, "user", "user")
    if isinstance(user, str):
        yield from (Join(user, group) for group in reading.texts(side, "groups"))


def _profile(reading: Reading, side: Side) -> Iterator[Change]:
    role = reading.text(side, "role", "role")
    if isinstance(role, str) and role:
        yield PutProfile(reading.name(side), role)


def _key(reading: Reading, side: Side) -> Iterator[Change]:
    user = reading.text(side, "user", "user")
    if isinstance(user, str) and side.values.get("status", "Active") != "Inactive" and not side.before:
        yield AddKey(user, side.address)


def _last(name_or_arn: str) -> str:
    return name_or_arn.rpartition("/")[2] if name_or_arn.startswith("arn:") else name_or_arn


Reader = Callable[[Reading, Side], Iterator[Change]]
READERS: Mapping[str, Reader] = {
    **{f"aws_iam_{kind.value}": _holder(kind) for kind in HolderKind},
    **{f"aws_iam_{kind.value}_policy": _inline(kind) for kind in HolderKind},
    **{f"aws_iam_{kind.value}_policy_attachment": _attachment(kind) for kind in HolderKind},
    "aws_iam_policy": _policy,
    "aws_iam_policy_attachment": _attachments,
    "aws_iam_group_membership": _membership,
    "aws_iam_user_group_membership": _membership,
    "aws_iam_instance_profile": _profile,
    "aws_iam_access_key": _key,
}
