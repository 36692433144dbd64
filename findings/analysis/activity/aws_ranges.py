"""AWS's published addresses: the file ip-ranges.json, as an operator hands it in.

It lists prefixes with region and service; what is EC2's, say, is listed as AMAZON's too, which adds nothing.
https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import msgspec

from findings.analysis.activity.networks import AWS, network_of

MOST_BYTES = 20_000_000  # the file had 2 MB in 2025
MOST = 50_000  # CIDRs
WORD = re.compile(r"[\w-]{1,40}", re.ASCII)
EVERYTHING = "AMAZON"
SERVICES = 3  # that a name tells


class RangesError(ValueError):
    """Why a file is not AWS's list, as a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """published: createDate as the file has it, "2026-11-20-10-12-13". named: CIDR -> "aws EC2 eu-west-1"."""

    published: str
    named: dict[str, str]


def read(blob: bytes) -> Ranges:
    """Raises RangesError."""
    if len(blob) > MOST_BYTES:
        raise RangesError(f"It has more than {MOST_BYTES // 1_000_000} MB; AWS's file has about 2.")
    try:
        told = msgspec.json.decode(blob)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise RangesError("It is no JSON. Save AWS's ip-ranges.json as it is.") from None
    if not isinstance(told, dict) or not isinstance(told.get("prefixes"), list):
        raise RangesError('It has no list "prefixes", so it is not AWS\'s ip-ranges.json.')
    services, places = _read([*told["prefixes"], *(told.get("ipv6_prefixes") or ())])
    if not services:
        raise RangesError("It lists no prefix.")
    if len(services) > MOST:
        raise RangesError(f"It lists {len(services):,} networks; more than {MOST:,} are not taken.")
    published = told.get("createDate")
    named = {cidr: _name(services[cidr], places[cidr]) for cidr in sorted(services)}
    return Ranges(published[:32] if isinstance(published, str) else "", named)


def _read(rows: list[Any]) -> tuple[dict[str, set[str]], dict[str, str]]:
    """The services and the region of each CIDR."""
    services: defaultdict[str, set[str]] = defaultdict(set)
    places: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        cidr, service, region = _row(row, number)
        services[cidr].add(service)
        places[cidr] = region
    return services, places


def _row(row: Any, number: int) -> tuple[str, str, str]:
    texts = row if isinstance(row, dict) else {}
    network = network_of(str(texts.get("ip_prefix") or texts.get("ipv6_prefix") or ""))
    service, region = (str(texts.get(key) or "") for key in ("service", "region"))
    if network is None or not WORD.fullmatch(service) or not WORD.fullmatch(region):
        raise RangesError(f"Entry {number} is no network with a service and a region: {str(row)[:120]}")
    return str(network), service, region


def _name(services: set[str], region: str) -> str:
    own = sorted(services - {EVERYTHING}) or [EVERYTHING]
    return f"{AWS} {'/'.join(own[:SERVICES])} {region}"
