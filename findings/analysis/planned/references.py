"""What an attribute of a Terraform resource refers to, by the plan's `configuration`.

A plan leaves out what only the apply will tell, most of all the ARNs of policies and names of roles that it makes itself. The
configuration lists for each expression what it refers to, not how; so only an expression that refers to one thing is followed:
through variables and outputs of modules, to a resource of the plan. What `local` or a function stands for is not written there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]
INDEX = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')
REFERENCE = re.compile(
    r'(?P<at>(?:data\.)?[A-Za-z][\w-]*\.[\w-]+)(?P<index>\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?(?:\.(?P<attribute>[\w-]+))?'
)
CHOOSERS = ("each.key", "count.index")
DEEPEST = 20  # modules in modules
MOST = 40  # references; an expression with more is about more than one thing


class References:
    """root: the configuration's root module. addresses: the plan's resources, data sources too."""

    def __init__(self, root: Any, addresses: frozenset[str]) -> None:
        self._modules = dict(_modules(root, ""))
        self._addresses = addresses

    def target(self, module: str, address: str, *path: str | int) -> str:
        """The address that the expression at `path` of a resource refers to; "" when that cannot be told.

        module: "" or 'module.team["a"].'; address: the resource's own, in its module, with its index.
        """
        own = INDEX.search(address)
        resource = self._resource(module, INDEX.sub("", address))
        expression: Any = resource.get("expressions")
        for step in path:
            expression = _inner(expression, step)
        return self._follow(expression, module, own.group() if own else "", DEEPEST)

    def _resource(self, module: str, address: str) -> Row:
        resources = self._module(module).get("resources")
        rows = resources if isinstance(resources, list) else []
        return next((row for row in rows if isinstance(row, Mapping) and row.get("address") == address), {})

    def _module(self, module: str) -> Row:
        return self._modules.get(INDEX.sub("", module), {})

    def _follow(self, expression: Any, module: str, index: str, depth: int) -> str:
        """index: of the resource or module call that the expression belongs to; for_each and count choose by it."""
        said = _leaves(expression)
        chosen = [one for one in said if one in CHOOSERS]
        rest = [one for one in said if one not in CHOOSERS]
        found = REFERENCE.fullmatch(rest[0]) if len(rest) == 1 and depth else None
        if found is None:
            return ""
        at, own, attribute = found["at"], found["index"] or "", found["attribute"] or ""
        kind, _, name = at.partition(".")
        if kind == "var":
            return self._variable(name, module, depth)
        own = own or (index if chosen else "")
        if kind == "module":
            inner = f"{module}{at}{own}."
            output = _inner(_inner(self._module(inner).get("outputs"), attribute), "expression")
            return self._follow(output, inner, "", depth - 1) if attribute else ""
        return self._there(f"{module}{at}", own, index)

    def _variable(self, name: str, module: str, depth: int) -> str:
        """What the caller of the module gives."""
        outer, _, call = module.removesuffix(".").rpartition("module.")
        index = INDEX.search(call)
        calls = self._module(outer).get("module_calls")
        expression = _inner(_inner(_inner(calls, INDEX.sub("", call)), "expressions"), name)
        return self._follow(expression, outer, index.group() if index else "", depth - 1) if module else ""

    def _there(self, address: str, index: str, asker: str) -> str:
        """The one of the plan's resources that is meant: by its index, by the asker's when it is one of many too."""
        for candidate in (address + index, address + (index or asker)):
            if candidate in self._addresses:
                return candidate
        return ""


def _modules(module: Any, prefix: str) -> Iterator[tuple[str, Row]]:
    waiting = [(module, prefix)]
    while waiting:
        one, at = waiting.pop()
        if isinstance(one, Mapping):
            yield at, one
            calls = one.get("module_calls")
            for name, call in calls.items() if isinstance(calls, Mapping) else ():
                waiting.append((_inner(call, "module"), f"{at}module.{name}."))


def _inner(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None


def _leaves(expression: Any) -> list[str]:
    """The references without those that only begin another: Terraform lists aws_iam_policy.x.arn and aws_iam_policy.x."""
    listed = _inner(expression, "references")
    few = listed if isinstance(listed, list) and len(listed) <= MOST else []
    said = [one for one in few if isinstance(one, str)]
    return [one for one in dict.fromkeys(said) if not any(o.startswith((f"{one}.", f"{one}[")) for o in said)]
