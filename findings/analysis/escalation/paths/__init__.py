"""The catalogue of escalation paths: every `PATHS` of the files here. Ids are for ever."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from findings.analysis.escalation.model import Path


@cache
def catalogue() -> Mapping[str, Path]:
    """Id -> path, by id. ValueError when an id is taken twice."""
    found: dict[str, Path] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        for path in importlib.import_module(module.name).PATHS:
            if path.id in found:
                raise ValueError(f"two escalation paths have the id {path.id}")
            found[path.id] = path
    return MappingProxyType(dict(sorted(found.items())))


@cache
def actions() -> tuple[str, ...]:
    """Every action that a path names. The action catalogue must know them all."""
    return tuple(sorted({step.action for path in catalogue().values() for step in path.steps}))
