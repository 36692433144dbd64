"""The tags of the organization's accounts, by which accounts are chosen and grouped.

AWS tells those of one account at a time, so a run reads all that were never read, then the stalest, up to a limit: 1,000 accounts
are 1,000 calls once, and as many again over the runs of a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from collectors.aws.call import Aws
from collectors.aws.errors import AwsError
from collectors.models.account_tags import Tagging
from collectors.records import State
from collectors.sources import Answers
from collectors.sources.organizations.ask import NO_LINE
from collectors.sources.organizations.names import ACCOUNTS, TAGS

TAGGING = "tagging"
SECONDS = 600.0  # of a run: 3,000 accounts at the rate of the API
GONE = "TargetNotFoundException"  # the account left meanwhile


@dataclass
class Tagged:
    """Account id -> its tags, as this run read them."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)


def due(planned: Tagging, accounts: Iterable[str]) -> list[str]:
    """Never read, then the stalest. The stalest one always, so that a lost permission shows."""
    listed = sorted(set(accounts))
    new = [one for one in listed if one not in planned.read]
    known = sorted((one for one in listed if one in planned.read), key=lambda one: (planned.read[one], one))
    old = [one for one in known if planned.read[one] <= planned.now - planned.renew]
    return [*new[: planned.first], *((old or ([] if new else known[:1]))[: planned.limit])]


def tags(aws: Aws, answers: Answers) -> Tagged:
    """Raises AwsError, which keeps what was read before."""
    if not answers[ACCOUNTS]:  # AWS always has one
        raise AwsError(TAGS, State.ABSENT, "organizations.list-accounts.json is not in the bundle")
    found = Tagged()
    failed = _read(aws, due(answers[TAGGING], (raw["Id"] for raw in answers[ACCOUNTS])), found)
    if failed and not (failed.code == NO_LINE and found.tags):
        failed.kept = found if found.tags else None
        raise failed
    return found


def _read(aws: Aws, accounts: Iterable[str], found: Tagged) -> AwsError | None:
    """The failure that ended it, or the last line that a bundle lacks: there may be others."""
    began, failed = aws.clock(), None
    for account in accounts:
        if aws.clock() - began > SECONDS:
            break
        try:
            found.tags[account] = _of(aws, account)
        except AwsError as error:
            if error.code == GONE:
                continue
            if error.code != NO_LINE:
                return error
            failed = error
    return failed


def _of(aws: Aws, account: str) -> dict[str, str]:
    pages = aws.pages(TAGS, require="Tags", token="NextToken", ResourceId=account)  # noqa: S106 - a page token
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def known(account: str, answers: Answers) -> tuple[dict[str, str] | None, datetime | None]:
    """The account's tags and when they were read, in this run or before."""
    planned: Tagging | None = answers.get(TAGGING)
    if TAGS in answers and account in answers[TAGS].tags:
        return answers[TAGS].tags[account], planned.now if planned else None
    if planned is None:
        return None, None
    return planned.tags.get(account), planned.read.get(account)


def problems(answers: Answers) -> tuple[str, ...]:
    """What coverage says unless every account was read in this run, or a few days ago at most."""
    if TAGS not in answers or TAGGING not in answers:
        return ()
    planned: Tagging = answers[TAGGING]
    listed = {raw["Id"] for raw in answers.get(ACCOUNTS, ())}
    late = {one for one in listed if planned.stale(one)} - answers[TAGS].tags.keys()
    if not late:
        return ()
    return (
        f"The tags of {len(listed) - len(late)} of {len(listed)} accounts were read within {planned.keep.days} days.",
    )
