"""Where calls came from: the networks that an organization named, and what an address tells by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

OFFICE, VPN, DATACENTRE, CI, VENDOR, AWS = "office", "vpn", "datacentre", "ci", "vendor", "aws"
NAMES = frozenset({OFFICE, VPN, DATACENTRE, CI, VENDOR, AWS})  # the words of `Settings.networks` that mean something
PEOPLE = frozenset({OFFICE, VPN})
MACHINES = frozenset({DATACENTRE, CI, VENDOR, AWS})
SERVICE, PRIVATE, UNKNOWN = "an AWS service", "a private network", ""
NEIGHBOURS = {4: 24, 6: 48}  # prefix lengths within which addresses count as one network: NAT pools, home lines
# The word before the name's first blank or number is its kind: "office Berlin", "vpn-2".
WORD = re.compile(r"[a-z]+")

Network = IPv4Network | IPv6Network


class Networks:
    """named: CIDR -> name, as in the settings. What is no CIDR there is passed over."""

    def __init__(self, named: Mapping[str, str]) -> None:
        found = ((network_of(cidr), name.strip()) for cidr, name in named.items())
        some = [(network, name) for network, name in found if network is not None and name]
        self._named = sorted(some, key=lambda pair: pair[0].prefixlen, reverse=True)
        self.name = lru_cache(4_096)(self._name)

    @property
    def knows_aws(self) -> bool:
        """Whether AWS's ranges are among them, so that an address outside them is surely not AWS's."""
        return any(kind(name) == AWS for _, name in self._named)

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
        for network, name in self._named:
            if found in network:
                return name
        return UNKNOWN if found.is_global or is_documentation(found) else PRIVATE


def kind(name: str) -> str:
    """The word of NAMES that a name begins with, "" for none."""
    found = WORD.match(name.lower())
    return found.group() if found and found.group() in NAMES else ""


def is_service(address: str) -> bool:
    """A service's DNS name or AWS itself in place of an address (AWS.md 27)."""
    return address == "AWS Internal" or address.lower().removesuffix(".cn").endswith(".amazonaws.com")


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


DOCUMENTATION = tuple(
    ip_network(cidr) for cidr in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


def is_documentation(address: IPv4Address | IPv6Address) -> bool:
    """Of examples, which Python calls private, and which the lab uses as addresses of the internet (RFC 5737, 3849)."""
    return any(address in network for network in DOCUMENTATION)
