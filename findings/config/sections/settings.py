from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from findings.analysis.places import Scope
from findings.analysis.setting_fields import DECIDED, plain
from findings.config.document import nearest
from findings.config.keys import Key, exact
from findings.config.section import Row, Section, Values, Wanted
from findings.engine import deciding
from findings.models import DecidedSetting
from findings.models.decided import STANDS
from findings.rules import registry


def name(raw: Any) -> str:
    if raw not in DECIDED:
        raise ValueError(f"cannot say this: {nearest(str(raw), DECIDED, 'setting')}")
    return str(raw)


class Settings(Section):
    name, order, identity = "settings", 1, ("name", "for")
    about = (
        "Thresholds, known vendors, trusted accounts, SLA days, rules that are off: the settings of the page Settings."
    )

    @property
    def keys(self) -> tuple[Key, ...]:
        return (
            self.places.key(),
            Key("name", name, "the setting, by the name that stands beside it on the page", required=True),
            Key("value", lambda raw: raw, "as in a bundle's `settings.json`", required=True),
            Key("reason", exact(500), "why", ""),
        )

    def read(self, entry: Any) -> Wanted:
        """The value in the one form that a setting keeps."""
        wanted = super().read(entry)
        values = dict(wanted.values)
        values["value"] = plain(DECIDED[values["name"]].strict(values["value"]))
        return Wanted(values, wanted.line)

    def faults(self, values: Values) -> Iterator[str]:
        field = DECIDED[values["name"]]
        try:
            value = field.strict(values["value"])
        except ValueError as error:
            yield str(error).removesuffix(".")
        else:
            unknown = sorted(value - registry.catalogue().keys()) if field.name == "off" else ()
            yield from (nearest(code, registry.catalogue(), "rule") for code in unknown)

    def standing(self) -> Iterable[Row]:
        for one in DecidedSetting.objects.filter(STANDS).select_related("account"):
            said = self.places.said(one)
            try:
                value = plain(DECIDED[one.name].strict(one.value))
            except (KeyError, ValueError):
                self.notes.append(f"settings: {one.name} for {said} cannot be read by this version, and is left out.")
                continue
            if said is not None:
                yield Row({"for": said, "name": one.name, "value": value, "reason": one.reason}, one)

    def put(self, wanted: Wanted, before: Row | None, by: str) -> None:
        values, at = wanted.values, self.places.scoped(wanted.values["for"])
        deciding.decide(
            Scope(at["scope"]), at["target"], at["account"], values["name"], values["value"], values["reason"], by
        )

    def end(self, row: Row, by: str) -> None:
        deciding.end(row.it, by)


SECTION = Settings
