"""Proposed policies as what an operator can use: JSON, Terraform, AWS CLI, and the way back.

Names and documents come from AWS accounts, whose owners choose them: everything is quoted for the language it stands in.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewPolicy:
    name: str
    document: Json


@dataclass(frozen=True, slots=True)
class Holding:
    """What a principal has now. managed: ARNs; inline: name -> document; groups: those a user gets policies from."""

    managed: tuple[str, ...] = ()
    inline: Mapping[str, Json] = field(default_factory=dict)
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """New managed policies in place of what a role or user has. kind: "role" or "user". boundary: the policy is set as
    permissions boundary of `names` and takes nothing away."""

    kind: str
    names: tuple[str, ...]
    partition: str
    account_id: str
    new: tuple[NewPolicy, ...]
    old: Holding = Holding()
    boundary: bool = False

    @property
    def name(self) -> str:
        return self.names[0]

    def arn(self, policy: NewPolicy) -> str:
        return f"arn:{self.partition}:iam::{self.account_id}:policy/{policy.name}"


def to_json(document: Json) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def terraform(change: Change) -> str:
    """Resources for the new policies; what to take out of the configuration stands in comments."""
    blocks = [_terraform_one(change, number, policy) for number, policy in enumerate(change.new, 1)]
    gone = [f"# Take out: {comment(what)}" for what in _held(change)]
    return "\n\n".join([*blocks, *(["\n".join(gone)] if gone else [])]) + "\n"


def cli(change: Change) -> str:
    """A script that makes and attaches the new policies first, so that nothing is denied meanwhile, and stops at a failure."""
    return _script(_forth(change))


def rollback(change: Change) -> str:
    """The script that undoes it; the new policies stay behind, attached to nobody."""
    return _script(_back(change))


def _script(commands: Iterator[str]) -> str:
    return "\n".join(["set -euo pipefail", *commands]) + "\n"


def _forth(change: Change) -> Iterator[str]:
    for policy in change.new:
        yield _aws("create-policy", policy_name=policy.name, policy_document=_compact(policy.document))
    for name in change.names if change.boundary else ():
        for policy in change.new:
            verb = f"put-{change.kind}-permissions-boundary"
            yield _aws(verb, **_who(change, name), permissions_boundary=change.arn(policy))
    if change.boundary:
        return
    yield from (_aws(f"attach-{change.kind}-policy", **_who(change), policy_arn=change.arn(p)) for p in change.new)
    yield from (_aws(f"detach-{change.kind}-policy", **_who(change), policy_arn=arn) for arn in change.old.managed)
    yield from (_aws(f"delete-{change.kind}-policy", **_who(change), policy_name=name) for name in change.old.inline)
    yield from (_aws("remove-user-from-group", **_who(change), group_name=group) for group in change.old.groups)


def _back(change: Change) -> Iterator[str]:
    if change.boundary:
        verb = f"delete-{change.kind}-permissions-boundary"
        yield from (_aws(verb, **_who(change, name)) for name in change.names)
        return
    for name, document in change.old.inline.items():
        yield _aws(f"put-{change.kind}-policy", **_who(change), policy_name=name, policy_document=_compact(document))
    yield from (_aws(f"attach-{change.kind}-policy", **_who(change), policy_arn=arn) for arn in change.old.managed)
    yield from (_aws("add-user-to-group", **_who(change), group_name=group) for group in change.old.groups)
    yield from (_aws(f"detach-{change.kind}-policy", **_who(change), policy_arn=change.arn(p)) for p in change.new)


def _who(change: Change, name: str = "") -> dict[str, str]:
    return {f"{change.kind}_name": name or change.name}


def _aws(verb: str, **options: str) -> str:
    """`--key=value`, since a name may begin with a dash."""
    words = (f"--{key.replace('_', '-')}={value}" for key, value in options.items())
    return " ".join(["aws iam", verb, *map(shlex.quote, words)])


def _held(change: Change) -> Iterator[str]:
    yield from change.old.managed
    yield from (f"inline policy {name}" for name in change.old.inline)
    yield from (f"membership in group {name}" for name in change.old.groups)


def _compact(document: Json) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def comment(text: str) -> str:
    """On one line, whatever stands in it."""
    return "".join(c if c.isprintable() else " " for c in text)


def _terraform_one(change: Change, number: int, policy: NewPolicy) -> str:
    label = _label(change, number)
    body = untemplated(to_json(policy.document))
    made = f'resource "aws_iam_policy" "{label}" {{\n  name   = {quoted(policy.name)}\n  policy = <<POLICY\n{body}\nPOLICY\n}}'
    if change.boundary:
        names = ", ".join(map(comment, change.names))
        return f"{made}\n\n# Set permissions_boundary = aws_iam_policy.{label}.arn on: {names}"
    return (
        f'{made}\n\nresource "aws_iam_{change.kind}_policy_attachment" "{label}" {{\n'
        f"  {change.kind:<10} = {quoted(change.name)}\n  policy_arn = aws_iam_policy.{label}.arn\n}}"
    )


def _label(change: Change, number: int) -> str:
    """A Terraform identifier: letters, digits, _ and -, a letter first."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in change.name)
    return f"right_sized_{plain}_{number}"


def quoted(text: str) -> str:
    """An HCL string."""
    escaped = untemplated(text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r"))
    return f'"{escaped}"'


def untemplated(text: str) -> str:
    """Text in which HCL shall see no template: ${aws:username} is IAM's variable, not Terraform's. A doubled sign before a
    brace reads differently from one HCL parser to the next; JSON can spell the signs instead."""
    if "$${" in text or "%%{" in text:
        return text.replace("$", "\\u0024").replace("%", "\\u0025")
    return text.replace("${", "$${").replace("%{", "%%{")
