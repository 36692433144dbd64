"""Condition values as what they mean: numbers, dates, addresses. What cannot be read is None, and None
matches nothing. (IAM user guide, "Condition operators".)"""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")
YEAR = re.compile(r"[0-9]{4}")
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
CACHED = 16_384

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@lru_cache(maxsize=CACHED)
def number(text: str) -> Decimal | None:
    """Exact, of any length; Python's other spellings of numbers ("1_000", "NaN") are none in IAM."""
    if NUMBER.fullmatch(text) is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


@lru_cache(maxsize=CACHED)
def instant(text: str) -> Decimal | None:
    """A date as seconds since 1970. ISO 8601, or such seconds themselves; without a zone it is UTC. Four digits are a
    year."""
    if YEAR.fullmatch(text):
        text = f"{text}-01-01"
    elif month := MONTH.fullmatch(text):
        text = f"{month[0]}-01"
    elif (seconds := number(text)) is not None:
        return seconds
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return Decimal(since.days * 86_400 + since.seconds) + Decimal(since.microseconds).scaleb(-6)


@lru_cache(maxsize=CACHED)
def address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


@lru_cache(maxsize=CACHED)
def network(text: str) -> Network | None:
    """An address, or a range in CIDR notation; IAM does not mind bits behind the prefix."""
    length = text.partition("/")[2]
    if "/" in text and not (length.isascii() and length.isdigit()):
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=CACHED)
def binary(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None
