from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from collectors.models import Account
from findings.config.keys import Key, several, tag, text
from findings.config.section import Row, Section, Values, Wanted
from findings.config.whom import OU
from findings.engine import regrouping
from findings.models import AccountGroup, GroupMember
from findings.models.decided import STANDS


class Groups(Section):
    name, order, identity = "groups", 0, ("name",)
    about = "Groups of accounts. An account of any of its OUs, tags or accounts belongs to one."

    @property
    def keys(self) -> tuple[Key, ...]:
        return (
            Key("name", text(80, empty=False), "what it is called", required=True),
            Key("ous", several(OU), "ids of OUs; the accounts below them", []),
            Key("tags", several(tag), "`key=value`; accounts that have one of them", []),
            Key("accounts", several(self.places.account, 10_000), "ids, in quotes", []),
        )

    def faults(self, values: Values) -> Iterator[str]:
        if not (values["ous"] or values["tags"] or values["accounts"]):
            yield f"{values['name']} has no account: name OUs, tags or accounts"

    def standing(self) -> Iterable[Row]:
        members = defaultdict(list)
        for key, aws_id in GroupMember.objects.filter(STANDS).values_list("group", "account__aws_id"):
            members[key].append(aws_id)
        for one in AccountGroup.objects.filter(STANDS):
            values = {
                "name": one.name,
                "ous": sorted(set(one.ous)),
                "tags": sorted(set(one.tags)),
                "accounts": sorted(members[one.key]),
            }
            yield Row(values, one)

    def put(self, wanted: Wanted, before: Row | None, by: str) -> None:
        values = wanted.values
        accounts = list(Account.objects.filter(aws_id__in=values["accounts"]))
        group = regrouping.Wanted(values["name"], values["ous"], values["tags"], accounts)
        regrouping.keep(group, by, before.it.key if before else None)
        self.places.refresh()

    def end(self, row: Row, by: str) -> None:
        regrouping.end(row.it.key, by)
        self.notes.append(f"groups: with {row.it.name} ends what was decided for it, and its owner.")


SECTION = Groups
