"""A CloudFormation template as text: JSON, or YAML with the short forms of intrinsics (`!Sub`), which become the long ones
(`Fn::Sub`). What would be lost or blow up in silence is refused, as CloudFormation does.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from collectors import records
from findings.analysis.planned.changes import PlanError

LONG = {"Ref": "Ref", "Condition": "Condition"}  # the two whose long form has no "Fn::"
LARGEST = 1_048_576  # bytes that CloudFormation takes (its quotas)
TEXT = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("timestamp", "int", "float"))


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """SafeLoader with CloudFormation's tags. Dates and numbers stay text: a policy's Version is one, and so is an account's
    id, which may begin with zeros."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise PlanError(
                f"Line {event.start_mark.line + 1} uses the YAML alias *{event.anchor}, which CloudFormation does not take:"
                " write out what it stands for."
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise PlanError(
                        f"Line {key.start_mark.line + 1} says {key.value[:100]} a second time: one of the two is lost."
                    )
                seen.add(key.value)
        found: dict[Any, Any] = super().construct_mapping(node, deep=True)
        return {str(key): value for key, value in found.items()}


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {LONG.get(suffix, f"Fn::{suffix}"): value}


_Loader.add_multi_constructor("!", _tagged)
for tag in TEXT:
    _Loader.add_constructor(tag, _Loader.construct_yaml_str)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in TEXT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(text: str) -> Any:
    """Parsed YAML or JSON. Raises PlanError with the place of the fault."""
    if len(text) > LARGEST:
        raise PlanError(
            f"It has more than {LARGEST:,} characters, which CloudFormation does not take. Is it another file?"
        )
    try:
        if text.lstrip().startswith("{"):
            return records.clean(json.loads(text, object_pairs_hook=_once))
        return records.clean(yaml.load(text, _Loader))  # noqa: S506 - a SafeLoader with more tags
    except RecursionError:
        raise PlanError("It nests too deeply to be a template.") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: JSON, and scalars that YAML types and Python refuses
        raise PlanError(f"It is neither YAML nor JSON: {' '.join(str(error).split())[:300]}.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise PlanError(f"It says {twice[:100]!r} twice in one object: one of the two is lost.")
    return found
