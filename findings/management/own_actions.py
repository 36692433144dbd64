"""The actions that our own code names. One that AWS renamed or took away must be noticed: a rule that asks for it would be
silent for ever."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType

import findings.analysis
import findings.policy
import findings.rules
from collectors import sources
from findings.policy.catalogue import Catalogue

KEYS, APIS = "CONDITION_KEYS", "APIS"
PACKAGES = (findings.analysis, findings.policy, findings.rules)
LOOKS_SO = re.compile(r"([a-z0-9-]+|\*):[A-Z*?][A-Za-z0-9*?]*").fullmatch
SPELLED = re.compile(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9*]*").fullmatch


def named() -> dict[str, tuple[str, ...]]:
    """Where -> names and patterns: the constants of modules that hold nothing else, and what the collectors call.

    A table of another shape is seen when its module has it once more as ACTIONS. Condition keys, and APIs of a service that IAM
    knows by another prefix, are spelled like actions: they are passed over where it lists them as CONDITION_KEYS and APIS.
    """
    found = {name: tuple(_of(importlib.import_module(name))) for name in _modules()}
    return {name: actions for name, actions in found.items() if actions} | {"collectors.sources": sources.permissions()}


def left(catalogue: Catalogue) -> list[str]:
    """What the catalogue does not have (any more): "s3:Left (findings.rules...)"."""
    tables = [f"{action} ({table})" for table, actions in named().items() for action in catalogue.check(actions)]
    return sorted({*tables, *_left_in_code(catalogue)})


def _left_in_code(catalogue: Catalogue) -> Iterator[str]:
    """Names that stand anywhere else in the code."""
    for module in _modules():
        yield from (f"{text} ({module})" for text in catalogue.check(_written(module)))


@cache
def _written(module: str) -> tuple[str, ...]:
    """Texts that are spelled like an action, as patterns."""
    itself = importlib.import_module(module)
    others = {*getattr(itself, KEYS, ()), *getattr(itself, APIS, ())}
    return tuple(
        text for text in _texts(ast.parse(inspect.getsource(itself)), "") if SPELLED(text) and text not in others
    )


def _texts(node: ast.AST, rest: str) -> Iterator[str]:
    """rest: "*" where a text is asked for as a beginning. What is filled into a text is a star too."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    elif isinstance(node, ast.Constant):
        yield f"{node.value}{rest}"
    else:
        begins = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "startswith"
        for child in ast.iter_child_nodes(node):
            yield from _texts(child, "*" if begins else rest)


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        yield from (module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


def _of(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        some = value if isinstance(value, tuple | list | set | frozenset) else (value,) if name == "ACTION" else ()
        if name.isupper() and name not in (KEYS, APIS) and all(isinstance(one, str) and LOOKS_SO(one) for one in some):
            yield from some
