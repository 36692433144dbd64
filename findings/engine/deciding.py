"""Deciding a setting, and ending what was decided: rows end and begin, and the accounts reached are judged again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from collectors.models import Account
from findings.analysis.places import Scope
from findings.analysis.setting_fields import DECIDED, plain
from findings.engine.grouping import standings
from findings.models import DecidedSetting, JudgementRequest
from findings.models.decided import STANDS
from findings.rules import registry


def value_of(name: str, text: str) -> Any:
    """What an operator wrote, as JSON. ValueError, which names the setting and what is allowed."""
    value = DECIDED[name].typed(text)
    if name == "off" and (unknown := sorted(value - registry.catalogue().keys())):
        raise ValueError(f"{DECIDED[name].title} (off): no rule has the code {unknown[0]}.")
    return plain(value)


def decide(scope: Scope, target: str, account: Account | None, name: str, value: Any, reason: str, by: str) -> None:
    """value: of `value_of`. What stood for the same scope ends. IntegrityError: somebody decided it in the same moment."""
    mine = {"scope": scope.value, "target": target, "account": account, "name": name}
    with transaction.atomic():
        DecidedSetting.objects.filter(STANDS, **mine).update(ended_at=Now(), ended_by=by)
        DecidedSetting.objects.create(value=value, reason=reason, set_by=by, **mine)
        JudgementRequest.ask(reached(scope, target, account), by)


def end(one: DecidedSetting, by: str) -> bool:
    """False: somebody ended it already."""
    with transaction.atomic():
        if not DecidedSetting.objects.filter(STANDS, pk=one.pk).update(ended_at=Now(), ended_by=by):
            return False
        JudgementRequest.ask(reached(Scope(one.scope), one.target, one.account), by)
    return True


def reached(scope: Scope, target: str, account: Account | None) -> list[int]:
    """Keys of the accounts that may be seen and that a scope reaches, as of their last judgements."""
    if account is not None:
        return [account.pk]
    if scope is Scope.ALL:
        return list(Account.objects.values_list("pk", flat=True))
    return [pk for pk, one in standings().items() if one.rank(scope, target) is not None]
