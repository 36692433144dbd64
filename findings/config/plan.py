"""What a file would change, and changing it: one transaction, in which a fault anywhere leaves all as it was."""

from __future__ import annotations

import enum
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from findings.config import document
from findings.config.document import ConfigError, Document, Entry
from findings.config.section import Row, Section, Wanted
from findings.config.whom import Places
from findings.models import JudgementRequest

GROUPS = "groups"


class Verb(enum.StrEnum):
    ADD = "+"
    CHANGE = "~"
    END = "-"
    STAY = " "


@dataclass(frozen=True)
class Change:
    """wanted None: it is not in the file. row None: it does not stand yet. STAY: it is left, although the file lacks it."""

    verb: Verb
    section: Section
    wanted: Wanted | None
    row: Row | None

    @property
    def words(self) -> str:
        said = self.wanted or self.row
        return f"{self.section.name}: {self.section.words(said.values) if said else ''}"

    def lines(self) -> Iterator[str]:
        """As a diff: what it is about, and of what changes each key that does."""
        yield f"{self.verb.value} {self.words}"
        if self.verb is Verb.CHANGE and self.wanted and self.row:
            for name, value in self.wanted.values.items():
                if self.row.values[name] != value:
                    yield f"    {name}: {_shown(self.row.values[name])} -> {_shown(value)}"
        elif self.verb is Verb.ADD and self.wanted:
            said = self.section.written(self.wanted.values)
            yield from (f"    {name}: {_shown(said[name])}" for name in said if name not in self.section.identity)


@dataclass
class Plan:
    """notes: what whoever applied it should know."""

    changes: list[Change]
    same: int
    notes: list[str] = field(default_factory=list)

    def of(self, verb: Verb) -> list[Change]:
        return [one for one in self.changes if one.verb is verb]

    @property
    def touched(self) -> int:
        return sum(one.verb is not Verb.STAY for one in self.changes)


def apply(text: str, sections: Sequence[Section], places: Places, by: str, *, prune: bool, dry: bool) -> Plan:
    """prune: end what stands and is not in the file, of those sections that the file has. dry: tell, and leave all as it is.

    Raises ConfigError with the lines that are at fault.
    """
    found = document.read(text, [one.name for one in sections])
    with transaction.atomic():
        wanted = _read(found, sections, places, prune=prune)
        made = plan(wanted, prune=prune)
        before = JudgementRequest.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        _make(made, by)
        _ask_once(before, by)
        if dry:
            transaction.set_rollback(True)
    made.notes += [note for one in sections for note in one.notes]
    return made


Read = Mapping[Section, list[Wanted]]


def _read(found: Document, sections: Sequence[Section], places: Places, *, prune: bool) -> Read:
    """By section, in their order, those that the file has."""
    names = [str(one.values.get("name", "")) for one in found.sections.get(GROUPS, ())]
    places.expect(names, alone=prune and GROUPS in found.sections)
    faults: list[str] = []
    wanted: dict[Section, list[Wanted]] = {}
    for section in sorted(sections, key=lambda one: one.order):
        if section.name in found.sections:
            wanted[section] = list(_wanted(section, found.sections[section.name], faults))
    if faults:
        more = [f"and {len(faults) - document.TOLD} more."] * (len(faults) > document.TOLD)
        raise ConfigError(faults[: document.TOLD] + more)
    return wanted


def _wanted(section: Section, entries: Iterable[Entry], faults: list[str]) -> Iterator[Wanted]:
    lines: dict[str, int] = {}
    for entry in entries:
        try:
            one = section.read(entry)
        except ConfigError as error:
            faults += error.faults
            continue
        key = _key(one.values if section.several else section.identified(one.values))
        if key in lines:
            faults.append(
                f"line {one.line}: {section.name}: line {lines[key]} says {section.words(one.values)} already."
            )
        lines.setdefault(key, one.line)
        yield one


def plan(wanted: Read, *, prune: bool) -> Plan:
    made = Plan([], 0)
    for section, some in wanted.items():
        standing = list(section.standing())
        changes, same = _compared(section, some, standing, prune=prune)
        made.changes += changes
        made.same += same
    return made


def _compared(
    section: Section, wanted: Iterable[Wanted], standing: Iterable[Row], *, prune: bool
) -> tuple[list[Change], int]:
    """What is the same on both sides goes together first; of the rest, what is about the same thing."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in standing:
        rows[_key(section.identified(row.values))].append(row)
    left, same = [], 0
    for one in wanted:
        mine = rows[_key(section.identified(one.values))]
        if equal := next((row for row in mine if section.keeps(row, one.values)), None):
            mine.remove(equal)
            same += 1
        else:
            left.append(one)
    changes = []
    for one in left:
        mine = rows[_key(section.identified(one.values))]
        before = mine.pop(0) if mine else None
        changes.append(Change(Verb.CHANGE if before else Verb.ADD, section, one, before))
    verb = Verb.END if prune else Verb.STAY
    return changes + [Change(verb, section, None, row) for mine in rows.values() for row in mine], same


def _make(made: Plan, by: str) -> None:
    """What ends does so first, from the last section on: what it stands on ends after it, and its name is free."""
    for change in reversed(made.of(Verb.END)):
        if change.row:
            change.section.end(change.row, by)
    for change in made.changes:
        if change.wanted and change.verb in (Verb.ADD, Verb.CHANGE):
            _put(change, change.wanted, by)


def _put(change: Change, wanted: Wanted, by: str) -> None:
    try:
        with transaction.atomic():
            change.section.put(wanted, change.row, by)
    except (ValueError, IntegrityError) as error:
        why = "somebody else changed it just now" if isinstance(error, IntegrityError) else str(error)
        raise ConfigError([f"line {wanted.line}: {change.words}: {why}."]) from None


def _ask_once(before: int, by: str) -> None:
    """One judgement of an account for all that changed for it."""
    mine = JudgementRequest.objects.filter(pk__gt=before, requested_by=by, taken_at=None)
    accounts = sorted(set(mine.values_list("account", flat=True)))
    mine.delete()
    JudgementRequest.ask(accounts, by)


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _shown(value: Any) -> str:
    """For a terminal: what cannot be seen is written out."""
    return value if isinstance(value, str) and value.isprintable() and value else json.dumps(value)
