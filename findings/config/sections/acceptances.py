from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from collectors.models import Account
from findings.analysis.places import Scope
from findings.config.document import nearest
from findings.config.keys import SEVERITIES, SEVERITY, Key, exact, moment, tag, text, written
from findings.config.section import Row, Section, Values, Wanted
from findings.engine import exceptions
from findings.models import Acceptance
from findings.models.decided import STANDS
from findings.rules import registry
from findings.vocabulary import Severity

FAMILY = re.compile(r"fix:(?:(?:r|ou)-[a-z0-9-]{1,64}|\d{12})|set:arn:\S{1,290}|role:[!-~]{1,290}", re.ASCII)
OF = ("rule", "subject", "part", "tag", "family")


def rule(raw: Any) -> str:
    if raw and raw not in registry.catalogue():
        raise ValueError(f"cannot say this: {nearest(str(raw), registry.catalogue(), 'rule')}")
    return str(raw)


def family(raw: Any) -> str:
    if not isinstance(raw, str) or (raw and not FAMILY.fullmatch(raw)):
        raise ValueError(
            "must be fix: with a place's id, set: with a permission set's ARN, or role: with a role's path and name"
        )
    return raw


class Acceptances(Section):
    """Whoever writes the file accepts; approving stays what another operator does on the pages, so it is never written."""

    name, order, identity, several = "acceptances", 5, ("for", *OF), True
    about = (
        "Findings that somebody takes the risk of until a date. All that is said must hold of one. Where the settings ask for an "
        "approval, one that a file adds waits for it; one whose date has passed is not added."
    )

    @property
    def keys(self) -> tuple[Key, ...]:
        return (
            self.places.key(),
            Key("rule", rule, "its code; left out: all rules", ""),
            Key("subject", exact(256), "the unique id of the role, user, key, policy...", ""),
            Key("subject_name", exact(256), "what that is called", ""),
            Key("part", lambda raw: None if raw is None else exact(128)(raw), "of the subject; left out: all parts"),
            Key("tag", lambda raw: tag(raw) if raw else "", "`key=value` of the role or user", ""),
            Key(
                "family",
                family,
                "`fix:` with a place, `set:` with a permission set's ARN, or `role:` with a path and name",
                "",
            ),
            Key("up_to", SEVERITY, "the worst severity that is accepted", required=True),
            Key("reason", text(1000, empty=False), "why", required=True),
            Key("owner", text(150, empty=False), "who answers for the risk", required=True),
            Key("until", moment, "the moment from which it holds no longer", required=True),
        )

    def faults(self, values: Values) -> Iterator[str]:
        if values["for"] == Scope.ALL.value and not any(values[name] for name in ("rule", "subject", "tag", "family")):
            yield "this would accept everything everywhere: name a rule, a subject, a tag, a family, or some accounts"

    def words(self, values: Values) -> str:
        what = [str(values[name]) for name in OF if values[name]]
        return f"{' '.join(what) or 'all rules'} for {values['for']}, until {values['until']}"

    def standing(self) -> Iterable[Row]:
        for one in Acceptance.objects.filter(STANDS, expires_at__gt=timezone.now()).order_by("pk"):
            if (said := self.places.said(one)) is not None:
                yield Row(self._values(one, said), one)

    def _values(self, one: Acceptance, said: str) -> Values:
        return {
            "for": said,
            "rule": one.code,
            "subject": one.subject_id,
            "subject_name": one.subject_name,
            "part": one.part,
            "tag": one.tag,
            "family": one.family,
            "up_to": Severity(one.severity).slug,
            "reason": one.reason,
            "owner": one.owner,
            "until": written(one.expires_at),
        }

    def put(self, wanted: Wanted, before: Row | None, by: str) -> None:
        values, until = wanted.values, datetime.fromisoformat(wanted.values["until"])
        if until <= timezone.now():
            self.notes.append(f"line {wanted.line}: {self.name}: {self.words(values)} is over, and was not added.")
            return
        one = self._row(values, until, by)
        limits = exceptions.limits(Account.objects.filter(pk__in=exceptions.accounts_of(one)))
        if limits.days and until > timezone.now() + timedelta(days=limits.days + 1):
            raise ValueError(f"until lies further off than the {limits.days} days that the settings allow")
        one.needs_approval = limits.approval
        exceptions.accept(one)
        if one.needs_approval:
            self.notes.append(
                f"line {wanted.line}: {self.name}: {self.words(values)} waits for another operator's approval."
            )
        elif before:
            exceptions.end([before.it.pk], by)

    def _row(self, values: Values, until: datetime, by: str) -> Acceptance:
        return Acceptance(
            **self.places.scoped(values["for"]),
            code=values["rule"],
            subject_id=values["subject"],
            subject_name=values["subject_name"],
            part=values["part"],
            tag=values["tag"],
            family=values["family"],
            severity=SEVERITIES[values["up_to"]],
            reason=values["reason"],
            owner=values["owner"],
            expires_at=until,
            set_by=by,
        )

    def end(self, row: Row, by: str) -> None:
        exceptions.end([row.it.pk], by)


SECTION = Acceptances
