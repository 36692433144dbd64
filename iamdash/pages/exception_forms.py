"""Accepting by more than one finding at a time: of what, in which accounts, why, until when."""

from __future__ import annotations

import enum
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from collectors.models import Account
from findings.analysis.families import ROLE, family, named
from findings.analysis.places import Scope
from findings.engine.deriving import Hidden, hides
from findings.engine.exceptions import limits
from findings.models import Acceptance, Finding, PermissionSetRole
from findings.rules import registry
from findings.vocabulary import Severity, SubjectType
from iamdash.access.models import Operator
from iamdash.pages import show
from iamdash.pages.scopes import Whom, WhomField
from iamdash.pages.severities import WORST_FIRST
from iamdash.pages.work_forms import PLAIN, WANTED, Risk, within

EVERYTHING = "This would accept everything everywhere. Name a rule, a tag, or some accounts."


class What(enum.StrEnum):
    ONE = "one"
    PARTS = "parts"
    SUBJECT = "subject"
    FAMILY = "family"
    WIDER = "wider"


OF_SUBJECT = (What.ONE, What.PARTS, What.SUBJECT)


class ExceptionForm(Risk):
    """finding: the one that it began with; then it may be of that, of its subject or family, or wider. `row` is what it says."""

    what = forms.ChoiceField(label="What", widget=forms.RadioSelect)
    whom = forms.ChoiceField()  # as of WhomField
    code = forms.CharField(
        label="Rule", max_length=5, required=False, widget=forms.TextInput(attrs={**PLAIN, "size": 8}),
        help_text="Its code, such as LP101. Empty: all rules.",
    )  # fmt: skip
    tag = forms.CharField(
        label="Tag of the role or user", max_length=400, required=False, widget=forms.TextInput(attrs=PLAIN),
        help_text="As key=value, exactly. Findings of a user's keys are with the user.",
    )  # fmt: skip
    severity = forms.TypedChoiceField(
        label="Up to", coerce=int, choices=[(s.value, s.label) for s in WORST_FIRST],
        help_text="A finding that is or becomes worse is not accepted.",
    )  # fmt: skip
    field_order = ("what", "whom", "code", "tag", "severity", "reason", "owner", "until")

    def __init__(self, operator: Operator, finding: Finding | None, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.operator, self.finding = operator, finding
        self.fields["whom"] = WhomField(operator, help_text="Which accounts, where it is wider than the subject.")
        self.fields["until"].help_text = "Then the findings open again."
        self.family = _family(finding) if finding else ""
        if finding is None:
            del self.fields["what"]
        else:
            self.fields["what"].choices = self._choices(finding)  # type: ignore[attr-defined]

    def _choices(self, finding: Finding) -> list[tuple[str, str]]:
        subject = show.hidden(finding.subject_name or finding.subject_id)
        part = f", {show.hidden(finding.part)}" if finding.part else ""
        offered = [
            (What.ONE.value, f"This finding: {finding.code} of {subject}{part}"),
            (What.PARTS.value, f"{finding.code} of {subject}, all its parts, those to come too"),
            (What.SUBJECT.value, f"Everything of {subject}, by all rules"),
        ]
        if self.family:
            offered.append((What.FAMILY.value, f"The family: {finding.code} {_closed(self.family)}"))
        return [*offered, (What.WIDER.value, "Wider: by the rule, tag and accounts below")]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        if code and code not in registry.catalogue():
            raise ValidationError(f"No rule has the code {code}.")
        return code

    def clean_tag(self) -> str:
        tag: str = self.cleaned_data["tag"].strip()
        key, sign, _ = tag.partition("=")
        if tag and not (key and sign and tag.isprintable()):
            raise ValidationError("Write it as key=value.")
        return tag

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        self.whom = self._whom(data)
        wide = self.whom.scope is Scope.ALL and not (data["code"] or data["tag"])
        if self.chosen is What.WIDER and wide:
            raise ValidationError(EVERYTHING)
        self.reached = self.whom.reached()
        self.limits = limits(Account.objects.filter(pk__in=self.reached))
        try:
            within(data["until"], self.limits)
        except ValidationError as error:
            self.add_error("until", error)
        return data

    @property
    def chosen(self) -> What:
        return What(self.cleaned_data["what"]) if self.finding else What.WIDER

    def _whom(self, data: dict[str, Any]) -> Whom:
        if self.finding and self.chosen in OF_SUBJECT:
            return Whom(Scope.ACCOUNT, "", self.finding.account)
        whom: Whom = data["whom"]
        return whom

    @property
    def row(self) -> Acceptance:
        """As it would be stored."""
        data = self.cleaned_data
        return Acceptance(
            scope=self.whom.scope.value,
            target="" if self.whom.account else self.whom.target,
            account=self.whom.account,
            severity=data["severity"],
            reason=data["reason"],
            owner=data["owner"],
            expires_at=self.expires_at,
            needs_approval=self.limits.approval,
            set_by=self.operator.username,
            **self._of(data),
        )

    def _of(self, data: dict[str, Any]) -> dict[str, Any]:
        if self.chosen is What.WIDER or self.finding is None:
            return {"code": data["code"], "tag": data["tag"]}
        if self.chosen is What.FAMILY:
            return {"code": self.finding.code, "family": self.family}
        of: dict[str, Any] = {"subject_id": self.finding.subject_id, "subject_name": self.finding.subject_name}
        if self.chosen is not What.SUBJECT:
            of["code"] = self.finding.code
        return of | ({"part": self.finding.part} if self.chosen is What.ONE else {})

    def preview(self) -> Preview:
        return Preview(self.row, hides(self.row, self.reached), self.whom.unsure() if not self.whom.account else 0)


class Preview:
    """What it would hide. unsure: of how many accounts nobody can tell whether it reaches them."""

    def __init__(self, row: Acceptance, hidden: Hidden, unsure: int = 0) -> None:
        self.row, self.hidden, self.unsure = row, hidden, unsure

    @property
    def by_severity(self) -> list[tuple[Severity, int]]:
        return [(s, self.hidden.by_severity[s]) for s in WORST_FIRST if self.hidden.by_severity.get(s)]

    @property
    def by_account(self) -> list[tuple[str, int]]:
        """The ten that have most."""
        most = sorted(self.hidden.by_account.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
        names = dict(Account.objects.filter(pk__in=[pk for pk, _ in most]).values_list("pk", "name"))
        return [(names[pk], n) for pk, n in most if pk in names]

    @property
    def more(self) -> int:
        return max(0, len(self.hidden.by_account) - 10)


def _closed(family: str) -> str:
    if family.startswith(ROLE):
        return f"on every role {show.hidden(named(family))}, in the accounts below, those to come too"
    return f"that one change closes ({show.hidden(named(family))})"


def _family(finding: Finding) -> str:
    rows = PermissionSetRole.objects.filter(account=finding.account_id, role__unique_id=finding.subject_id)
    arn = rows.filter(role__gone_at=None).values_list("set_arn", flat=True).first()
    role = finding.subject_arn if finding.subject_type == SubjectType.ROLE else ""
    return family(finding.code, finding.evidence, arn or "", role)


def initial(finding: Finding | None, operator: Operator, *, whole: bool = False) -> dict[str, Any]:
    """What the form begins with. whole: with the family of the finding, wherever the operator may."""
    given: dict[str, Any] = {"owner": operator.username, "severity": int(Severity.CRITICAL), "until": None}
    given["until"] = timezone.now().date() + WANTED
    if finding is None:
        return given
    return given | {
        "what": What.FAMILY.value if whole else What.ONE.value,
        "code": finding.code,
        "severity": finding.severity,
        "whom": Scope.ALL.value if whole and operator.all_accounts else f"account:{finding.account.aws_id}",
    }
