"""What stands, as a file: the same settings give the same bytes, on whatever installation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from findings.config.document import VERSION
from findings.config.section import Section

HEAD = "# Settings of iamdash: docs/operate/settings.md says what stands here. Secrets of channels are not in it.\n"
WIDTH = 110


class _Dumper(yaml.SafeDumper):  # type: ignore[misc] # PyYAML has no types
    """Without aliases, which `document` does not read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def export(sections: Sequence[Section]) -> str:
    """All sections, those too that say nothing."""
    found: dict[str, Any] = {"version": VERSION}
    for section in sorted(sections, key=lambda one: one.order):
        found[section.name] = [section.written(values) for values in _sorted(section)]
    return HEAD + "".join(_dumped({name: value}) for name, value in found.items())


def _sorted(section: Section) -> Iterable[Any]:
    values = (row.values for row in section.standing())
    return sorted(values, key=lambda one: json.dumps([section.identified(one), one], sort_keys=True))


def _dumped(value: Any) -> str:
    """Text that cannot be seen, or turns what stands beside it, is written out."""
    plain = json.dumps(value, ensure_ascii=False)
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=plain.isprintable(), width=WIDTH))


def schema(sections: Sequence[Section]) -> str:
    """The documentation's tables."""
    parts = []
    for section in sorted(sections, key=lambda one: one.order):
        rows = [f"| `{key.name}` | {'yes' if key.required else ''} | {key.what} |" for key in section.keys]
        parts.append(
            "\n".join([f"#### `{section.name}`", section.about, "", "| key | needed | |", "|---|---|---|", *rows])
        )
    return "\n\n".join(parts) + "\n"
