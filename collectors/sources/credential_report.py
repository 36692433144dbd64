"""The credential report, and the ids of the access keys that its slots stand for (AWS.md 2)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.records import ROOT, AccessKey, Credential, KeySlot, Part, State
from collectors.sources import Answers, Api, Source

GENERATE, REPORT, KEYS = "iam:GenerateCredentialReport", "iam:GetCredentialReport", "iam:ListAccessKeys"
NAME, ARN = 128, 2_048  # bytes at most, by botocore's model
POLLS, LONGEST_PAUSE = 12, 5.0  # AWS makes a report within seconds
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
    """user name -> its keys, for users whose row shows that a key exists. A user deleted since the report has none."""
    keys: dict[str, list[Answer]] = {}
    for row in rows(answers[REPORT]):
        if row["user"] in {ROOT, ""} or not any(_has_key(row, n) for n in (1, 2)):
            continue
        try:
            pages = list(aws.pages(KEYS, require="AccessKeyMetadata", UserName=row["user"]))
        except AwsError as error:
            if error.code != "NoSuchEntity":
                raise
            continue
        keys[row["user"]] = [key for page in pages for key in page["AccessKeyMetadata"]]
    return keys


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


def _text(row: dict[str, str], column: str) -> str:
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


def access_keys(owner: Credential, listed: list[Answer]) -> Iterator[AccessKey]:
    """The user's keys, each with the use of its slot. Slots carry no id: they are matched by date, then by status."""
    slots = list(owner.slots)
    for raw in sorted(listed, key=lambda k: k["CreateDate"]):
        active = raw["Status"] == "Active"
        slot = _match(slots, raw["CreateDate"], active, len(listed))
        if slot is not None:
            slots.remove(slot)
        yield AccessKey(
            unique_id=raw["AccessKeyId"],
            user_name=owner.user_name,
            user_arn=owner.unique_id,
            active=active,
            created_at=raw["CreateDate"],
            use_known=slot is not None,
            last_used_at=slot.last_used_at if slot else None,
            last_used_region=slot.last_used_region if slot else "",
            last_used_service=slot.last_used_service if slot else "",
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
    if REPORT not in answers:
        return Part()
    credentials: list[Credential] = []
    problems: dict[str, list[str]] = {REPORT: [], KEYS: []}
    for row in rows(answers[REPORT]):
        try:
            credentials.append(credential(row))
        except ReportError as error:
            problems[REPORT].append(str(error))
    return Part(
        credentials=tuple(credentials),
        keys=_keys(credentials, answers[KEYS], problems[KEYS]) if KEYS in answers else None,
        as_of={REPORT: answers[REPORT]["GeneratedTime"]} if "GeneratedTime" in answers[REPORT] else {},
        problems={api: tuple(found) for api, found in problems.items() if found},
    )


def _keys(owners: list[Credential], listed: dict[str, list[Answer]], problems: list[str]) -> tuple[AccessKey, ...]:
    keys: list[AccessKey] = []
    for owner in owners:
        try:
            keys += access_keys(owner, listed.get(owner.user_name, []))
        except KeyError as missing:
            problems.append(f"An access key of {owner.user_name} has no {missing.args[0]}.")
    return tuple(keys)


SOURCE = Source(
    name="credential_report",
    title="Passwords, MFA and access keys",
    apis=(Api(GENERATE, generate), Api(REPORT, report, after=(GENERATE,)), Api(KEYS, list_keys, after=(REPORT,))),
    transform=transform,
    sweeps={"credentials": (REPORT,), "keys": (REPORT, KEYS)},
    calls=lambda size: 3 + size.keyed,
)
