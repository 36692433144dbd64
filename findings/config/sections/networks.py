from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models.functions import Now

from collectors.models import Account
from findings.analysis.activity.networks import NAMES, fault_of, kind, network_of
from findings.analysis.places import Scope
from findings.config.document import nearest
from findings.config.keys import Key, text
from findings.config.section import Row, Section, Values, Wanted
from findings.models import JudgementRequest, NamedNetwork
from findings.models.decided import STANDS


def cidr(raw: Any) -> str:
    if not isinstance(raw, str) or (fault := fault_of(raw)):
        raise ValueError(f"cannot be used: {fault if isinstance(raw, str) else 'write it in quotes'}".removesuffix("."))
    return str(network_of(raw))


class NamedNetworks(Section):
    name, order, identity = "networks", 3, ("cidr", "for")
    about = "What networks are called. AWS's own list is not among them: it is handed in on the page Networks."

    @property
    def keys(self) -> tuple[Key, ...]:
        return (
            self.places.key(only=(Scope.ALL, Scope.ACCOUNT)),
            Key("cidr", cidr, "such as 192.0.2.0/24", required=True),
            Key(
                "name", text(80, empty=False), f"begins with {', '.join(sorted(NAMES))}: `office Berlin`", required=True
            ),
        )

    def faults(self, values: Values) -> Iterator[str]:
        if kind(values["name"]) not in NAMES:
            yield f"a name begins with what it is: {nearest(values['name'].split()[0], sorted(NAMES), 'such word')}"

    def standing(self) -> Iterable[Row]:
        for one in NamedNetwork.objects.filter(STANDS):
            said = f"account:{self.places.ids[one.account_id]}" if one.account_id else "all"
            yield Row({"for": said, "cidr": one.cidr, "name": one.name}, one)

    def put(self, wanted: Wanted, before: Row | None, by: str) -> None:
        values = wanted.values
        account = self.places.scoped(values["for"])["account"]
        if before:
            self._end(before, by)
        NamedNetwork.objects.create(account=account, cidr=values["cidr"], name=values["name"], set_by=by)
        self._judge(account, by)

    def end(self, row: Row, by: str) -> None:
        self._end(row, by)
        self._judge(row.it.account, by)

    def _end(self, row: Row, by: str) -> None:
        NamedNetwork.objects.filter(STANDS, pk=row.it.pk).update(ended_at=Now(), ended_by=by)

    def _judge(self, account: Account | None, by: str) -> None:
        JudgementRequest.ask([account.pk] if account else self.places.ids, by)


SECTION = NamedNetworks
