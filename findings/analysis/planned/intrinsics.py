"""CloudFormation's intrinsic functions, as far as they can be told without AWS. What cannot becomes `Later`.

Short forms (`!Sub`) and long ones (`Fn::Sub`) read alike. Source: CloudFormation's template reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from findings.analysis.planned.changes import Later, PlanError

LONG = {"Ref": "Ref", "Condition": "Condition"}  # the two whose long form has no "Fn::"
VARIABLE = re.compile(r"\$\{(!?)([^${}]{1,512})\}")


class _Loader(yaml.SafeLoader):
    """SafeLoader with CloudFormation's tags. Dates stay text: a policy's Version is one."""


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {LONG.get(suffix, f"Fn::{suffix}"): value}


_Loader.add_multi_constructor("!", _tagged)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(text: str) -> Any:
    """Parsed YAML or JSON. Raises PlanError with the place of the fault."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader with more tags
    except (yaml.YAMLError, RecursionError) as error:
        raise PlanError(f"The template is neither YAML nor JSON: {' '.join(str(error).split())[:300]}.") from error


class Resolver:
    """known: logical id, parameter or pseudo parameter -> its value. attributes: (logical id, attribute) -> value."""

    def __init__(self, known: Mapping[str, Any], attributes: Mapping[tuple[str, str], str]) -> None:
        self.known = known
        self.attributes = attributes
        self.unresolved: list[str] = []

    def value(self, raw: Any, at: str) -> Any:
        """The value with all intrinsics replaced, or Later when any text of it hangs on what only AWS can tell."""
        if isinstance(raw, list):
            return [self.value(one, at) for one in raw]
        if not isinstance(raw, Mapping):
            return raw
        if len(raw) == 1:
            name, argument = next(iter(raw.items()))
            if name == "Ref" or str(name).startswith("Fn::"):
                return self._intrinsic(str(name), argument, at)
        return {key: self.value(one, at) for key, one in raw.items()}

    def _intrinsic(self, name: str, argument: Any, at: str) -> Any:
        solvers: dict[str, Callable[[Any, str], Any]] = {
            "Ref": lambda a, at: self.known.get(a),
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
        }
        found = solvers[name](argument, at) if name in solvers else None
        return self._later(f"{at} ({name})") if found is None else found

    def _later(self, at: str) -> Later:
        later = Later(at)
        self.unresolved.append(f"{later}.")
        return later

    def _attribute(self, argument: Any, at: str) -> str | None:
        pair = argument.split(".", 1) if isinstance(argument, str) else argument
        return self.attributes.get((str(pair[0]), str(pair[1]))) if isinstance(pair, list) and len(pair) == 2 else None

    def _sub(self, argument: Any, at: str) -> str | None:
        text, own = (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(text, str) or not isinstance(own, Mapping):
            return None
        missing = False

        def put(match: re.Match[str]) -> str:
            nonlocal missing
            literal, name = match.groups()
            if literal:  # ${!Literal} is CloudFormation's way to write ${Literal}
                return f"${{{name}}}"
            value = self.value(own[name], at) if name in own else self.known.get(name)
            if value is None and "." in name:
                value = self.attributes.get((name.split(".", 1)[0], name.split(".", 1)[1]))
            if not isinstance(value, str | int):
                missing = True
                return ""
            return str(value)

        done = VARIABLE.sub(put, text)
        return None if missing else done

    def _join(self, argument: Any, at: str) -> str | None:
        if not (isinstance(argument, list) and len(argument) == 2):
            return None
        pieces = self.value(argument[1], at)
        if not isinstance(pieces, list) or not all(isinstance(piece, str | int) for piece in pieces):
            return None
        return str(argument[0]).join(map(str, pieces))


def holds_later(value: Any) -> Later | None:
    """The first thing in a value that is not known yet."""
    if isinstance(value, Later):
        return value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return next((found for one in inner if (found := holds_later(one))), None)
