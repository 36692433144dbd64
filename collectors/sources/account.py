"""Account-level facts: aliases and the account summary (which tells of root's MFA and access keys)."""

from __future__ import annotations

from collectors.aws.call import Aws
from collectors.records import AccountDetails, Part
from collectors.sources import Answers, Api, Source

ALIASES, SUMMARY = "iam:ListAccountAliases", "iam:GetAccountSummary"


def aliases(aws: Aws, _: Answers) -> list[str]:
    return [alias for page in aws.pages(ALIASES, require="AccountAliases") for alias in page["AccountAliases"]]


def summary(aws: Aws, _: Answers) -> dict[str, int]:
    return dict(aws.ask(SUMMARY, require="SummaryMap")["SummaryMap"])


def transform(answers: Answers) -> Part:
    details = AccountDetails(
        unique_id="account",
        aliases=tuple(answers[ALIASES]) if ALIASES in answers else None,
        summary=answers.get(SUMMARY),
    )
    return Part(details=(details,))


SOURCE = Source(
    name="account",
    title="Account details",
    apis=(Api(ALIASES, aliases), Api(SUMMARY, summary)),
    transform=transform,
)
