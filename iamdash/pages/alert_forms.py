"""Channels, alert rules and digests: what is asked, and what a wrong answer is told."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from findings.analysis.owners import owner_of
from findings.engine.grouping import owners
from findings.models.decided import STANDS
from findings.rules.registry import catalogue
from findings.vocabulary import Practice, Severity
from iamdash.access.models import Operator
from iamdash.notify import sending
from iamdash.notify.models import AlertRule, Channel, ChannelTarget, Digest
from iamdash.notify.outgoing import RefusedError, parsed
from iamdash.notify.signing import new_secret
from iamdash.notify.vocabulary import Kind
from iamdash.pages import show
from iamdash.pages.scopes import WhomField, stand
from iamdash.pages.written import printable

MOST_ADDRESSES = 20
TAKEN = "Another one that stands has this name."
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SEVERITIES = [(s.value, s.label) for s in sorted(Severity, reverse=True)]
PLAIN = forms.TextInput(attrs={"autocomplete": "off"})
SECRET = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})


class TargetForm(forms.Form):
    """What a channel leads to."""

    url = forms.CharField(
        label="URL", max_length=2048, required=False, widget=SECRET,
        help_text="Of Slack's incoming webhook, or of your receiver. It is stored encrypted and not shown again.",
    )  # fmt: skip
    to = forms.CharField(
        label="E-mail addresses", max_length=6_000, required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 20, "spellcheck": "false"}), help_text="One a line.",
    )  # fmt: skip
    kind = ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        kind = data.get("kind", self.kind)
        if kind == Channel.Kind.EMAIL:
            self._clean_to(data)
        elif kind:
            self._clean_url(data)
        return data

    def _clean_to(self, data: dict[str, Any]) -> None:
        data["to"] = list(dict.fromkeys((data.get("to") or "").replace(",", " ").split()))
        if not 1 <= len(data["to"]) <= MOST_ADDRESSES:
            self.add_error("to", f"Write 1 to {MOST_ADDRESSES} addresses; a list of your mail server takes more.")
        for address in data.get("to", ()):
            try:
                validate_email(address)
            except ValidationError:
                self.add_error("to", f"{address} is no e-mail address.")

    def _clean_url(self, data: dict[str, Any]) -> None:
        data["url"] = (data.get("url") or "").strip()
        try:
            parsed(data["url"])
        except RefusedError as error:
            self.add_error("url", str(error))

    def lead(self, channel: Channel, by: str) -> str:
        """Store what the channel leads to. Returns the signing secret, "" for none: it is shown now or never."""
        data, secret = self.cleaned_data, new_secret() if channel.kind == Channel.Kind.WEBHOOK else ""
        target = {"to": data["to"]} if channel.kind == Channel.Kind.EMAIL else {"url": data["url"], "secret": secret}
        shown = ", ".join(data["to"]) if "to" in target else _shown(data["url"])
        ChannelTarget.objects.create(
            channel=channel, shown=shown[:500], sealed=sending.sealed(channel, target), set_by=by
        )
        return secret


def _shown(url: str) -> str:
    """The host, and of what follows, which may be a secret, its end."""
    target = parsed(url)
    end = target.path[-4:] if len(target.path) > 20 else ""
    return f"{target.scheme}://{target.netloc}/…{end}"


class ChannelForm(TargetForm):
    kind = forms.ChoiceField(choices=Channel.Kind.choices)  # type: ignore[assignment]
    name = forms.CharField(max_length=80, widget=PLAIN)
    field_order = ("kind", "name", "url", "to")

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if kind == Channel.Kind.EMAIL and not settings.EMAIL_HOST:
            raise ValidationError("E-mail needs a mail server: set IAMDASH_SMTP_HOST and IAMDASH_MAIL_FROM.")
        return kind

    def clean_name(self) -> str:
        name = printable(self.cleaned_data["name"])
        if Channel.objects.filter(STANDS, name=name).exists():
            raise ValidationError(TAKEN)
        return name

    def save(self, by: str) -> tuple[Channel, str] | None:
        """The channel and its signing secret, to be shown once. None: somebody took the name in the same moment."""
        data = self.cleaned_data
        try:
            with transaction.atomic():
                channel = Channel.objects.create(name=data["name"], kind=data["kind"], set_by=by)
        except IntegrityError:
            self.add_error("name", TAKEN)
            return None
        return channel, self.lead(channel, by)


class ChannelField(forms.ModelChoiceField):
    def __init__(self) -> None:
        super().__init__(Channel.objects.filter(STANDS).order_by("name"), empty_label=None)

    def label_from_instance(self, channel: Channel) -> str:
        return f"{show.hidden(channel.name)} ({channel.get_kind_display()})"


class RuleForm(forms.Form):
    """All that is said must hold."""

    name = forms.CharField(max_length=80, widget=PLAIN, help_text="Stands in the message, so that people know why.")
    kinds = forms.MultipleChoiceField(
        label="Tell of", choices=[(kind.value, kind.label) for kind in Kind], widget=forms.CheckboxSelectMultiple,
        initial=[Kind.NEW.value, Kind.REOPENED.value, Kind.WORSE.value, Kind.MONITORING.value],
    )  # fmt: skip
    severity = forms.TypedChoiceField(
        label="Severity at least", choices=SEVERITIES, coerce=int, initial=Severity.HIGH.value
    )
    about = forms.CharField(
        label="Only these", max_length=2000, required=False, widget=PLAIN,
        help_text="Practices or rules by their codes, such as KY or MO111, with commas. Empty: all.",
    )  # fmt: skip
    owner = forms.ChoiceField(
        label="Only of this owner",
        required=False,
        help_text="Whom a finding is assigned to, else who owns its account.",
    )

    def __init__(self, operator: Operator, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.operator = operator
        self.fields = {"channel": ChannelField(), **self.fields, "whom": WhomField(operator)}
        self.fields["owner"].choices = [("", "Any"), *((name, show.hidden(name)) for name in _owners())]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return printable(self.cleaned_data["name"])

    def clean_about(self) -> list[str]:
        given = list(dict.fromkeys(re.split(r"[\s,;]+", self.cleaned_data["about"].strip().upper())))
        known = {*catalogue(), *(practice.prefix for practice in Practice)}
        if unknown := [one for one in given if one and one not in known]:
            raise ValidationError(f"No rule or practice has the code {unknown[0][:20]}.")
        return [one for one in given if one]

    def made(self) -> AlertRule:
        data = self.cleaned_data
        whom = data["whom"]
        return AlertRule(
            channel=data["channel"], name=data["name"], kinds=data["kinds"], about=data["about"], owner=data["owner"],
            severity=data["severity"], scope=whom.scope.value, target=whom.target, account=whom.account,
            set_by=self.operator.username,
        )  # fmt: skip

    def save(self) -> bool:
        try:
            with transaction.atomic():
                self.made().save()
        except IntegrityError:
            self.add_error("name", TAKEN)
            return False
        return True


def _owners() -> list[str]:
    """Of the accounts seen, by name."""
    known = owners()
    return sorted({owned.name for one in stand().values() if (owned := owner_of(one, known))})


class DigestForm(forms.Form):
    weekday = forms.TypedChoiceField(label="Day", choices=list(enumerate(DAYS)), coerce=int)
    hour = forms.TypedChoiceField(label="Hour", choices=[(n, f"{n:02}:00") for n in range(24)], coerce=int, initial=8)
    zone = forms.ChoiceField(label="Time zone", initial="UTC")

    def __init__(self, operator: Operator, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.operator = operator
        self.fields = {"channel": ChannelField(), **self.fields, "whom": WhomField(operator)}
        zones = sorted({"UTC"} | {zone for zone in available_timezones() if "/" in zone})
        self.fields["zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]

    def save(self) -> None:
        data = self.cleaned_data
        whom = data.pop("whom")
        Digest.objects.create(
            **data, scope=whom.scope.value, target=whom.target, account=whom.account, set_by=self.operator.username
        )
