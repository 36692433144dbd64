"""Access Advisor: which services each role and user last tried to use, and of those that may write, which actions (AWS.md 4).

Which actions AWS tracks, it says in the answer; no list of ours could. Two calls a principal, and AWS throttles them; so a run
reads the principals that were never read, then those that changed, then the stalest, up to a limit. All jobs are made first and
read afterwards, in one session: by then most are done.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.models.last_accessed import Plan, Reading, plan
from collectors.records import ActionUse, LastAccessed, Part, ServiceUse, State
from collectors.sources import Answers, Api, Source
from collectors.sources.authorization_details import DETAILS

GENERATE, READ = "iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"
PLAN = "plan"
PAGE = 1_000  # AWS's maximum; it may return fewer, and its default is 100
SECONDS = 180.0  # for making the jobs, and again for reading them: together less than a task may take
POLLS, FIRST_PAUSE, LONGEST_PAUSE = 7, 0.5, 8.0  # half a minute in all; AWS makes most reports within seconds
TOLD = 3  # failed principals that coverage names


@dataclass
class Made:
    """principals: all that this account has; jobs: job id by unique id."""

    principals: dict[str, Reading]
    jobs: dict[str, str] = field(default_factory=dict)


@dataclass
class Found:
    """By unique id: what AWS's answer says, or why there is none. refused: the first refusal of a bundle's line."""

    services: dict[str, tuple[ServiceUse, ...]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    refused: AwsError | None = None


def due(planned: Plan, principals: Iterable[Reading]) -> list[Reading]:
    """Never read, then changed since, then stalest first. The stalest one always, so that a lost permission shows."""

    def changed(one: Reading) -> bool:
        return one.read_at is not None and one.changed_at is not None and one.changed_at > one.read_at

    def order(one: Reading) -> tuple[bool, bool, datetime, str]:
        return one.read_at is not None, not changed(one), one.read_at or planned.now, one.unique_id

    queue = sorted(principals, key=order)
    wanted = [one for one in queue if one.read_at is None or changed(one) or one.read_at <= planned.now - planned.renew]
    return (wanted or queue[:1])[: planned.limit]


def generate(aws: Aws, answers: Answers) -> Made:
    planned: Plan = answers[PLAN]
    made, began = Made({one.unique_id: one for one in planned.principals or _listed(aws)}), aws.clock()
    refused: AwsError | None = None
    for one in due(planned, made.principals.values()):
        if aws.clock() - began > SECONDS:
            break
        try:
            level = {"Granularity": "ACTION_LEVEL"} if one.writes else {}
            made.jobs[one.unique_id] = aws.ask(GENERATE, require="JobId", Arn=one.arn, **level)["JobId"]
        except AwsError as error:
            if error.code == "NoSuchEntity":
                del made.principals[one.unique_id]  # deleted since it was listed
                continue
            refused = refused or error
            if not _by_line(aws, error):
                break
    if refused:
        refused.kept = made if made.jobs else None
        raise refused
    return made


def _by_line(aws: Aws, error: AwsError) -> bool:
    """Whether it was told of one principal only: each line of a bundle stands by itself. AWS would refuse the next one too."""
    return aws.from_files and error.state is not State.ABSENT


def _listed(aws: Aws) -> list[Reading]:
    """The principals where the inventory has none yet: at the first run all sources start at once."""
    found = []
    for page in aws.pages(DETAILS, require="RoleDetailList", Filter=["Role", "User"], MaxItems=PAGE):
        found += [Reading(raw["UserId"], raw["Arn"]) for raw in page["UserDetailList"]]
        roles = (raw for raw in page["RoleDetailList"] if not raw["Path"].startswith("/aws-service-role/"))
        found += [Reading(raw["RoleId"], raw["Arn"]) for raw in roles]
    return found


def read(aws: Aws, answers: Answers) -> Found:
    """Every job that ends in time. One that fails is not asked again, one that is not done is given up."""
    waiting, found, began = dict(answers[GENERATE].jobs), Found(), aws.clock()
    for poll in range(POLLS):
        if poll:
            aws.pause(min(FIRST_PAUSE * 2 ** (poll - 1), LONGEST_PAUSE))
        for uid, job in list(waiting.items()):
            if aws.clock() - began > SECONDS:
                break
            if _read_one(aws, answers[GENERATE].principals[uid], job, found):
                del waiting[uid]
        if not waiting:
            break
    found.failed |= dict.fromkeys(waiting, "the report was not done in time")
    if found.refused:
        found.refused.kept = found if found.services else None
        raise found.refused
    return found


def _read_one(aws: Aws, one: Reading, job: str, found: Found) -> bool:
    """Whether the job has come to an end."""
    uid = one.unique_id
    try:
        pages = aws.pages(READ, require="JobStatus", JobId=job, MaxItems=PAGE)
        first = next(pages)
        if first["JobStatus"] == "COMPLETED":
            rows = (row for page in (first, *pages) for row in page["ServicesLastAccessed"])
            found.services[uid] = tuple(_use(row, one.arn) for row in rows)
    except AwsError as error:
        if error.code != "NoSuchEntity" and not _by_line(aws, error):
            error.kept = found if found.services else None
            raise
        gone = error.code == "NoSuchEntity"
        found.failed[uid] = "the role or user, or the report, is gone" if gone else error.message
        found.refused = found.refused or (None if gone else error)
        return True
    except aws.malformed as error:  # each line of a bundle stands by itself
        found.failed[uid] = f"its answer is not as AWS writes it: {type(error).__name__} {error}"
        return True
    status: str = first["JobStatus"]
    if status == "FAILED":
        found.failed[uid] = first.get("Error", {}).get("Message") or "AWS does not say why it failed"
    return status != "IN_PROGRESS"


def transform(answers: Answers) -> Part:
    if READ not in answers:
        return Part()
    planned: Plan = answers[PLAN]
    made: Made = answers[GENERATE]
    found: Found = answers[READ]
    problems = _problems(planned, made, found)
    return Part(
        last_accessed=tuple(
            LastAccessed(
                unique_id=uid,
                arn=made.principals[uid].arn,
                services=services,
                read_at=planned.now,
            )
            for uid, services in found.services.items()
        ),
        problems={READ: problems} if problems else {},
    )


def _use(raw: Answer, owner: str) -> ServiceUse:
    entity = raw.get("LastAuthenticatedEntity", "")
    return ServiceUse(
        namespace=raw["ServiceNamespace"],
        last_at=raw.get("LastAuthenticated"),
        region=raw.get("LastAuthenticatedRegion", ""),
        entity="" if entity == owner else entity,
        actions=_actions(raw),
    )


def _actions(raw: Answer) -> tuple[ActionUse, ...] | None:
    """Of a service that was used; none of one that was not, which says the same in fewer words."""
    tracked = raw.get("TrackedActionsLastAccessed")
    if not tracked or raw.get("LastAuthenticated") is None:
        return None
    some = (
        ActionUse(name=one["ActionName"], last_at=one.get("LastAccessedTime"), region=one.get("LastAccessedRegion", ""))
        for one in tracked
    )
    return tuple(sorted(some, key=lambda one: one.name))


def _problems(planned: Plan, made: Made, found: Found) -> tuple[str, ...]:
    """What coverage says unless every principal was read within the cadence."""
    oldest = planned.now - planned.keep
    fresh = {p.unique_id for p in made.principals.values() if p.read_at is not None and p.read_at >= oldest}
    read_now, total = len(fresh | found.services.keys()), len(made.principals)
    if read_now == total:
        return ()
    hours = planned.keep / timedelta(hours=1)
    failed = [f"{made.principals[uid].arn}: {why.rstrip('.')}." for uid, why in sorted(found.failed.items())[:TOLD]]
    return (f"{read_now} of {total} principals read within {hours:g} hours.", *failed)


def _unplanned(at: datetime, limit: int) -> Answers:
    """For where no inventory tells what there is."""
    return {PLAN: Plan(at, (), limit, timedelta(days=1), timedelta(0))}


SOURCE = Source(
    name="last_accessed",
    title="Services and actions that roles and users last used",
    apis=(Api(GENERATE, generate, actions=(GENERATE, DETAILS)), Api(READ, read, after=(GENERATE,))),
    transform=transform,
    queue="activity",
    known=lambda account_id: {PLAN: plan(account_id)},
    fresh=lambda at: _unplanned(at, sys.maxsize),
    trial=lambda at: _unplanned(at, 1),
    calls=lambda size: 1 + 2 * size.principals,
    renewed=lambda: settings.LAST_ACCESSED_HOURS,
)
