"""Why something is not known, in the words that the rules use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from collectors import records
from collectors.models import Coverage
from findings.analysis.facts import Facts

DETAILS = "iam:GetAccountAuthorizationDetails"
REPORT = "iam:GetCredentialReport"
KEYS = "iam:ListAccessKeys"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # gaps have no ages


class Gaps:
    """of(account primary key, api): a sentence that says why the API's answer is missing, "" when it is whole. One query."""

    def __init__(self, accounts: Iterable[int], *apis: str) -> None:
        rows: defaultdict[int, list[records.Coverage]] = defaultdict(list)
        for row in Coverage.objects.filter(account__in=set(accounts), api__in=apis):
            rows[row.account_id].append(row.as_record)
        self._coverage: Mapping[int, list[records.Coverage]] = rows

    def of(self, account: int, api: str) -> str:
        snapshot = records.Snapshot(account_id="", as_of=_EPOCH, coverage=tuple(self._coverage.get(account, ())))
        return "; ".join(str(gap) for gap in Facts(snapshot).gaps((api,)))
