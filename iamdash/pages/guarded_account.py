"""What guards one account: the section of its page."""

from __future__ import annotations

from typing import Any

from collectors.models import Account
from findings.models import AccountGuarding, GuardrailEffect
from findings.policy.layers import Layer
from iamdash.pages.guardrail_accounts import place

SHOWN = 30  # boundaries; accounts have few SCPs and RCPs


def of_account(account: Account) -> dict[str, Any]:
    row = AccountGuarding.objects.filter(account=account).first()
    if row is None:
        return {"row": None}
    effects = GuardrailEffect.objects.filter(account=account).select_related("account").defer("data")
    order = "open", "-alone", "-also", "-conditional", "name"
    boundaries = list(effects.filter(layer=Layer.BOUNDARY.value).order_by("-binds", "name")[: SHOWN + 1])
    return {
        "row": row,
        "place": place(row),
        "effects": list(effects.exclude(layer=Layer.BOUNDARY.value).order_by(*order)),
        "boundaries": boundaries[:SHOWN],
        "more": len(boundaries) > SHOWN,
    }
