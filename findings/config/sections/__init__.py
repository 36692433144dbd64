"""What findings are judged, counted and hidden by. One file a section; nothing lists them."""

from __future__ import annotations

import importlib
import pkgutil

from findings.config.section import Section
from findings.config.whom import Places


def sections(places: Places) -> list[Section]:
    found = [importlib.import_module(f"{__name__}.{one.name}").SECTION for one in pkgutil.iter_modules(__path__)]
    return [section(places) for section in found]
