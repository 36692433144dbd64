"""What a trail's selectors select of one kind of events: all of it, all but something, or some of it.

Judged by content: several selectors together may select what none does alone. A condition that is not understood never makes a
selection wider than it is. Source: AdvancedFieldSelector in CloudTrail's API reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from collectors.records import Selector

Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]
MANAGEMENT, DATA = "Management", "Data"
READ_ONLY, SOURCE, TYPE, ARN = "readOnly", "eventSource", "resources.type", "resources.ARN"
EXCEPT = ("NotEquals", "NotStartsWith", "NotEndsWith")
WORDS = {
    "Equals": "{}",
    "StartsWith": "{}*",
    "EndsWith": "*{}",
    "NotEquals": "not {}",
    "NotStartsWith": "not {}*",
    "NotEndsWith": "not *{}",
}


@dataclass(frozen=True, slots=True)
class Selected:
    """every: nothing of the kind is left out. without: what is left out of it, as patterns ("kms.amazonaws.com",
    "arn:aws:s3:::logs/*"), where that is all that is. only: what some is limited to, as words. areas: conditions on a resource's
    ARN, one of which must hold."""

    every: bool = False
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    areas: tuple[Mapping[str, tuple[str, ...]], ...] = ()

    @property
    def nothing(self) -> bool:
        return not (self.every or self.without or self.only or self.areas)

    @property
    def lacks(self) -> str:
        """What of the kind is not selected, as the end of a sentence about the trail; "" for nothing."""
        if self.without:
            return f"leaves out {', '.join(self.without)}"
        return f"records only {'; '.join(self.only)}" if self.only else ""

    def covers(self, arn: str) -> bool:
        """Whether what happens to this resource is selected, whole; of a bucket's objects: arn:aws:s3:::bucket/."""
        return self.every or any(_inside(area, arn) for area in self.areas)


def management(selectors: Iterable[Selector], *, reads: bool) -> Selected:
    """Management events that only read, or the others."""
    return _together([one.where for one in _of(selectors, MANAGEMENT, reads=reads)], SOURCE)


def data(selectors: Iterable[Selector], kind: str, *, reads: bool) -> Selected:
    """Data events of a type of resources ("AWS::S3::Object")."""
    some = (one.where for one in _of(selectors, DATA, reads=reads))
    return _together([where for where in some if kind in where.get(TYPE, {}).get("Equals", ())], ARN)


def _of(selectors: Iterable[Selector], category: str, *, reads: bool) -> Iterator[Selector]:
    for one in selectors:
        said = {value.lower() for value in one.where.get(READ_ONLY, {}).get("Equals", ())}
        if one.category == category and (not said or ("true" if reads else "false") in said):
            yield one


def _together(found: list[Conditions], field: str) -> Selected:
    """field: the one of which the kind's events have different values, and by which selectors can complete each other."""
    conditions = [_limiting(where) for where in found]
    if any(not where for where in conditions):
        return Selected(every=True)
    alone = [where[field] for where in conditions if set(where) == {field}]
    wide = [frozenset(_excepted(one)) for one in alone if set(one) <= set(EXCEPT)]
    named = {value for one in alone if set(one) == {"Equals"} for value in one["Equals"]}
    areas = tuple(alone) if field == ARN else ()
    if any(_all_of(one) for one in alone):
        return Selected(every=True)
    if wide:
        left = tuple(sorted(frozenset.intersection(*wide) - named))
        return Selected(every=not left, without=left, areas=areas if left else ())
    return Selected(only=tuple(sorted({_said(where) for where in conditions})), areas=areas)


def _limiting(where: Conditions) -> dict[str, Mapping[str, tuple[str, ...]]]:
    """Without what says of which kind the events are, and conditions that hold for all."""
    return {name: one for name, one in where.items() if name not in (READ_ONLY, TYPE) and any(one.values())}


def _excepted(one: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for operator, values in one.items():
        yield from (WORDS[operator].removeprefix("not ").format(value) for value in values)


def _all_of(one: Mapping[str, tuple[str, ...]]) -> bool:
    """ "arn:aws:s3" and "arn:aws:s3:::" are how all buckets are written, "arn:aws:lambda" all functions."""
    return set(one) == {"StartsWith"} and any(len(value.rstrip(":").split(":")) <= 3 for value in one["StartsWith"])


def _said(where: Conditions) -> str:
    parts = [
        f"{name} {' or '.join(WORDS.get(operator, operator).format(value) for value in values)}"
        for name, one in sorted(where.items())
        for operator, values in sorted(one.items())
    ]
    return " and ".join(parts)


def _inside(area: Mapping[str, tuple[str, ...]], arn: str) -> bool:
    return all(_holds(operator, values, arn) for operator, values in area.items())


def _holds(operator: str, values: tuple[str, ...], arn: str) -> bool:
    """Whether it holds for the resource and all that is in it; what ends somehow is not asked of what is in it."""
    match operator:
        case "Equals":
            return arn in values and not arn.endswith("/")
        case "StartsWith":
            return arn.startswith(values)
        case "NotEquals" | "NotStartsWith":
            return not any(arn.startswith(one) or one.startswith(arn) for one in values)
        case _:
            return False


def words(selectors: Iterable[Selector]) -> list[str]:
    """What all of them select: "management events", "management events that write", "AWS::S3::Object in part"."""
    some = tuple(selectors)
    both = {reads: management(some, reads=reads) for reads in (True, False)}
    told = [f"management events{tail}" for tail in _tails(both)]
    kinds = sorted({kind for one in some if one.category == DATA for kind in one.where.get(TYPE, {}).get("Equals", ())})
    for kind in kinds:
        told += [f"{kind}{tail}" for tail in _tails({reads: data(some, kind, reads=reads) for reads in (True, False)})]
    if any(one.category not in (MANAGEMENT, DATA) for one in some):
        told.append("network activity")
    return told


def _tails(both: Mapping[bool, Selected]) -> list[str]:
    """Ends of what is said of a kind of events: as one, where reads and writes are alike."""
    said = {reads: _tail(one) for reads, one in both.items() if not one.nothing}
    if len(said) == 2 and said[True] == said[False]:
        return [said[True]]
    return [f" that {'read' if reads else 'write'}{tail}" for reads, tail in said.items()]


def _tail(one: Selected) -> str:
    return "" if one.every else f" without {', '.join(one.without)}" if one.without else " in part"
