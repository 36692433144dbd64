from __future__ import annotations

import pytest

from findings.analysis.activity.networks import PRIVATE, SERVICE, UNKNOWN, Networks, block

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
