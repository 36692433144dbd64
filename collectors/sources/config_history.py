"""The history of roles, users, groups and customer-managed policies that AWS Config keeps: what each was, and from when on.

One region is asked, the home region if it records IAM, since every region that does keeps the same. An advanced query tells
when each entity changed last (one call for 100 entities), a list tells which are gone, and the history is read of those of which
there is more than we have: the ones that changed since, then those never read, up to a limit. The first reading goes back some
months only, and a page of history spans at most seven days, so that it takes about 13 calls an entity, later ones one or two.

Where an aggregator is set, its account tells for all: the query of all accounts, then the items of what changed, 100 a call. It
knows no history and nothing of what is gone, so what changed twice between two readings is one change, and our own inventory has
to tell of deletions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.aws.partitions import HOME
from collectors.aws.shapes import document, moment
from collectors.models import Policy, Principal
from collectors.models.config_history import Known, aggregator, known
from collectors.records import IAM_TYPES, ConfigItem, ConfigStatus, Part, Record, State, clean, digest, to_json
from collectors.sources import Answers, Api, Source
from collectors.sources.authorization_details import Reader
from collectors.sources.config import RECORDERS

LATEST, LISTED = "config:SelectResourceConfig", "config:ListDiscoveredResources"
HISTORY = "config:GetResourceConfigHistory"
AGGREGATED, ITEMS = "config:SelectAggregateResourceConfig", "config:BatchGetAggregateResourceConfig"
KNOWN = "known"
PAGE = 100  # AWS's maximum, of the query and of the others
SECONDS = 150.0  # of one API
MOST_PAGES = 100  # of one list
TOLD = 3  # entities that coverage names
SELECT = (
    "SELECT accountId, resourceId, resourceName, resourceType, arn, tags, configurationItemCaptureTime"
    " WHERE resourceType LIKE 'AWS::IAM::%'"
)
NOT_TOLD = "An aggregator does not tell what is gone."
UNRECORDED = "No recorder of this account is set to record IAM, so there is no history (MO107)."
GONE = frozenset({"ResourceDeleted", "ResourceDeletedNotRecorded"})
WHAT = "ResourceNotDiscoveredException"  # Config knows no such entity (any more)
FAULTS = (LookupError, TypeError, ValueError, AttributeError)  # what an item of another shape may raise
ENTITIES = {"Role": Principal.volatile, "User": Principal.volatile, "Group": (), "Policy": Policy.volatile}


@dataclass(frozen=True)
class Row:
    """An entity, and when Config recorded it last. account: "" for the one that is asked. tags: as Config has them."""

    type: str
    id: str
    name: str
    arn: str
    captured_at: datetime
    account: str = ""
    deleted: bool = False
    tags: Any = None


@dataclass
class Found:
    """region: where it was asked. raws: Config's items. left: how many entities are still to be read; problems: sentences."""

    region: str
    rows: list[Row] = field(default_factory=list)
    raws: list[Answer] = field(default_factory=list)
    left: int = 0
    problems: list[str] = field(default_factory=list)


def latest(aws: Aws, answers: Answers) -> Found:
    """Raises AwsError."""
    planned: Known = answers[KNOWN]
    if through := planned.aggregator:
        found = Found(through.region)
        _query(aws, AGGREGATED, found, planned, Limit=PAGE, ConfigurationAggregatorName=through.name)
        return found
    if planned.regions == ():
        raise AwsError(LATEST, State.NOT_APPLICABLE, UNRECORDED)
    found = Found(planned.regions[0] if planned.regions else aws.home)
    _query(aws, LATEST, found, planned, Limit=PAGE)
    return found


def _query(aws: Aws, api: str, found: Found, planned: Known, **more: Any) -> None:
    since = f" AND configurationItemCaptureTime > '{planned.since:%Y-%m-%dT%H:%M:%SZ}'" if planned.since else ""
    pages = aws.pages(
        api,
        require="Results",
        token="NextToken",  # noqa: S106 - a page token
        region=found.region,
        Expression=SELECT + since,
        **more,
    )
    newest: dict[str, Row] = {}  # an aggregator may have an entity once for each region that records it
    for text in (one for page in pages for one in page["Results"]):
        try:
            row = _row(json.loads(text), through=planned.aggregator is not None)
        except FAULTS:
            found.problems.append("A row of the query cannot be read.")
            continue
        if row.type in IAM_TYPES and (row.id not in newest or newest[row.id].captured_at < row.captured_at):
            newest[row.id] = row
    found.rows = [*newest.values()]


def _row(raw: Answer, *, through: bool) -> Row:
    """Raises one of FAULTS."""
    at = moment(raw["configurationItemCaptureTime"])
    if at is None:
        raise ValueError("no time")
    wanted = ("resourceType", "resourceId", "resourceName", "arn", "accountId")
    kind, unique_id, name, arn, account = (str(clean(raw.get(one, ""))) for one in wanted)
    return Row(kind, unique_id, name, arn, at, account if through else "", tags=raw.get("tags"))


