"""The IAM part of a Terraform plan, as `terraform show -json tfplan` prints it (format 1.x, HashiCorp's JSON output format).

`resource_changes` hold values before and after; `after_unknown` marks what only the apply tells. Most of those are ARNs of
policies and names of roles that the same plan makes: the plan's `configuration` says which resource they refer to, and IAM's
ARNs follow from the names, so they are worked out here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from findings.analysis.planned.changes import (
    AddKey,
    Attach,
    Change,
    Holder,
    HolderKind,
    Join,
    Lasting,
    Later,
    Plan,
    PlanError,
    PutHolder,
    PutInline,
    PutPolicy,
    Remove,
)

Row = Mapping[str, Any]
Reader = Callable[["_Reading", "_Side"], Iterator[Change]]


def read(raw: Any, account_id: str, partition: str) -> Plan:
    """raw: the parsed JSON. Raises PlanError when it is no plan."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("resource_changes", []), list):
        raise PlanError(
            "The file is no Terraform plan in JSON; make it with `terraform show -json tfplan > tfplan.json`."
        )
    if "format_version" not in raw:
        raise PlanError("The plan has no format_version: `terraform show -json tfplan` writes one. Was it cut?")
    return _Reading(raw, account_id, partition).plan()


@dataclass(frozen=True)
class _Side:
    """A resource before or after the plan."""

    address: str
    module: str
    type: str
    key: str
    values: Row
    unknown: Row = field(default_factory=dict)

    def later(self, name: str) -> bool:
        """Whether the whole attribute is told only by the apply."""
        return self.unknown.get(name) is True


class _Reading:
    def __init__(self, raw: Row, account_id: str, partition: str) -> None:
        self.arns = f"arn:{partition}:iam::{account_id}"
        self.rows = [
            row
            for row in raw["resource_changes"]
            if isinstance(row, Mapping) and isinstance(row.get("change"), Mapping)
        ]
        self.unresolved: list[str] = []
        self.references = dict(_references(raw.get("configuration", {}).get("root_module", {}), ""))
        self.made = {side.address: side for row in self.rows if (side := _side(row, "after"))}

    def plan(self) -> Plan:
        changes: list[Change] = []
        passed_over: set[str] = set()
        for row in self.rows:
            actions = row["change"].get("actions") or []
            if row.get("mode", "managed") != "managed" or actions in (["no-op"], ["read"], []):
                continue
            reader = READERS.get(row.get("type", ""))
            if reader is None:
                passed_over.add(str(row.get("type", "")))
                continue
            before, after = _side(row, "before"), _side(row, "after")
            gone = list(reader(self, before)) if before else []
            come = list(reader(self, after)) if after and "delete" not in actions[-1:] else []
            kept = {_identity(change) for change in come}
            changes += [Remove(old) for old in gone if isinstance(old, Lasting) and _identity(old) not in kept]
            changes += come
        return Plan(tuple(changes), tuple(dict.fromkeys(self.unresolved)), tuple(sorted(passed_over)))

    def text(self, side: _Side, name: str) -> str | Later:
        """A string attribute; resolved through the configuration where the plan does not know it yet."""
        value = side.values.get(name)
        if isinstance(value, str) and not side.later(name):
            return value
        if not side.later(name):
            return ""
        for reference in self.references.get((side.module, _plain(side.address, side.module), name), ()):
            if found := self._referred(side.module, reference):
                return found
        self.unresolved.append(f"{side.address}.{name} is known only after the apply.")
        return Later(f"{side.address}.{name}")

    def _referred(self, module: str, reference: str) -> str:
        """The value of "aws_iam_policy.x.arn" in a module, "" when it cannot be told."""
        kind, _, rest = reference.partition(".")
        name, _, attribute = rest.partition(".")
        address = f"{module}{kind}.{name}"
        candidates = [a for a in self.made if a == address or a.startswith(address + "[")]
        if len(candidates) != 1:
            return ""
        target = self.made[candidates[0]]
        own = target.values.get("name")
        if not isinstance(own, str):
            return ""
        if attribute in ("name", "id") and kind != "aws_iam_policy":
            return own
        entity = {"aws_iam_policy": "policy", "aws_iam_role": "role", "aws_iam_user": "user", "aws_iam_group": "group"}
        if attribute in ("arn", "id") and kind in entity:
            return f"{self.arns}:{entity[kind]}{target.values.get('path') or '/'}{own}"
        return ""

    def document(self, side: _Side, name: str) -> Any:
        """A policy document; text that is no JSON stays text, and is then an unreadable document."""
        if side.later(name):
            self.unresolved.append(f"{side.address}.{name} is known only after the apply.")
            return Later(f"{side.address}.{name}")
        return parsed(side.values.get(name))


