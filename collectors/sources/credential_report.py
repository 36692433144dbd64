"""The credential report, and the ids of the access keys that its slots stand for (AWS.md 2)."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.records import ROOT, AccessKey, Credential, KeySlot, Part, State
from collectors.sources import Answers, Api, Source
from collectors.sources.authorization_details import DETAILS

GENERATE, REPORT, KEYS = "iam:GenerateCredentialReport", "iam:GetCredentialReport", "iam:ListAccessKeys"
USED = "iam:GetAccessKeyLastUsed"  # of bundles only: the report's slots tell the same of most keys in one call
NAME, ARN = 128, 2_048  # bytes at most, by botocore's model
POLLS, LONGEST_PAUSE = 12, 5.0  # AWS makes a report within seconds
NEVER = datetime.min.replace(tzinfo=UTC)
NOTHING = frozenset({"", "N/A", "no_information", "not_supported"})


class ReportError(ValueError):
    """The report is not one: names the row and what is wrong."""


def generate(aws: Aws, _: Answers) -> str:
    for poll in range(POLLS):
        answer = aws.ask(GENERATE, require="State")
        if answer["State"] == "COMPLETE":
            return str(answer["State"])
        aws.pause(min(0.25 * 2**poll, LONGEST_PAUSE))
    raise AwsError(GENERATE, State.ERROR, f"No credential report after {POLLS} polls. It is tried again next time.")


def report(aws: Aws, _: Answers) -> Answer:
    answer = aws.ask(REPORT, require="Content")
    try:
        list(rows(answer))
    except ReportError as error:
        raise AwsError(REPORT, State.ERROR, str(error)) from error
    return answer


def list_keys(aws: Aws, answers: Answers) -> dict[str, list[Answer]]:
    """user name -> its keys. A user deleted since the report has none."""
    keys: dict[str, list[Answer]] = {}
    told = {request.get("AccessKeyId") for request in aws.requests(USED)} if aws.from_files else set()
    for name, more in _owners(aws, answers).items():
        try:
            pages = list(aws.pages(KEYS, require="AccessKeyMetadata", UserName=name))
        except AwsError as error:
            if error.code != "NoSuchEntity":
                raise
            continue
        found = [key | more for page in pages for key in page["AccessKeyMetadata"]]
        keys[name] = [key | (_use(aws, key) if key.get("AccessKeyId") in told else {}) for key in found]
    return keys


def _owners(aws: Aws, answers: Answers) -> dict[str, dict[str, str]]:
    """Users whose row shows that a key exists. Where a bundle has no report: all of whom it tells, with their ARNs."""
    if REPORT in answers:
        found = (row for row in rows(answers[REPORT]) if any(_has_key(row, n) for n in (1, 2)))
        return {row["user"]: {} for row in found if row["user"] not in {ROOT, ""}}
    owners = {request["UserName"]: {"UserArn": ""} for request in aws.requests(KEYS) if "UserName" in request}
    with contextlib.suppress(AwsError):
        for page in aws.pages(DETAILS, require="UserDetailList"):
            owners |= {user["UserName"]: {"UserArn": user["Arn"]} for user in page["UserDetailList"]}
    return owners


def _use(aws: Aws, key: Answer) -> dict[str, Answer]:
    """What a bundle's GetAccessKeyLastUsed tells of the key; nothing where AWS refused it."""
    with contextlib.suppress(AwsError):
        return {"Used": aws.ask(USED, require="AccessKeyLastUsed", AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]}
    return {}


def rows(answer: Answer) -> Iterator[dict[str, str]]:
    """The report's rows, whatever the order of its columns, byte order mark or line ends.

    Raises ReportError when it has no header, or is no CSV. A row may lack anything; credential() says what.
    """
    text = answer["Content"].decode("utf-8-sig", "replace").replace("\0", "\ufffd")
    table = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if not {"user", "arn"} <= set(table.fieldnames or ()):
            raise ReportError("The credential report has no header with the columns user and arn.")
        for row in table:
            yield {"row": str(table.line_num)} | {k: v or "" for k, v in row.items() if k}
    except csv.Error as error:
        raise ReportError(f"The credential report is no CSV after row {table.line_num}: {error}.") from error


def _has_key(row: dict[str, str], slot: int) -> bool:
    """Active, or once rotated: an inactive key keeps its date, an empty slot says N/A."""
    return _true(row, f"access_key_{slot}_active") is True or _when(row, f"access_key_{slot}_last_rotated") is not None


def _true(row: dict[str, str], column: str) -> bool | None:
    return {"true": True, "false": False}.get(row.get(column, "").lower())


def _when(row: dict[str, str], column: str) -> datetime | None:
    value = row.get(column, "")
    if value in NOTHING:
        return None
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        raise ReportError(f"{column} of {row['user']} is no date: {value[:40]!r}.") from None
    if when.tzinfo is None:
        raise ReportError(f"{column} of {row['user']} has no time zone: {value[:40]!r}.")
    return when


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column, "")
    return "" if value in NOTHING else value


