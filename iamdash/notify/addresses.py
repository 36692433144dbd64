"""Which addresses a message may be sent to: public ones, whatever form they hide in (TRUST, SSRF). Pure.

`ipaddress.is_global` alone lets through multicast, the relays of 6to4, and IPv4 addresses inside IPv6 ones.
Networks: IANA's special-purpose address registries for IPv4 and IPv6.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Not even for a host that the operator lists: answers of these carry credentials, or reach more than one machine.
NEVER = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8",
        "169.254.0.0/16",  # metadata of AWS, Azure, GCP
        "100.100.100.200/32",  # of Alibaba
        "192.0.0.192/32",  # of Oracle
        "168.63.129.16/32",  # Azure's host agent, on a public address
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "::/128",
        "fd00:ec2::/32",  # metadata of AWS
        "fd20:ce::/32",  # of GCP
        "fe80::/10",
        "ff00::/8",
    )
)
INNER = tuple(
    ip_network(one)
    for one in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
    )
)
UNICAST = IPv6Network("2000::/3")  # all that IPv6 routes between sites
TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: the last 32 bits are the IPv4 address that is reached
COMPATIBLE = IPv6Network("::/96")
ISATAP = {0x00005EFE, 0x02005EFE}


def public(address: str) -> bool:
    """Whether everybody's packets to it leave for the internet. An IPv4 address inside it must be public as well."""
    return all(_public(one) for one in _reached(_parsed(address)))


def forbidden(address: str) -> bool:
    """Whether no setting opens it."""
    return any(one in network for one in _reached(_parsed(address)) for network in NEVER)


def _parsed(address: str) -> Address:
    return ip_address(address.partition("%")[0])  # fe80::1%eth0


def _public(one: Address) -> bool:
    if any(one in network for network in (*NEVER, *INNER)):
        return False
    if isinstance(one, IPv4Address):
        return one.is_global
    return one in TRANSLATED or (one in UNICAST and one.is_global)


def _reached(one: Address) -> Iterator[Address]:
    """The address and those that a router or relay may take out of it. A mapped or compatible one is its IPv4 address."""
    if isinstance(one, IPv4Address):
        yield one
        return
    low = IPv4Address(int(one) & 0xFFFFFFFF)
    if one.ipv4_mapped or (one in COMPATIBLE and int(one) > 1):
        yield low
        return
    yield IPv4Address("127.0.0.1") if int(one) == 1 else one
    yield from _inner(one, low)


def _inner(one: IPv6Address, low: IPv4Address) -> Iterator[Address]:
    if one in TRANSLATED or (int(one) >> 32 & 0xFFFFFFFF) in ISATAP:
        yield low
    if one.sixtofour:
        yield one.sixtofour
    if one.teredo:
        yield from one.teredo


def listed(allowed: frozenset[str], host: str, port: int) -> bool:
    """Whether the operator lists the host, or the host with this port: "relay.corp.example", "10.1.2.3:8080"."""
    shown = f"[{host}]" if ":" in host else host
    return bool(allowed & {host, shown, f"{shown}:{port}"})
