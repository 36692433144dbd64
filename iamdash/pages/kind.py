"""Who is meant to act with a role or user: declared by how it is set up, observed in its sessions, overridden by an operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from collectors.models import Principal
from findings.analysis.activity.observed import Shown
from findings.analysis.kinds import Kind
from findings.models import JudgementRequest, KindOverride, PrincipalPosture
from findings.models.decided import STANDS
from iamdash.access.models import Role
from iamdash.access.rights import needs

FOLLOWS = "The account is judged by it within a minute."
FIXED = "AWS made it for one of its services; its kind is no question."
PAST = 10
OFFERED = [kind for kind in Kind if kind is not Kind.SERVICE_LINKED]


@dataclass(frozen=True)
class KindView:
    """override: the operator's word that holds, past: those before. waiting: it is not judged by yet. declared None: as what
    counts."""

    counts: Kind
    declared: Kind | None
    declared_reasons: list[str]
    shown: Shown
    posture: PrincipalPosture
    override: KindOverride | None
    past: list[KindOverride]
    form: KindForm | None

    @property
    def waiting(self) -> bool:
        told = self.override.kind if self.override else self.posture.declared
        return told != self.posture.kind and self.counts is not Kind.SERVICE_LINKED

    @property
    def contradicted(self) -> str:
        """Who was seen that is not meant to be there."""
        people = self.shown in (Shown.PEOPLE, Shown.BOTH) and self.counts.machine
        programs = self.shown in (Shown.PROGRAMS, Shown.BOTH) and self.counts.human
        return "people" if people else "programs" if programs else ""


class KindForm(forms.Form):
    kind = forms.ChoiceField(
        label="Kind",
        required=False,
        choices=[("", "As declared"), *((kind.value, kind.label) for kind in OFFERED)],
    )
    reason = forms.CharField(
        label="Why", max_length=500, error_messages={"required": "Say why: others will ask."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


def said_of(principal: Principal) -> list[KindOverride]:
    """What operators set it to, the last first: one of these stands at most."""
    said = KindOverride.objects.filter(account=principal.account_id, principal_id=principal.unique_id)
    return list(said.order_by("-set_at", "-pk")[: PAST + 1])


def kind_view(
    principal: Principal, judged: PrincipalPosture | None, rows: Sequence[KindOverride], *, may_set: bool
) -> KindView | None:
    """rows: as of `said_of`. None: it was not judged yet."""
    if judged is None:
        return None
    override = next((one for one in rows if one.ended_at is None), None)
    counts = Kind(judged.kind)
    offered = may_set and counts is not Kind.SERVICE_LINKED and principal.gone_at is None
    return KindView(
        counts=counts,
        declared=Kind(judged.declared) if judged.declared_reasons and judged.declared != judged.kind else None,
        declared_reasons=judged.declared_reasons,
        shown=Shown(judged.observed),
        posture=judged,
        override=override,
        past=[one for one in rows if one is not override],
        form=KindForm(initial={"kind": override.kind if override else ""}) if offered else None,
    )


@needs(Role.ANALYST)
@require_POST
def set_kind(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    """The operator's word holds from the next judgement on, which is asked for."""
    principal = get_object_or_404(Principal.present, account__aws_id=aws_id, unique_id=unique_id)
    form = KindForm(request.POST)
    if getattr(principal.as_record, "service_linked", False):
        messages.error(request, FIXED)
    elif not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(errors))
    else:
        told = set_to(principal, form.cleaned_data["kind"], form.cleaned_data["reason"], request.user.username)
        messages.success(request, told)
    return redirect(reverse("principal", args=[aws_id, unique_id]) + "#kind")


def set_to(principal: Principal, kind: str, reason: str, by: str) -> str:
    """kind "": as declared. Returns what to say."""
    try:
        if not replace({(principal.account_id, principal.unique_id): kind}, reason, by):
            return "It is so already."
    except IntegrityError:
        return "Somebody else set it just now. Look again."
    return f"{Kind(kind).label}: noted. {FOLLOWS}" if kind else f"It counts as declared again. {FOLLOWS}"


def replace(wanted: Mapping[tuple[int, str], str], reason: str, by: str) -> list[tuple[int, int]]:
    """(account, unique id) -> kind, "" for as declared. Returns rows that it (made, ended), 0 for none, of what changed. Raises
    IntegrityError."""
    done = []
    with transaction.atomic():
        standing = KindOverride.objects.filter(
            STANDS, account__in={account for account, _ in wanted}
        ).select_for_update()
        rows = {(row.account_id, row.principal_id): row for row in standing}
        for (account, principal), kind in wanted.items():
            old = rows.get((account, principal))
            if kind == (old.kind if old else ""):
                continue
            if old:
                KindOverride.objects.filter(pk=old.pk).update(ended_at=Now(), ended_by=by)
            given = {"account_id": account, "principal_id": principal, "kind": kind, "reason": reason, "set_by": by}
            new = KindOverride.objects.create(**given).pk if kind else 0
            done.append((new, old.pk if old else 0))
    JudgementRequest.ask(sorted({account for account, _ in wanted}) if done else (), by)
    return done
