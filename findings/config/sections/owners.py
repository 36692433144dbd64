from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models.functions import Now

from findings.analysis.places import Scope
from findings.config.keys import Key, text
from findings.config.section import Row, Section, Values, Wanted
from findings.engine import regrouping
from findings.models import AccountOwner
from findings.models.decided import STANDS


class Owners(Section):
    name, order, identity = "owners", 2, ("for",)
    about = "Who answers for accounts."

    @property
    def keys(self) -> tuple[Key, ...]:
        return (
            self.places.key(Scope.TAG, Scope.OWN_TAG),
            Key("name", text(150), "a person or a team; left out with `own-tag:`, whose value is the owner", ""),
            Key("contact", text(254), "an e-mail address or a channel", ""),
        )

    def faults(self, values: Values) -> Iterator[str]:
        by_tag = values["for"].startswith(f"{Scope.OWN_TAG.value}:")
        if by_tag and (values["name"] or values["contact"]):
            yield f"{values['for']} takes the owner from the tag: leave name and contact out"
        if not by_tag and not values["name"]:
            yield f"{values['for']} has no name"
        if "@" in values["contact"]:
            try:
                validate_email(values["contact"])
            except ValidationError:
                yield f"{values['contact'][:60]} is no e-mail address"

    def standing(self) -> Iterable[Row]:
        for one in AccountOwner.objects.filter(STANDS):
            if (said := self.places.said(one)) is not None:
                yield Row({"for": said, "name": one.name, "contact": one.contact}, one)

    def put(self, wanted: Wanted, before: Row | None, by: str) -> None:
        values, at = wanted.values, self.places.scoped(wanted.values["for"])
        regrouping.own(Scope(at["scope"]), at["target"], at["account"], values["name"], values["contact"], by)

    def end(self, row: Row, by: str) -> None:
        AccountOwner.objects.filter(STANDS, pk=row.it.pk).update(ended_at=Now(), ended_by=by)


SECTION = Owners
