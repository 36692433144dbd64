"""For whom something is decided, as a file says it: all, ou:ou-ab12-34567890, group:Payments, tag:team=red, own-tag:owner,
account:123456789012."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from collectors.models import Account
from findings.analysis.places import Scope
from findings.config.document import nearest
from findings.config.keys import Key, matching, tag
from findings.models import AccountGroup
from findings.models.decided import STANDS
from findings.models.grouping import Scoped

OU = matching(re.compile(r"(?:ou|r)-[a-z0-9-]{1,68}", re.ASCII), "an OU is written as ou-ab12-34567890")


class Places:
    """Accounts that are connected, and groups: those that stand, and the names of those that will when a file is true."""

    def __init__(self) -> None:
        self.accounts = dict(Account.objects.values_list("aws_id", "pk"))
        self.ids = {pk: aws_id for aws_id, pk in self.accounts.items()}
        self.groups: dict[str, str] = {}
        self.names: Collection[str] = ()
        self.refresh()

    def refresh(self) -> None:
        rows = AccountGroup.objects.filter(STANDS).values_list("name", "key")
        self.groups = {name: str(key) for name, key in rows}
        self.names = set(self.groups)

    def expect(self, wanted: Iterable[str], *, alone: bool) -> None:
        """Groups that will stand when the file is true. alone: no others."""
        self.names = set(wanted) if alone else {*self.names, *wanted}

    def said(self, row: Scoped) -> str | None:
        """None: the group that it is for ended, so that it reaches nobody."""
        scope = Scope(row.scope)
        if scope is Scope.ACCOUNT:
            return f"account:{self.ids[row.account_id]}"
        if scope is Scope.GROUP:
            name = next((name for name, key in self.groups.items() if key == row.target), None)
            return None if name is None else f"group:{name}"
        return f"{scope.value}:{row.target}" if row.target else scope.value

    def scoped(self, said: str) -> dict[str, Any]:
        """Columns of a row that is Scoped."""
        scope, _, target = said.partition(":")
        account = Account.objects.get(aws_id=target) if scope == Scope.ACCOUNT.value else None
        if scope == Scope.GROUP.value:
            target = self.groups[target]
        return {"scope": scope, "target": "" if account else target, "account": account}

    def key(self, *more: Scope, only: Collection[Scope] = (Scope.ALL, Scope.OU, Scope.GROUP, Scope.ACCOUNT)) -> Key:
        """more: scopes beside those that most sections have."""
        offered = {*only, *more}
        what = ", ".join(form for scope, form in FORMS.items() if scope in offered)
        return Key("for", lambda raw: self._whom(raw, offered), f"whom it reaches: {what}", required=True)

    def _whom(self, raw: Any, offered: Collection[Scope]) -> str:
        scope, _, target = raw.partition(":") if isinstance(raw, str) else (str(raw), "", "")
        names = [one.value for one in Scope if one in offered]
        if scope not in names:
            raise ValueError(f"cannot say this: {nearest(scope, names, 'scope')}")
        return f"{scope}:{self._target(Scope(scope), target.strip())}" if scope != Scope.ALL.value else scope

    def _target(self, scope: Scope, target: str) -> str:
        if scope is Scope.OU:
            return str(OU(target))
        if scope is Scope.TAG:
            return tag(target)
        if scope is Scope.ACCOUNT:
            return self.account(target)
        if scope is Scope.GROUP and target not in self.names:
            raise ValueError(f"names no group: {nearest(target, sorted(self.names), 'group')}")
        if scope is Scope.OWN_TAG and (not target or "=" in target):
            raise ValueError("must name the key of a tag alone, as own-tag:owner")
        return target

    def account(self, raw: Any) -> str:
        if raw not in self.accounts:
            raise ValueError(f"names no account that is connected here ({str(raw)[:40]!r}; ids stand in quotes)")
        return str(raw)


FORMS = {
    Scope.ALL: "`all`",
    Scope.OU: "`ou:ou-ab12-34567890`",
    Scope.TAG: "`tag:team=red`",
    Scope.GROUP: "`group:Payments`",
    Scope.OWN_TAG: "`own-tag:owner` (what each account's own tag says)",
    Scope.ACCOUNT: "`account:123456789012`",
}