def parsed(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _side(row: Row, which: str) -> _Side | None:
    change = row["change"]
    values = change.get(which)
    if not isinstance(values, Mapping):
        return None
    unknown = change.get("after_unknown") if which == "after" else {}
    module = f"{row['module_address']}." if row.get("module_address") else ""
    address = str(row.get("address", ""))
    return _Side(
        address,
        module,
        str(row.get("type", "")),
        str(row.get("name", "")),
        values,
        unknown if isinstance(unknown, Mapping) else {},
    )


def _plain(address: str, module: str) -> str:
    """Without the module and the index of count or for_each: the name in the configuration."""
    return address.removeprefix(module).partition("[")[0]


def _references(module: Any, prefix: str) -> Iterator[tuple[tuple[str, str, str], tuple[str, ...]]]:
    """(module, address in it, attribute) -> what the attribute's expression refers to."""
    if not isinstance(module, Mapping):
        return
    for resource in module.get("resources", []):
        for name, expression in (resource.get("expressions") or {}).items():
            if isinstance(expression, Mapping) and expression.get("references"):
                yield (prefix, str(resource.get("address", "")), name), tuple(map(str, expression["references"]))
    for name, call in (module.get("module_calls") or {}).items():
        yield from _references(call.get("module"), f"{prefix}module.{name}.")


def _identity(change: Change) -> tuple[Any, ...]:
    match change:
        case PutHolder(holder=holder):
            return ("holder", holder)
        case PutPolicy(arn=arn):
            return ("policy", arn)
        case PutInline(holder=holder, name=name):
            return ("inline", holder, name)
        case _:
            return ("other", change)


def _holder(kind: HolderKind) -> Reader:
    def reader(reading: _Reading, side: _Side) -> Iterator[Change]:
        name = reading.text(side, "name")
        if isinstance(name, Later):
            prefix = side.values.get("name_prefix") or side.key
            name = f"{prefix}(planned)"
        boundary = reading.text(side, "permissions_boundary")
        yield PutHolder(
            Holder(kind, name),
            path=side.values.get("path") or "/",
            trust=reading.document(side, "assume_role_policy") if kind is HolderKind.ROLE else None,
            boundary=boundary if kind is not HolderKind.GROUP else None,
            tags=side.values.get("tags_all") or side.values.get("tags") or {},
            max_session_seconds=side.values.get("max_session_duration") if kind is HolderKind.ROLE else None,
            inline=_inline_blocks(side),
            attached=tuple(side.values["managed_policy_arns"]) if side.values.get("managed_policy_arns") else None,
        )

    return reader


def _inline_blocks(side: _Side) -> Mapping[str, Any] | None:
    blocks = [b for b in side.values.get("inline_policy") or [] if isinstance(b, Mapping) and b.get("name")]
    return {b["name"]: parsed(b.get("policy")) for b in blocks} if blocks else None


def _policy(reading: _Reading, side: _Side) -> Iterator[Change]:
    name, path = reading.text(side, "name"), side.values.get("path") or "/"
    if isinstance(name, Later):
        name = f"{side.values.get('name_prefix') or side.key}(planned)"
    arn = side.values.get("arn") or f"{reading.arns}:policy{path}{name}"
    yield PutPolicy(arn, name, path, reading.document(side, "policy"))


def _inline(kind: HolderKind) -> Reader:
    def reader(reading: _Reading, side: _Side) -> Iterator[Change]:
        holder, name = reading.text(side, kind.value), reading.text(side, "name")
        if isinstance(holder, str):
            shown = name if isinstance(name, str) else side.address
            yield PutInline(Holder(kind, _last(holder)), shown, reading.document(side, "policy"))

    return reader


def _attachment(kind: HolderKind) -> Reader:
    def reader(reading: _Reading, side: _Side) -> Iterator[Change]:
        holder = reading.text(side, kind.value)
        if isinstance(holder, str):
            yield Attach(Holder(kind, _last(holder)), reading.text(side, "policy_arn"))

    return reader


def _attachments(reading: _Reading, side: _Side) -> Iterator[Change]:
    policy = reading.text(side, "policy_arn")
    for kind in HolderKind:
        for name in side.values.get(f"{kind.value}s") or []:
            yield Attach(Holder(kind, _last(str(name))), policy)


def _membership(reading: _Reading, side: _Side) -> Iterator[Change]:
    if side.type == "aws_iam_group_membership":
        group = reading.text(side, "group")
        if isinstance(group, str):
            yield from (Join(str(user), group) for user in side.values.get("users") or [])
        return
    user = reading.text(side, "user")
    if isinstance(user, str):
        yield from (Join(user, str(group)) for group in side.values.get("groups") or [])


def _key(reading: _Reading, side: _Side) -> Iterator[Change]:
    user = reading.text(side, "user")
    if isinstance(user, str) and side.values.get("status", "Active") != "Inactive":
        yield AddKey(user, side.address)


def _last(name_or_arn: str) -> str:
    return name_or_arn.rpartition("/")[2] if name_or_arn.startswith("arn:") else name_or_arn


READERS: Mapping[str, Reader] = {
    **{f"aws_iam_{kind.value}": _holder(kind) for kind in HolderKind},
    **{f"aws_iam_{kind.value}_policy": _inline(kind) for kind in HolderKind},
    **{f"aws_iam_{kind.value}_policy_attachment": _attachment(kind) for kind in HolderKind},
    "aws_iam_policy": _policy,
    "aws_iam_policy_attachment": _attachments,
    "aws_iam_group_membership": _membership,
    "aws_iam_user_group_membership": _membership,
    "aws_iam_access_key": _key,
}