def listed(aws: Aws, answers: Answers) -> Found:
    """What was deleted within the time that is read, and is not known to be. Raises AwsError."""
    planned: Known = answers[KNOWN]
    if planned.aggregator:
        raise AwsError(LISTED, State.NOT_APPLICABLE, NOT_TOLD)
    found = Found(answers[LATEST].region)
    began = aws.clock()
    for kind in IAM_TYPES:
        pages = aws.pages(
            LISTED,
            require="resourceIdentifiers",
            token="nextToken",  # noqa: S106 - a page token
            region=found.region,
            resourceType=kind,
            includeDeletedResources=True,
            limit=PAGE,
        )
        for n, page in enumerate(pages):
            found.rows += [_gone(kind, raw) for raw in page["resourceIdentifiers"] if _lately_gone(raw, planned)]
            if n >= MOST_PAGES or aws.clock() - began > SECONDS:
                found.problems.append(f"Of {kind} there are more than could be listed.")
                break
    return found


def _lately_gone(raw: Answer, planned: Known) -> bool:
    at = raw.get("resourceDeletionTime")
    return at is not None and at >= planned.oldest and raw["resourceId"] not in planned.deleted


def _gone(kind: str, raw: Answer) -> Row:
    at: datetime = raw["resourceDeletionTime"]
    return Row(kind, raw["resourceId"], raw.get("resourceName", ""), "", at, deleted=True)


def due(planned: Known, rows: list[Row]) -> list[Row]:
    """Of which there is more than we have: what changed since, then what was never read, the newest changes first."""
    wanted = (row for row in rows if row.captured_at > planned.captured.get(row.id, planned.oldest))
    return sorted(wanted, key=lambda row: (row.id not in planned.captured, -row.captured_at.timestamp(), row.id))


def _any(planned: Known) -> list[Row]:
    """One that is known: where nothing is new it is read again, so that a lost permission shows."""
    if planned.some is None:
        return []
    kind, unique_id, account = planned.some
    return [Row(kind, unique_id, "", "", planned.captured[unique_id], account if planned.aggregator else "")]


def history(aws: Aws, answers: Answers) -> Found:
    """Raises AwsError, with what was read before it."""
    planned: Known = answers[KNOWN]
    gone = answers[LISTED].rows if LISTED in answers else []
    queue = due(planned, [*answers[LATEST].rows, *gone]) or _any(planned)
    found = Found(answers[LATEST].region)
    at_once, read = (PAGE, _batch) if planned.aggregator else (1, _read)
    began = aws.clock()
    for n in range(0, len(queue), at_once):
        if n // at_once == planned.limit or aws.clock() - began > SECONDS:
            break
        try:
            read(aws, queue[n : n + at_once], found, planned)
        except AwsError as error:
            error.kept = found if found.rows else None
            raise
    found.left = len(queue) - len(found.rows)
    return found


def _read(aws: Aws, some: list[Row], found: Found, planned: Known) -> None:
    """All items of one entity that we do not have."""
    (row,) = some
    pages = aws.pages(
        HISTORY,
        require="configurationItems",
        token="nextToken",  # noqa: S106 - a page token
        region=found.region,
        resourceType=row.type,
        resourceId=row.id,
        earlierTime=planned.captured.get(row.id, planned.oldest),
        limit=PAGE,
    )
    try:
        found.raws += [raw for page in pages for raw in page["configurationItems"]]
    except AwsError as error:
        if error.code != WHAT:
            raise
    found.rows.append(row)


def _batch(aws: Aws, some: list[Row], found: Found, planned: Known) -> None:
    """The newest item of each. Config files an entity of IAM under the region that recorded it; which one that is, only its
    account's recorders tell."""
    assert planned.aggregator
    asked = [
        {
            "SourceAccountId": row.account,
            "SourceRegion": planned.recorded_in.get(row.account, found.region),
            "ResourceId": row.id,
            "ResourceType": row.type,
        }
        for row in some
    ]
    answer = aws.ask(
        ITEMS,
        require="BaseConfigurationItems",
        region=found.region,
        ConfigurationAggregatorName=planned.aggregator.name,
        ResourceIdentifiers=asked,
    )
    tags = {row.id: row.tags for row in some}
    found.raws += [raw | {"tags": tags.get(raw["resourceId"])} for raw in answer["BaseConfigurationItems"]]
    found.rows += some


def transform(answers: Answers) -> Part:
    """Of a bundle and of an account all is its own, whatever an item says; an aggregator's items say whose they are."""
    problems = {api: _problems(answers[api]) for api in (LATEST, LISTED, HISTORY) if api in answers}
    if HISTORY not in answers:
        return Part(problems={api: told for api, told in problems.items() if told})
    found: Found = answers[HISTORY]
    through = answers[KNOWN].aggregator is not None
    made, bad = _understood(found, through=through)
    if bad:
        problems[HISTORY] += (f"{len(bad)} items cannot be read, such as of {', '.join(sorted(set(bad))[:TOLD])}.",)
    return Part(
        config_items=(*made, *_untold(found, made, through=through)),
        problems={api: told for api, told in problems.items() if told},
    )