def _slot(row: dict[str, str], n: int) -> KeySlot:
    return KeySlot(
        active=_true(row, f"access_key_{n}_active") is True,
        last_rotated=_when(row, f"access_key_{n}_last_rotated"),
        last_used_at=_when(row, f"access_key_{n}_last_used_date"),
        last_used_region=_text(row, f"access_key_{n}_last_used_region"),
        last_used_service=_text(row, f"access_key_{n}_last_used_service"),
    )


def credential(row: dict[str, str]) -> Credential:
    """Raises ReportError that names the row and what it lacks."""
    if not row["user"] or not row["arn"]:
        raise ReportError(f"Row {row['row']} of the credential report has no user or no arn.")
    if len(row["user"]) > NAME or len(row["arn"].encode()) > ARN:
        raise ReportError(f"Row {row['row']} of the credential report has a longer user or arn than AWS allows.")
    created = _when(row, "user_creation_time")
    if created is None:
        raise ReportError(f"user_creation_time of {row['user']} is missing.")
    return Credential(
        unique_id=row["arn"],
        user_name=row["user"],
        created_at=created,
        password_enabled=_true(row, "password_enabled"),
        password_last_used=_when(row, "password_last_used"),
        password_last_changed=_when(row, "password_last_changed"),
        mfa_active=_true(row, "mfa_active"),
        slots=tuple(_slot(row, n) for n in (1, 2) if _has_key(row, n)),
        signing_certificates=sum(_true(row, f"cert_{n}_active") is True for n in (1, 2)),
    )


def access_keys(name: str, row: Credential | None, listed: list[Answer]) -> Iterator[AccessKey]:
    """The user's keys, each with its use. Slots carry no id: they are matched by date, then by status."""
    left = list(row.slots) if row else []
    for raw in sorted(listed, key=lambda k: k["CreateDate"]):
        active = raw["Status"] == "Active"
        slot = _match(left, raw["CreateDate"], active, len(listed))
        if slot is not None:
            left.remove(slot)
        told = [one for one in (slot, _told(raw)) if one is not None]
        latest = max(told, key=lambda one: one.last_used_at or NEVER, default=None)
        yield AccessKey(
            unique_id=raw["AccessKeyId"],
            user_name=name,
            user_arn=row.unique_id if row else raw["UserArn"],
            active=active,
            created_at=raw["CreateDate"],
            use_known=latest is not None,
            last_used_at=latest.last_used_at if latest else None,
            last_used_region=latest.last_used_region if latest else "",
            last_used_service=latest.last_used_service if latest else "",
        )


def _told(raw: Answer) -> KeySlot | None:
    """What GetAccessKeyLastUsed told of a key."""
    if (told := raw.get("Used")) is None:
        return None
    return KeySlot(
        active=raw["Status"] == "Active",
        last_used_at=told.get("LastUsedDate"),
        last_used_region=_text(told, "Region"),
        last_used_service=_text(told, "ServiceName"),
    )


def _match(slots: list[KeySlot], created: datetime, active: bool, keys: int) -> KeySlot | None:
    """last_rotated is when the key was made or last changed, so it equals the creation of a key whose status never moved.

    What remains is matched by status only where one slot is left for it; else the use is unknown, not guessed.
    """
    same = [s for s in slots if s.last_rotated == created and s.active == active]
    if len(same) == 1:
        return same[0]
    left = [s for s in slots if s.active == active and (s.last_rotated is None or s.last_rotated >= created)]
    return left[0] if len(left) == 1 and (keys == 1 or len(slots) == 1) else None


def transform(answers: Answers) -> Part:
    problems: dict[str, list[str]] = {REPORT: [], KEYS: []}
    return Part(
        credentials=tuple(_credentials(answers, problems[REPORT])) if REPORT in answers else None,
        keys=tuple(_keys(answers, problems[KEYS])) if KEYS in answers else None,
        as_of={REPORT: answers[REPORT]["GeneratedTime"]} if "GeneratedTime" in answers.get(REPORT, ()) else {},
        problems={api: tuple(found) for api, found in problems.items() if found},
    )


def _credentials(answers: Answers, problems: list[str]) -> Iterator[Credential]:
    for row in rows(answers[REPORT]) if REPORT in answers else ():
        try:
            yield credential(row)
        except ReportError as error:
            problems.append(str(error))


def _keys(answers: Answers, problems: list[str]) -> Iterator[AccessKey]:
    by_name = {row.user_name: row for row in _credentials(answers, [])}
    for name, listed in answers[KEYS].items():
        row = by_name.get(name)
        if row is None and REPORT in answers:  # its row cannot be read, which is told
            continue
        try:
            yield from access_keys(name, row, listed)
        except KeyError as missing:
            problems.append(f"An access key of {name} has no {missing.args[0]}.")


SOURCE = Source(
    name="credential_report",
    title="Passwords, MFA and access keys",
    apis=(
        Api(GENERATE, generate),
        Api(REPORT, report, after=(GENERATE,)),
        Api(KEYS, list_keys, after=(REPORT,), filed=True),
    ),
    transform=transform,
    sweeps={"credentials": (REPORT,), "keys": (REPORT, KEYS)},
    calls=lambda size: 3 + size.keyed,
)
