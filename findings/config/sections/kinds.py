from __future__ import annotations

from collections.abc import Iterable

from django.db.models.functions import Now

from findings.analysis.kinds import Kind
from findings.config.keys import Key, exact, one_of
from findings.config.section import Row, Section, Wanted
from findings.models import JudgementRequest, KindOverride
from findings.models.decided import STANDS

OFFERED = [kind.value for kind in Kind if kind is not Kind.SERVICE_LINKED]


class Kinds(Section):
    name, order, identity = "kinds", 4, ("account", "principal")
    about = "Who is meant to act with a role or user, whatever its trust policy and tags say."

    @property
    def keys(self) -> tuple[Key, ...]:
        return (
            Key("account", self.places.account, "its id, in quotes", required=True),
            Key("principal", exact(128), "the unique id of the role or user: `AROA...`, `AIDA...`", required=True),
            Key("kind", one_of(OFFERED, "kind"), ", ".join(f"`{one}`" for one in OFFERED), required=True),
            Key("reason", exact(500), "why", required=True),
        )

    def standing(self) -> Iterable[Row]:
        for one in KindOverride.objects.filter(STANDS):
            values = {
                "account": self.places.ids[one.account_id],
                "principal": one.principal_id,
                "kind": one.kind,
                "reason": one.reason,
            }
            yield Row(values, one)

    def put(self, wanted: Wanted, before: Row | None, by: str) -> None:
        values = wanted.values
        account = self.places.accounts[values["account"]]
        if before:
            self._end(before, by)
        KindOverride.objects.create(
            account_id=account,
            principal_id=values["principal"],
            kind=values["kind"],
            reason=values["reason"],
            set_by=by,
        )
        JudgementRequest.ask([account], by)

    def end(self, row: Row, by: str) -> None:
        self._end(row, by)
        JudgementRequest.ask([row.it.account_id], by)

    def _end(self, row: Row, by: str) -> None:
        KindOverride.objects.filter(STANDS, pk=row.it.pk).update(ended_at=Now(), ended_by=by)


SECTION = Kinds
