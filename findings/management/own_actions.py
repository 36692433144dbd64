"""The actions that our own tables name. One that AWS renamed or took away must be noticed: a rule that asks for it would be
silent for ever."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import findings.analysis
import findings.policy
import findings.rules
from collectors import sources

PACKAGES = (findings.analysis, findings.policy, findings.rules)
LOOKS_SO = re.compile(r"([a-z0-9-]+|\*):[A-Z*?][A-Za-z0-9*?]*").fullmatch


def named() -> dict[str, tuple[str, ...]]:
    """Where -> names and patterns: the constants of modules that hold nothing else, and what the collectors call.

    A table of another shape is seen when its module has it once more as ACTIONS.
    """
    found = {name: tuple(_of(importlib.import_module(name))) for name in _modules()}
    return {name: actions for name, actions in found.items() if actions} | {"collectors.sources": sources.permissions()}


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        yield from (module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


def _of(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        some = value if isinstance(value, tuple | list | set | frozenset) else (value,) if name == "ACTION" else ()
        if name.isupper() and all(isinstance(one, str) and LOOKS_SO(one) for one in some):
            yield from some
