"""Where calls came from: the networks that an organization named, and what an address tells by itself.

Names may be ten thousand, for AWS publishes so many ranges: networks nest or are apart, so they become stretches of addresses in
a row, each with the name of the narrowest network, and an address is found by halving.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network

OFFICE, VPN, DATACENTRE, CI, VENDOR, AWS = "office", "vpn", "datacentre", "ci", "vendor", "aws"
NAMES = frozenset({OFFICE, VPN, DATACENTRE, CI, VENDOR, AWS})  # the words of `Settings.networks` that mean something
PEOPLE = frozenset({OFFICE, VPN})
MACHINES = frozenset({DATACENTRE, CI, VENDOR, AWS})
SERVICE, PRIVATE, UNKNOWN = "an AWS service", "a private network", ""
NEIGHBOURS = {4: 24, 6: 48}  # prefix lengths within which addresses count as one network: NAT pools, home lines
# The word before the name's first blank or number is its kind: "office Berlin", "vpn-2".
WORD = re.compile(r"[a-z]+")
WIDEST = {4: 8, 6: 16}  # prefix lengths; nobody's network is wider

Network = IPv4Network | IPv6Network


class Networks:
    """named: CIDR -> name, as in the settings. What is no CIDR there is passed over."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._stretches = stretches(tuple(named.items()))
        self.name = lru_cache(4_096)(self._name)

    @property
    def knows_aws(self) -> bool:
        """Whether AWS's ranges are among them, so that an address outside them is surely not AWS's."""
        return any(kind(name) == AWS for row in self._stretches.values() for name in row.names)

    def kind(self, address: str) -> str:
        """One of NAMES, SERVICE, PRIVATE, or UNKNOWN."""
        found = self.name(address)
        return found if found in (SERVICE, PRIVATE, UNKNOWN) else kind(found)

    def said(self, address: str) -> str:
        """ "203.0.113.7 (office Berlin)"."""
        found = self.name(address)
        return f"{address} ({found})" if found and found != SERVICE else address

    def _name(self, address: str) -> str:
        """The operator's name, the longest prefix first, else what the address tells."""
        found = address_of(address)
        if found is None:
            return SERVICE if is_service(address) else UNKNOWN
        if name := self._stretches[found.version].name(int(found)):
            return name
        return UNKNOWN if found.is_global or is_documentation(found) else PRIVATE


@dataclass(frozen=True, slots=True)
class Stretches:
    """starts: where each stretch of addresses begins, ascending; it ends where the next begins. names: "" for none."""

    starts: list[int]
    names: list[str]

    def name(self, address: int) -> str:
        place = bisect_right(self.starts, address)
        return self.names[place - 1] if place else ""


@lru_cache(16)
def stretches(named: tuple[tuple[str, str], ...]) -> Mapping[int, Stretches]:
    """By the version of IP. Accounts mostly share their names, so a process works them out once."""
    found: dict[int, list[tuple[Network, str]]] = {4: [], 6: []}
    for cidr, name in named:
        if name.strip() and (network := network_of(cidr)) is not None:
            found[network.version].append((network, name.strip()))
    return {version: _in_a_row(some) for version, some in found.items()}


def _in_a_row(networks: list[tuple[Network, str]]) -> Stretches:
    marks = dict(_marks(sorted(networks, key=lambda pair: (int(pair[0].network_address), pair[0].prefixlen))))
    return Stretches(list(marks), list(marks.values()))


def _marks(networks: list[tuple[Network, str]]) -> Iterator[tuple[int, str]]:
    """Where a name begins to hold, ascending; of two at one place the later counts. networks: outer ones before inner."""
    inside: list[tuple[int, str]] = []  # the networks that are open, each with the first address behind it
    for network, name in networks:
        first = int(network.network_address)
        yield from _ends(inside, first)
        yield first, name
        inside.append((int(network.broadcast_address) + 1, name))
    yield from _ends(inside, None)


def _ends(inside: list[tuple[int, str]], until: int | None) -> Iterator[tuple[int, str]]:
    while inside and (until is None or inside[-1][0] <= until):
        end, _ = inside.pop()
        yield end, inside[-1][1] if inside else ""


def kind(name: str) -> str:
    """The word of NAMES that a name begins with, "" for none."""
    found = WORD.match(name.lower())
    return found.group() if found and found.group() in NAMES else ""


def is_service(address: str) -> bool:
    """A service's DNS name or AWS itself in place of an address (AWS.md 27)."""
    return address == "AWS Internal" or address.lower().removesuffix(".cn").endswith(".amazonaws.com")


@lru_cache(65_536)
def block(address: str) -> str:
    """The neighbourhood that the address counts for as one network; what is no address stands for itself."""
    found = address_of(address)
    return address if found is None else str(ip_network((found, NEIGHBOURS[found.version]), strict=False))


def blocks(addresses: Iterable[str]) -> frozenset[str]:
    return frozenset(map(block, addresses))


@lru_cache(65_536)
def address_of(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def network_of(text: str) -> Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def fault_of(line: str) -> str:
    """What is wrong with a line that an operator wrote; "" for a network."""
    if (network := network_of(line)) is None:
        return f"{line[:60]} is no network. Write it as 192.0.2.0/24 or 2001:db8::/32."
    if "/" in line and ip_interface(line).ip != network.network_address:
        return f"{line[:60]} is an address within {network}. Write {network}, or the address without its prefix."
    if network.prefixlen < WIDEST[network.version]:
        return f"{network} is wider than any network of one company: at least /{WIDEST[network.version]}."
    return ""


DOCUMENTATION = tuple(
    ip_network(cidr) for cidr in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


def is_documentation(address: IPv4Address | IPv6Address) -> bool:
    """Of examples, which Python calls private, and which the lab uses as addresses of the internet (RFC 5737, 3849)."""
    return any(address in network for network in DOCUMENTATION)