def _problems(found: Found) -> tuple[str, ...]:
    total = found.left + len(found.rows)
    left = (f"{found.left} of {total} changed entities are still to be read.",) if found.left else ()
    return (*dict.fromkeys(found.problems), *left)


def _understood(found: Found, *, through: bool) -> tuple[list[ConfigItem], list[str]]:
    """And ids of entities of which an item cannot be read."""
    made, bad = list[ConfigItem](), list[str]()
    for raw in found.raws:
        try:
            made.append(_item(raw, found.region, raw["accountId"] if through else ""))
        except FAULTS:
            bad.append(str(raw.get("resourceId", "")))
    return made, bad


def _untold(found: Found, made: list[ConfigItem], *, through: bool) -> Iterator[ConfigItem]:
    """Items of which only the time is told: an entity that is gone, without an item that says so; one that its aggregator
    does not give."""
    last = {item.resource_id: item for item in sorted(made, key=lambda item: item.captured_at)}
    for row in found.rows:
        known = last.get(row.id)
        if row.deleted and (known is None or known.status is not ConfigStatus.DELETED):
            yield _bare(row, ConfigStatus.DELETED, found.region, known.arn if known else "")
        elif through and known is None:
            yield _bare(row, ConfigStatus.RECORDED, found.region, row.arn)


def _bare(row: Row, status: ConfigStatus, region: str, arn: str) -> ConfigItem:
    return ConfigItem(
        unique_id=_identity(row.id, row.captured_at),
        account_id=row.account,
        resource_type=row.type,
        resource_id=row.id,
        name=row.name,
        arn=arn,
        captured_at=row.captured_at,
        status=status,
        region=region,
    )


def _identity(resource_id: str, at: datetime) -> str:
    return f"{resource_id}/{at.astimezone(UTC).isoformat()}"


def _item(raw: Answer, region: str, account: str) -> ConfigItem:
    """Raises one of FAULTS."""
    status, read = _status(raw.get("configurationItemStatus", "")), Reader()
    kind = raw["resourceType"].rpartition(":")[2]
    told = json.loads(raw.get("configuration") or "null") if status is ConfigStatus.RECORDED else None
    entity = _entity(kind, told, raw.get("tags"), read) if isinstance(told, dict) else None
    return ConfigItem(
        unique_id=_identity(raw["resourceId"], raw["configurationItemCaptureTime"]),
        account_id=account,
        resource_type=raw["resourceType"],
        resource_id=raw["resourceId"],
        name=raw.get("resourceName", ""),
        arn=raw.get("arn", ""),
        captured_at=raw["configurationItemCaptureTime"],
        status=status,
        region=region,
        daily=raw.get("recordingFrequency") == "DAILY",
        entity=entity,
        digest="" if entity is None else digest(entity),
        documents=read.documents,
    )


def _status(word: str) -> ConfigStatus:
    if word in GONE:
        return ConfigStatus.DELETED
    return ConfigStatus.NOT_RECORDED if word == "ResourceNotRecorded" else ConfigStatus.RECORDED


def _entity(kind: str, told: Answer, tags: Any, read: Reader) -> dict[str, Any]:
    """The record as JSON. Config writes an entity as IAM's snapshot does, with small initials and documents URL-encoded."""
    made: Record = getattr(read, kind.lower())(_as_iam({**told, **_tagged(told.get("tags") or tags)}))
    return {name: value for name, value in to_json(made).items() if name not in ENTITIES[kind]}


def _tagged(tags: Any) -> Answer:
    """Items have them as a map, and configurations as a list."""
    pairs = [{"key": k, "value": v} for k, v in tags.items()] if isinstance(tags, dict) else tags or []
    return {"tags": [pair for pair in pairs if "key" in pair]}


def _as_iam(value: Any, name: str = "") -> Any:
    if name.endswith("Document"):
        return _document(value)
    if isinstance(value, dict):
        pairs = ((f"{key[:1].upper()}{key[1:]}", one) for key, one in value.items() if one is not None)
        return {key: _as_iam(one, key) for key, one in pairs}
    if isinstance(value, list):
        return [_as_iam(one, name) for one in value]
    return moment(value) if name.endswith("Date") else clean(value)


def _document(value: Any) -> Any:
    """Raises ValueError, as for what boto3 cannot read, in the words that the snapshot has for it."""
    try:
        return document(value)
    except ValueError as error:
        return f"(not read: {error})"


SOURCE = Source(
    name="config_history",
    title="History of IAM in AWS Config",
    apis=(
        Api(LATEST, latest, actions=(LATEST, AGGREGATED)),
        Api(LISTED, listed, after=(LATEST,)),
        Api(HISTORY, history, after=(LATEST,), actions=(HISTORY, ITEMS)),
    ),
    transform=transform,
    every=2,
    queue="activity",
    known=lambda account_id: {KNOWN: known(account_id, HOME, RECORDERS, HISTORY)},
    fresh=lambda at: {KNOWN: Known(at)},
    trial=lambda at: {KNOWN: Known(at, limit=1, aggregator=aggregator())},
    asked_in=lambda account_id: (through := aggregator()) is None or through.account == account_id,
    calls=lambda size: 5 + size.changes if size.recorded else 1,
)
