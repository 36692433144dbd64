"""What was chosen once and stays from page to page: the account, OUs and the period. They stand in the address, and links carry
them on; a page that cannot narrow by one keeps it for the next."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.http import HttpRequest, QueryDict

from iamdash.access.scope import once
from iamdash.pages.profile import PERIODS

UNIT = re.compile(r"ou-[a-z0-9-]{1,66}")
MOST = 20  # OUs that links carry
Parameters = Mapping[str, str | Sequence[str]]


def account_chosen(request: HttpRequest) -> str:
    """The account id of the URL, "" for none or for what is no account id."""
    return _account(request.GET)


def read(get: QueryDict) -> dict[str, tuple[str, ...]]:
    """Parameter -> its values, of those that have some."""
    units = tuple(dict.fromkeys(one for one in get.getlist("ou") if UNIT.fullmatch(one)))[:MOST]
    days, account = get.get("days", ""), _account(get)
    found = {
        "account": (account,) if account else (),
        "ou": units,
        "days": (days,) if days in map(str, PERIODS) else (),
    }
    return {name: values for name, values in found.items() if values}


def along(request: HttpRequest, parameters: Parameters) -> Parameters:
    """The parameters of a link with what stays. A link to another account leaves the OU, for the account may lie outside."""
    stays = once("what stays from page to page", lambda: read(request.GET))
    there = parameters.get("account")
    if there is not None and (there,) != stays.get("account"):
        stays = {name: values for name, values in stays.items() if name != "ou"}
    return {"account": (), **stays, **parameters}


def _account(get: QueryDict) -> str:
    given = get.get("account", "")
    return given if len(given) == 12 and given.isascii() and given.isdigit() else ""
