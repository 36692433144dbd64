"""Whether several hold one key: places and tools that used it on the same days.

A session of a key is a day: its addresses and its agents, without which of them went together. So what is counted is what cannot
be one holder: more places than one person or program has, or tools that one holder does not have. Counted is what stays: what
came on fewer than REPEATED days is a runner, a journey, an upgrade.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from collectors.records import Session
from findings.analysis.activity.networks import PRIVATE, SERVICE, Networks, address_of, block
from findings.analysis.activity.signs import DESKTOP, IN_A_BROWSER

REPEATED = 3  # days
ONE_TOOL = 4  # places. A person has three (home, office, VPN), and so has a program behind gateways in three zones
SEVERAL_TOOLS = 3  # places at which two kinds of program are not one host with its scripts
CLEARLY = 3  # kinds of tool that no one holder has
SCRIPTS = "scripts"
# What pipelines and hosts call one after the other, with one key and as one holder.
TOGETHER = frozenset({
    "cli", "powershell", "terraform", "pulumi", "cloudformation", "cdk", "ansible", "crossplane", "boto3", "sdk-go", "sdk-js",
    "github-actions",
})  # fmt: skip
OTHER = "other: "  # an agent of no known family: its text says too little to count it for another tool
IGNORED = IN_A_BROWSER | {"none", "aws-service"}  # of browsers, too: a person has one beside the command line


@dataclass(frozen=True, slots=True)
class Day:
    """One day's use. named: places with the operator's names; four, six: blocks of addresses; private: of a network in AWS."""

    day: date
    named: frozenset[str]
    four: frozenset[str]
    six: frozenset[str]
    private: bool
    tools: frozenset[str]

    @property
    def one_place(self) -> bool:
        """One host has an address of either version, and behind an endpoint a private one in their place."""
        return len(self.named) + max(len(self.four), len(self.six)) + self.private <= 1


@dataclass(frozen=True, slots=True)
class Sharing:
    """days: on which several held it. places, tools: on how many days each was seen."""

    days: tuple[date, ...]
    places: Mapping[str, int]
    tools: Mapping[str, int]


def sharing(sessions: Iterable[Session], networks: Networks) -> Sharing | None:
    """sessions: of one key."""
    days = [day_of(one, networks) for one in sessions]
    places = Counter(place for day in days for place in day.named | day.four | day.six)
    tools = Counter(tool for day in days for tool in day.tools)
    holders = _holders(days)
    shared = [day.day for day in days if _several(day, places, tools, holders)]
    if len(shared) < REPEATED:
        return None
    return Sharing(tuple(sorted(shared)), _stay(places), _stay(tools))


def _stay(found: Counter[str]) -> dict[str, int]:
    """The most frequent first, in an order that is the same each time."""
    return {name: n for name, n in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])) if n >= REPEATED}


def _several(day: Day, places: Counter[str], tools: Counter[str], holders: Mapping[str, str]) -> bool:
    kinds = {tool for tool in day.tools if tools[tool] >= REPEATED}
    if len(kinds) >= CLEARLY:
        return True
    here = _places(day, places)
    if len({holders[kind] for kind in kinds}) < 2:
        return here >= ONE_TOOL
    return here >= (2 if any(DESKTOP.search(kind) for kind in kinds) else SEVERAL_TOOLS)


def _places(day: Day, places: Counter[str]) -> int:
    """At the least: a host has addresses of both versions and may reach some services by a private one; addresses that do not
    stay count as one place."""
    return sum(places[one] >= REPEATED for one in day.named) + max(
        _stayed(day.four, places), _stayed(day.six, places), int(day.private)
    )


def _stayed(blocks: frozenset[str], places: Counter[str]) -> int:
    stay = sum(places[one] >= REPEATED for one in blocks)
    return stay + (stay < len(blocks))


def _holders(days: Sequence[Day]) -> dict[str, str]:
    """Tool -> one that stands for its holder. Tools that were used on a day on which all came from one place are one holder's."""
    holder = {tool: tool for day in days for tool in day.tools}
    for day in days:
        if day.one_place:
            some = sorted({holder[tool] for tool in day.tools})
            holder = {tool: some[0] if one in some else one for tool, one in holder.items()}
    return holder


def day_of(one: Session, networks: Networks) -> Day:
    named: set[str] = set()
    blocks: dict[int, set[str]] = {4: set(), 6: set()}
    kinds = {address: networks.kind(address) for address in one.networks}
    for address, kind in kinds.items():
        found = address_of(address)
        if found is None or kind in (SERVICE, PRIVATE):
            continue
        if name := networks.name(address):
            named.add(name)
        else:
            blocks[found.version].add(block(address))
    tools = frozenset(filter(None, map(tool, one.agents)))
    private = PRIVATE in kinds.values()
    return Day(one.day, frozenset(named), frozenset(blocks[4]), frozenset(blocks[6]), private, tools)


@lru_cache(4_096)
def tool(agent: str) -> str:
    """The kind of tool that an agent's family is; "" for one that tells nothing."""
    if found := DESKTOP.search(agent):
        return f"tools on {found.group(1)}"
    if agent in IGNORED or agent.startswith(OTHER):
        return ""
    return SCRIPTS if agent in TOGETHER else agent
