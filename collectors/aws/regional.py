"""Asking the same in every region of an account. Regions that are not enabled are no errors: they are not asked.

A region that fails says nothing of the others: a service control policy may close all but two of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from collectors.aws.call import Aws
from collectors.aws.errors import AwsError
from collectors.records import State
from collectors.records.trails import owner_of

REGIONS = "account:ListRegions"
SECONDS = 300.0  # regions that cannot be reached take their timeouts
A = TypeVar("A")


def enabled(aws: Aws, _: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """Names of the regions that are enabled, sorted. Raises AwsError."""
    pages = aws.pages(
        REGIONS,
        require="Regions",
        token="NextToken",  # noqa: S106 - a page token
        RegionOptStatusContains=["ENABLED", "ENABLED_BY_DEFAULT"],
    )
    return sorted(one["RegionName"] for page in pages for one in page["Regions"])


def each(
    aws: Aws, api: str, answers: Mapping[str, Any], ask: Callable[[str], A], within: Container[str] | None = None
) -> dict[str, A]:
    """Region -> what ask(region) gives, of the enabled ones, or of those within. answers: the source's, with that of REGIONS. A
    bundle is asked for those regions of which it holds an answer of the API.

    Raises AwsError once all were asked, if one failed: with what the others gave, and how each failed.
    """
    found: dict[str, A] = {}
    failed: dict[str, AwsError] = {}
    began = aws.clock()
    regions = [one or aws.home for one in aws.regions(api) or ("",)] if aws.from_files else answers[REGIONS]
    for region in (one for one in regions if within is None or one in within):
        if aws.clock() - began > SECONDS:
            failed[region] = AwsError(api, State.ERROR, "Not asked: the regions before it took too long.")
            continue
        try:
            found[region] = ask(region)
        except AwsError as error:
            failed[region] = error
            if error.kept is not None:
                found[region] = error.kept
    if failed:
        raise together(api, found, failed)
    return found


def of_each(
    aws: Aws,
    api: str,
    wanted: Iterable[tuple[str, str]],
    ask: Callable[[str, str], A],
    gone: Container[str] = (),
    foreign: Container[str] = (),
) -> dict[str, dict[str, A]]:
    """Region -> key -> what ask(region, key) gives; wanted: regions with keys, mostly ARNs. gone: error codes of what was deleted
    meanwhile, and is left out; foreign: those by which AWS says that another account may be told, whose it is.

    Raises AwsError as `each` does. A region of which some keys answered was read in part; one of which all are others' does not
    apply.
    """
    found: defaultdict[str, dict[str, A]] = defaultdict(dict)
    failed: dict[str, AwsError] = {}
    others: dict[str, AwsError] = {}
    for region, key in wanted:
        there, owner = found[region], owner_of(key)
        try:
            there[key] = ask(region, key)
        except AwsError as error:
            if error.code in foreign and owner not in ("", aws.account_id):
                text = f"{key} is told to account {owner}, which owns it, and not to this one: {error.message}"
                others[region] = AwsError(api, State.NOT_APPLICABLE, text, code=error.code)
            elif error.code not in gone:
                failed[region] = error
    failed = {region: _in_part(error, found[region]) for region, error in failed.items()}
    failed = {region: error for region, error in others.items() if not found[region]} | failed
    if failed:
        raise together(api, found, failed)
    return dict(found)


def _in_part(error: AwsError, found: Mapping[str, Any]) -> AwsError:
    if not found:
        return error
    return AwsError(error.api, State.PARTIAL, error.message, code=error.code, permission=error.permission)


def together(api: str, found: Mapping[str, Any], failed: Mapping[str, AwsError]) -> AwsError:
    """The failure of an API that was asked in several regions, as one."""
    first = next(iter(failed.values()))
    if failed.keys() >= found.keys() and all(error.state is first.state for error in failed.values()):
        kept = dict(found) if found else None
        return AwsError(
            api,
            first.state,
            first.message,
            code=first.code,
            permission=first.permission,
            kept=kept,
            regions=dict(failed),
        )
    text = f"{len(failed)} of {len(failed.keys() | found.keys())} regions gave no whole answer. {first.message}"
    return AwsError(api, State.PARTIAL, text, permission=first.permission, kept=dict(found), regions=dict(failed))
