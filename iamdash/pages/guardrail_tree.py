"""The tree of an organization as its operator may see it: of the accounts in his scope the way down to each; and the whole of
it where he sees an account that may read it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Max, QuerySet

from collectors.models import Account, OrganizationAccount, OrganizationalUnit, OrganizationPolicy
from findings.analysis.guardrails import RCP, SCP
from findings.models import AccountGuarding, GuardrailEffect
from findings.models.guarding import LAYERS
from findings.policy.layers import Layer

OF_TYPE = {SCP: Layer.SCP, RCP: Layer.RCP}
OPEN_TO = 2  # levels of the tree that are unfolded at first
DEEPEST = 30  # AWS has five levels of OUs below the root; what is told beyond this stands by itself


@dataclass(frozen=True, order=True)
class Attached:
    """A policy of the organization."""

    name: str
    layer: str
    id: str

    @property
    def type(self) -> str:
        return LAYERS[Layer(self.layer)]


@dataclass
class Unit:
    """The root or an OU. Of the accounts in it and below: judged, those in scope; listed, all that there are, None: not told;
    limited, those that an SCP limits; unsure, those of which that is not known. holders, bounded: of their roles and users.
    direct: what is attached here; inherited: further up. problem: why it stands at the top though it is no root, else ""."""

    id: str
    name: str
    parent: str
    depth: int = 0
    judged: int = 0
    listed: int | None = None
    limited: int = 0
    unsure: int = 0
    holders: int = 0
    bounded: int = 0
    direct: list[Attached] = field(default_factory=list)
    inherited: list[Attached] = field(default_factory=list)
    below: list[Unit] = field(default_factory=list)
    problem: str = ""

    @property
    def title(self) -> str:
        return "Root" if self.id.startswith("r-") else self.name or self.id

    @property
    def unfolded(self) -> bool:
        return self.depth < OPEN_TO

    @property
    def missing(self) -> int:
        """Accounts that are there and were not judged here."""
        return max(0, (self.listed or 0) - self.judged)


def tree(
    rows: Iterable[AccountGuarding], effects: QuerySet[GuardrailEffect], teller: Account | None
) -> tuple[Unit, ...]:
    """The roots, with what is below them; units of which nobody knows what is above them come last. effects: of the rows'
    accounts. teller: an account in the operator's scope that told of the whole organization."""
    rows = list(rows)
    units = _units(rows, teller)
    for row in rows:
        for id_, _ in row.path:
            _count(units[id_], row)
    for id_, found in _attached(effects, teller).items():
        if id_ in units:
            units[id_].direct = sorted(found)
    if teller:
        _list_accounts(units, teller)
    return tuple(_grown(units))


def _units(rows: Iterable[AccountGuarding], teller: Account | None) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    if teller:
        told = OrganizationalUnit.present.filter(account=teller).values_list("unique_id", "name", "parent")
        units = {id_: Unit(id_, name, parent) for id_, name, parent in told}
    for row in rows:
        above = ""
        for id_, name in row.path:
            units.setdefault(id_, Unit(id_, name, above))
            above = id_
    return units


def _count(unit: Unit, row: AccountGuarding) -> None:
    unit.judged += 1
    unit.limited += row.limited is True
    unit.unsure += row.limited is None
    unit.holders += row.holders
    unit.bounded += row.bounded


def _attached(effects: QuerySet[GuardrailEffect], teller: Account | None) -> Mapping[str, set[Attached]]:
    """By the id of a unit. Accounts of one unit have the same above them, so one of each unit tells it."""
    found: defaultdict[str, set[Attached]] = defaultdict(set)
    stored = effects.filter(layer__in=OF_TYPE.values()).exclude(policy="").order_by()
    one_each = stored.values("layer", "policy", "account__guarding__unit").annotate(one=Max("pk")).values("one")
    some = GuardrailEffect.objects.filter(pk__in=one_each)
    for layer, policy, name, places in some.values_list("layer", "policy", "name", "places"):
        for id_, _ in places:
            found[id_].add(Attached(name, layer, policy))
    for type_, policy, name, targets in told_policies(teller) if teller else ():
        for id_ in targets:
            found[id_].add(Attached(name, OF_TYPE[type_].value, policy))
    return found


def told_policies(teller: Account) -> Iterator[tuple[str, str, str, list[str]]]:
    """Type, id, name and targets of each SCP and RCP that the account told of."""
    told = OrganizationPolicy.present.filter(account=teller, type__in=OF_TYPE)
    for type_, id_, name, targets in told.values_list("type", "unique_id", "name", "data__targets"):
        yield type_, id_, name, targets or []


def _list_accounts(units: Mapping[str, Unit], teller: Account) -> None:
    listed = OrganizationAccount.present.filter(account=teller).order_by().values_list("parent")
    for unit in units.values():
        unit.listed = 0
    for parent, n in listed.annotate(n=Count("pk")):
        seen: set[str] = set()
        while parent in units and parent not in seen:
            seen.add(parent)
            units[parent].listed = (units[parent].listed or 0) + n
            parent = units[parent].parent


def _grown(units: Mapping[str, Unit]) -> Iterator[Unit]:
    """Each unit once, also where the tree goes in a circle."""
    below: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in units.values():
        below[unit.parent].append(unit)
    tops = [unit for unit in units.values() if unit.parent not in units]
    placed: set[str] = set()
    for unit in sorted(tops, key=lambda one: (not one.id.startswith("r-"), one.title, one.id)):
        unit.problem = "" if unit.id.startswith("r-") else "what is above it was not read"
        _grow(unit, below, placed)
        yield unit
    for unit in units.values():
        if unit.id not in placed:
            unit.problem = "what is above it goes in a circle, or too deep"
            _grow(unit, below, placed)
            yield unit


def _grow(unit: Unit, below: Mapping[str, list[Unit]], placed: set[str]) -> None:
    placed.add(unit.id)
    for child in sorted(below.get(unit.id, ()), key=lambda one: (one.title, one.id)):
        if child.id not in placed and unit.depth < DEEPEST:
            child.depth = unit.depth + 1
            child.inherited = sorted({*unit.inherited, *unit.direct})
            _grow(child, below, placed)
            unit.below.append(child)
