"""Helpers of the repairs: putting a method on a moto class, and paging."""

from collections.abc import Callable, Sequence
from typing import Any

from moto.core.responses import BaseResponse

from collectors.lab.wire import RefusalError


def operation(cls: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add or replace the method of the function's name."""

    def put(function: Callable[..., Any]) -> Callable[..., Any]:
        setattr(cls, function.__name__, function)
        return function

    return put


def page(
    response: BaseResponse, items: Sequence[Any], default: int = 100, largest: int = 1000
) -> tuple[list[Any], dict]:
    """The items asked for by MaxItems and Marker, and the IsTruncated and Marker to answer."""
    size, marker = int(response._get_param("MaxItems") or default), response._get_param("Marker") or "0"
    if not 1 <= size <= largest:
        raise RefusalError("invalid", f"MaxItems must be between 1 and {largest}")
    if not marker.isdigit():
        raise RefusalError("invalid", "Invalid Marker.")
    start = int(marker)
    rest = start + size < len(items)
    return list(items[start : start + size]), {"IsTruncated": rest} | ({"Marker": str(start + size)} if rest else {})
