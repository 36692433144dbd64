"""What could not be read of AWS: one line for all that one step would let be read, with that step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from collectors.models import Account
from collectors.models.coverage import TROUBLE, says
from collectors.records import State

NAMED = 3  # APIs and accounts that a line calls by their names
_AGAIN = "The next collection asks again; what AWS said is on the account's page"
_STEPS = {
    State.PARTIAL: "What is missing is on the account's page",
    State.THROTTLED: "The next collection asks again",
    State.ERROR: _AGAIN,
    State.ABSENT: "Add them to the next bundle; the account's page names the files",
}
_ROLE = "The role, its trust policy or its external id is not as the account's page shows"


@dataclass(frozen=True)
class Unread:
    """What ended alike, and is granted by the same permission ("" where none would help). accounts: the first of n_accounts."""

    state: str
    permission: str
    apis: tuple[str, ...]
    accounts: tuple[Account, ...]
    n_accounts: int

    @property
    def says(self) -> str:
        return says(self.state, len(self.apis))

    @property
    def named(self) -> tuple[str, ...]:
        return self.apis[:NAMED]

    @property
    def more_apis(self) -> int:
        return len(self.apis) - len(self.named)

    @property
    def more_accounts(self) -> int:
        return self.n_accounts - len(self.accounts)

    @property
    def step(self) -> str:
        """What to do about it, where that is not to grant the permission."""
        if self.permission == "sts:AssumeRole":
            return _ROLE
        return _STEPS.get(State(self.state), "" if self.permission else _AGAIN)


# Each set is a hash of a few hundred; distinct in array_agg would sort all rows.
_UNREAD = """
select state, permission, array_agg(api order by api) filter (where api is not null),
  array_agg(account_id order by account_id) filter (where account_id is not null) from (
  select state, permission, api, account_id from collectors_coverage where state = any(%(states)s) {mine}
  group by grouping sets ((state, permission, api), (state, permission, account_id))) each
group by 1, 2 order by count(account_id) desc, 2, 1
"""


def unread(accounts: Mapping[int, Account] | None, source: str = "") -> list[Unread]:
    """Of these accounts, by key, or of all that are seen; what concerns most accounts first. source: of that one alone. Two
    queries, or one."""
    mine = "" if accounts is None else "and account_id = any(%(accounts)s)"
    mine += " and source = %(source)s" if source else ""
    with connection.cursor() as cursor:
        given = {"states": list(TROUBLE), "accounts": list(accounts or ()), "source": source}
        cursor.execute(_UNREAD.format(mine=mine), given)
        rows = cursor.fetchall()
    named = {pk for *_, accounts in rows for pk in accounts[:NAMED]}
    known = (Account.objects.in_bulk(named) if named else {}) if accounts is None else accounts
    return [
        Unread(state, permission, tuple(apis), tuple(known[pk] for pk in pks[:NAMED] if pk in known), len(pks))
        for state, permission, apis, pks in rows
    ]
