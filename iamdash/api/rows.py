"""Fields of the API's rows: the same as those of the lists' exports, with their types and what they mean.

Only the document is made of these; a row itself is made by the list's `fields`. Tests hold the two together, in both directions.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Schema
from pydantic import Field, create_model

from collectors.records import State

Text = str | None
Moment = datetime | None
Number = int | None


def told(what: str) -> Any:
    return Field(description=what)


class Opened(Schema):
    """Open findings by severity. Null: not judged yet."""

    open_critical: Number = told("Open findings of severity critical; null: not judged yet.")
    open_high: Number = told("Open findings of severity high; null: not judged yet.")
    open_medium: Number = told("Open findings of severity medium; null: not judged yet.")
    open_low: Number = told("Open findings of severity low; null: not judged yet.")
    open_info: Number = told("Open findings of severity info; null: not judged yet.")


class OfAccount(Schema):
    account: str = told("The AWS account's id, 12 digits.")
    account_name: str = told("What operators call the account.")


class Finding(OfAccount):
    id: int = told("For ever the same for a fault of a subject, also when it is resolved and comes back.")
    severity: str = told("critical, high, medium, low or info.")
    status: str = told("open, accepted or resolved.")
    rule: str = told("The rule's code.")
    practice: str = told("The practice that the rule belongs to.")
    title: str = told("What is wrong, as a sentence.")
    subject_type: str = told(
        "What it is about: role, user, key, group, policy, account, trail, bucket or organization."
    )
    subject_id: str = told("The subject's unique id (AROA..., AIDA..., AKIA..., ANPA...), which outlives its name.")
    subject_name: str = told("The subject's name when it was last judged.")
    subject_arn: str = told("Its ARN; empty for what has none.")
    part: str = told("Which of several faults of one rule on one subject; empty for the only one.")
    first_opened_at: datetime = told("When it was found for the first time.")
    opened_at: datetime = told("When the current interval began.")
    resolved_at: Moment = told("When it ended; null: unresolved.")
    resolved_why: str = told("clear, not_applicable, subject_gone; empty: unresolved.")
    reopened: int = told("How many times it came back.")
    due_at: Moment = told("Until when it is to be resolved; null: no day is named.")
    assignee: str = told("Who works on it; empty: nobody was named.")
    owner: str = told("Who owns the account; empty: nobody is noted.")
    accepted_until: Moment = told("When its exception ends; null: not accepted.")
    accepted_because: Text = told("The exception's reason.")
    ticket: Text = told("Key of the newest ticket.")
    ticket_state: Text = told("What the tracker said of it last.")
    ticket_url: Text = told("The ticket's address.")
    evidence: dict[str, Any] = told("The facts it rests on; names depend on the rule.")


class Principal(OfAccount, Opened):
    type: str = told("role or user.")
    name: str = told("Its name.")
    path: str = told("Its IAM path.")
    arn: str = told("Its ARN.")
    unique_id: str = told("AROA... or AIDA..., which outlives the name.")
    kind: Text = told("What it is for: a person, a machine and so on; null: not judged yet.")
    confidence: Text = told("How sure that is: high, medium or low.")
    declared: Text = told("What its set-up says, without an operator's word.")
    observed: Text = told("What its sessions show; null: no events were read.")
    observed_since: date | None = told("Since when they show nothing else.")
    made: Text = told("Made by code or by hand, as far as CloudTrail tells.")
    risk: Number = told("0 to 599: 100 for each step of the worst open severity, and up to 99 for how much is open.")
    created_at: datetime = told("When AWS made it.")
    last_used_at: Moment = told("When it was last used; null: no use is known.")
    credentials: Text = told("What a user can sign in with; null for a role.")
    boundary: Text = told("ARN of its permissions boundary.")
    gone_at: Moment = told("When it was seen to be deleted; null: it is there.")


class Key(OfAccount, Opened):
    key: str = told("The access key's id. Secrets are never collected.")
    user: str = told("Name of its user.")
    user_arn: str = told("ARN of its user.")
    active: bool = told("Whether it works.")
    created_at: datetime = told("When it was made.")
    use_known: bool = told("Whether it is known if it was used at all.")
    last_used_at: Moment = told("When it was last used; null: never, or unknown (`use_known`).")
    last_used_service: Text = told("With which AWS service.")
    last_used_region: Text = told("In which region.")
    gone_at: Moment = told("When it was seen to be deleted; null: it is there.")


class Account(Opened):
    account: str = told("The AWS account's id, 12 digits.")
    name: str = told("What operators call it.")
    partition: str = told("aws, aws-cn or aws-us-gov.")
    connection: str = told("How it is read: role, ambient or bundle.")
    enabled: bool = told("Whether operators let it be collected.")
    held: str = told("Why its organization's standing keeps it from being collected; empty: it does not.")
    apis: int = told("APIs that were asked.")
    apis_missing: int = told("Those of them that gave no whole answer: what they would tell is unknown.")
    collected_at: Moment = told("When an API last answered in full; null: none did yet.")
    principals: Number = told("Roles and users that are there; null: they were never read in full.")
    owner: str = told("Who owns it; empty: nobody is noted.")
    overdue: Number = told("Its open findings whose day is over; null: not judged yet.")
    new: Number = told("Its open findings of the last seven days; null: not judged yet.")
    accepted: Number = told("Its findings whose risk somebody took; null: not judged yet.")


class Coverage(OfAccount):
    source: str = told("Which collector asks.")
    api: str = told("The AWS API, such as iam:GetCredentialReport.")
    region: str = told("The region; empty for what is global.")
    state: str = told(f"How the last attempt ended: {', '.join(State)}.")
    observed_at: datetime = told("When that was.")
    complete_at: Moment = told("When it was last complete; null: never. What it tells is as old as this.")
    detail: str = told("What AWS said.")
    permission: str = told("The permission that is missing, where one is.")
    suspect: bool = told("Whether so much was missing at once that it is asked again before it is believed.")


class Rule(Schema):
    code: str = told("The rule's code, for ever the same.")
    slug: str = told("Its name.")
    title: str = told("The fault it looks for, as a pattern of a sentence.")
    practice: str = told("The practice it belongs to.")
    severity: str = told("Of its findings, where they do not say otherwise.")
    subject: str = told("What it judges.")
    summary: str = told("What it does.")
    needs: list[str] = told("APIs that must be complete for it to say that something is in order.")
    controls: dict[str, list[str]] = told("Framework -> ids of its controls.")
    findings: int = told("Open findings.")
    subjects_open: int = told("Subjects at fault.")
    subjects_clear: int = told("Subjects that are in order.")
    subjects_unknown: int = told("Subjects that cannot be told.")
    accounts_unread: int = told("Accounts of which not all was read that it needs, so that there may be more subjects.")
    judged: bool = told("Whether it was judged in any account.")


class Flow(Schema):
    opened: int = told("Findings that opened or reopened.")
    reopened: int = told("Those of them that had been open before.")
    resolved: int = told("Findings that were resolved.")


class Times(Schema):
    put_right: int = told("Faults that ended in the period because they, or their subject, are gone.")
    subject_gone: int = told("Those of them whose subject was deleted.")
    lapsed: int = told("Findings that ended since the rule no longer applied; they count in no time.")
    median_hours: Number = told("How long those put right had been open; null: there are none.")
    mean_hours: Number = told("The same as a mean.")


class Score(Schema):
    score: float = told("0 to 100, the mean over accounts (docs/operate/score.md).")
    unknown: float = told("How much higher it would be if all that is unknown were in order.")
    decided: float = told("How much higher, if what was accepted or switched off were in order.")
    accounts: int = told("How many accounts count.")
    not_judged: int = told("Those of them that were not judged on the day.")


class Day(Schema):
    day: date = told("A day, UTC.")
    critical: int = told("Unresolved at its end.")
    high: int = told("Unresolved at its end.")
    medium: int = told("Unresolved at its end.")
    low: int = told("Unresolved at its end.")
    info: int = told("Unresolved at its end.")
    accounts_not_judged: int = told("Accounts that stand as their last judgement left them.")
    open_not_judged: int = told("Those of the day's findings that are in such accounts.")
    score: Score | None = told("Null: not known yet.")


class Trend(Schema):
    first: date = told("The period's first day, UTC.")
    last: date = told("The period's last day: today.")
    compared: bool = told("Whether there are two judgements to compare; without, a change means nothing.")
    flow: Flow = told("What came and went in the period.")
    flow_before: Flow | None = told("The same of the equal period before; null: the data does not reach back so far.")
    times: Times = told("How long it took.")
    score_change: float | None = told(
        "Of the score, from the first of its days to the last; null: it has one day or none."
    )
    score_learned: float = told(
        "How much of a rise is no improvement: it is only that more is known. 0: none, or no rise."
    )
    days: list[Day] = told("From the first day of the period that has data.")


class Point(Schema):
    day: date = told("A day, UTC.")
    open: int = told("Unresolved at its end.")
    urgent: int = told("Critical and high ones of them.")
    measured: bool = told("Whether all its accounts were judged on that day.")
    score: float | None = told("The mean of accounts; null: not known, or not of accounts.")


class Line(Flow, Times):
    key: str = told("Practice, severity, rule, account id, OU or owner.")
    label: str = told("The same for people.")
    open: int = told("Unresolved now.")
    urgent: int = told("Critical and high ones of them.")
    change: int = told("Of unresolved findings, over the period.")
    points: list[Point] = told("Some days of the period; empty for rules that moved little.")


class Problem(Schema):
    """RFC 9457."""

    type: str = told("about:blank: the status says what kind it is.")
    title: str = told("The status in words.")
    status: int = told("The HTTP status.")
    detail: str = told("What is wrong.")
    hint: str = told("What to do next.")
    parameter: str = Field("", description="The parameter at fault; absent where none is.")


def page_of(row: Any) -> type[Schema]:
    """The answer of a list. row: one of the schemas above."""
    data = (list[row], told("The rows."))
    following = (Text, told("Path and query of the next page; null: this is the last."))
    return create_model(f"{row.__name__}Page", __base__=Schema, data=data, next=following)


def data_of(row: Any) -> type[Schema]:
    """The answer of what has no pages."""
    return create_model(f"{row.__name__}List", __base__=Schema, data=(list[row], told("The rows.")))
