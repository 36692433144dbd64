from __future__ import annotations

import json
from ipaddress import ip_address
from random import Random
from typing import Any

import pytest

from findings.analysis.activity import aws_ranges
from findings.analysis.activity.aws_ranges import RangesError, read
from findings.analysis.activity.networks import PRIVATE, SERVICE, UNKNOWN, Networks, block, network_of

NAMED = {
    "198.51.100.0/24": "aws",
    "198.51.100.128/25": "vpn",
    "10.1.0.0/16": "datacentre Frankfurt",
    "2001:db8:1::/48": "Office 2",
    "203.0.113.0/24": "somewhere",
    "not a network": "office",
    "192.0.2.0/24": "  ",
}


@pytest.mark.parametrize(
    ("address", "name", "kind"),
    [
        ("198.51.100.7", "aws", "aws"),
        ("198.51.100.200", "vpn", "vpn"),
        ("10.1.2.3", "datacentre Frankfurt", "datacentre"),
        ("2001:db8:1::9", "Office 2", "office"),
        ("203.0.113.1", "somewhere", ""),
        ("10.2.0.1", PRIVATE, PRIVATE),
        ("100.64.0.1", PRIVATE, PRIVATE),
        ("192.0.2.1", UNKNOWN, UNKNOWN),
        ("8.8.8.8", UNKNOWN, UNKNOWN),
        ("ec2.amazonaws.com", SERVICE, SERVICE),
        ("ec2.amazonaws.com.cn", SERVICE, SERVICE),
        ("AWS Internal", SERVICE, SERVICE),
        ("ec2.amazonaws.com.evil.example", UNKNOWN, UNKNOWN),
        ("", UNKNOWN, UNKNOWN),
    ],
)
def test_the_longest_prefix_names_an_address(address: str, name: str, kind: str) -> None:
    networks = Networks(NAMED)
    assert (networks.name(address), networks.kind(address)) == (name, kind)


def test_neighbours_are_one_network() -> None:
    assert block("203.0.113.7") == block("203.0.113.200") == "203.0.113.0/24"
    assert block("2001:db8:1:2::1") == block("2001:db8:1::5") == "2001:db8:1::/48"
    assert block("AWS Internal") == "AWS Internal"


def test_whether_aws_is_known_is_told() -> None:
    assert Networks(NAMED).knows_aws
    assert not Networks({"198.51.100.0/24": "office"}).knows_aws
    assert Networks(NAMED).said("198.51.100.200") == "198.51.100.200 (vpn)"
    assert Networks({}).said("8.8.8.8") == "8.8.8.8"


def test_of_many_networks_the_narrowest_names_an_address() -> None:
    """Nested, side by side, doubled, at both ends of the addresses."""
    chance = Random(5)
    named = {
        "0.0.0.0/8": "first",
        "255.255.255.0/24": "last",
        "255.255.255.255": "end",
        "::/16": "six",
        "ff00::/8": "top",
    }
    for n in range(300):
        start = ip_address(0x20000000 + chance.getrandbits(10) * 65_536 + chance.getrandbits(3))
        named[f"{start}/{chance.randrange(9, 33)}"] = f"n{n}"
    networks = Networks(named)
    parsed = [(network, name) for cidr, name in named.items() if (network := network_of(cidr))]
    for n in range(120):
        address = ip_address(0x20000000 + chance.getrandbits(10) * 65_536 + n % 9)
        inside = [(network.prefixlen, name) for network, name in parsed if address in network]
        best = {name for width, name in inside if width == max(inside)[0]}
        assert networks.name(str(address)) in (best or {UNKNOWN})
    assert [networks.name(a) for a in ("0.0.0.0", "255.255.255.255", "ffff::", "::1")] == ["first", "end", "top", "six"]


def prefix(cidr: Any, service: Any = "EC2", region: Any = "eu-west-1") -> dict[str, Any]:
    return {"ipv6_prefix" if ":" in str(cidr) else "ip_prefix": cidr, "service": service, "region": region}


def ranges(*prefixes: Any, **more: Any) -> bytes:
    return json.dumps({"createDate": "2026-11-20-10-12-13", "prefixes": list(prefixes), **more}).encode()


def test_aws_s_list_says_service_and_region() -> None:
    found = read(
        ranges(
            prefix("198.51.100.0/24", "AMAZON"), prefix("198.51.100.0/24"), prefix("198.51.100.0/24", "S3"),
            prefix("192.0.2.0/25", "AMAZON", "GLOBAL"),
            ipv6_prefixes=[prefix("2001:db8::/36", "CLOUDFRONT", "GLOBAL")], syncToken="1",
        )
    )  # fmt: skip
    assert found.published == "2026-11-20-10-12-13"
    assert found.named == {
        "192.0.2.0/25": "aws AMAZON GLOBAL",
        "198.51.100.0/24": "aws EC2/S3 eu-west-1",
        "2001:db8::/36": "aws CLOUDFRONT GLOBAL",
    }
    assert Networks(found.named).kind("198.51.100.7") == "aws"


@pytest.mark.parametrize(
    ("blob", "why"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", 'no list "prefixes"'),
        (b'{"prefixes": {}}', 'no list "prefixes"'),
        (ranges(), "lists no prefix"),
        (ranges(None), "Entry 1"),
        (ranges(prefix("198.51.100.0/24"), prefix("x")), "Entry 2"),
        (ranges(prefix(["198.51.100.0/24"])), "Entry 1"),
        (ranges(prefix("198.51.100.0/24", "<script>")), "Entry 1"),
        (ranges(prefix("198.51.100.0/24", region="a\nb")), "Entry 1"),
        (ranges(prefix("198.51.100.0/24", region=None)), "Entry 1"),
        (b" " * 20_000_001, "more than 20 MB"),
    ],
)
def test_what_is_no_list_of_aws_is_refused_with_its_reason(blob: bytes, why: str) -> None:
    with pytest.raises(RangesError, match=why):
        read(blob)


def test_a_list_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_ranges, "MOST", 2)
    with pytest.raises(RangesError, match="3 networks; more than 2 are not taken"):
        read(ranges(*(prefix(f"192.0.2.{n}") for n in range(3))))
