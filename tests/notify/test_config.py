"""Settings as code, by the command: what stands is written, a file is made true, and nothing else is touched."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from collectors.models import Account
from findings.analysis.places import Scope
from findings.config.export import schema
from findings.config.sections import sections
from findings.config.whom import Places
from findings.engine import deciding, exceptions, regrouping
from findings.models import (
    Acceptance,
    AccountGroup,
    AccountOwner,
    DecidedSetting,
    GroupMember,
    JudgementRequest,
    KindOverride,
    NamedNetwork,
)
from iamdash.access.models import AuditEntry
from iamdash.notify import sending
from iamdash.notify.configured import SECTIONS
from iamdash.notify.models import AlertRule, Channel, ChannelTarget, Digest

pytestmark = pytest.mark.django_db
DECIDED = (
    Acceptance, AccountOwner, DecidedSetting, GroupMember, AccountGroup, JudgementRequest, KindOverride, NamedNetwork,
    AlertRule, Digest, ChannelTarget, Channel,
)  # fmt: skip
URL = "https://hooks.example.com/services/T0/B0/secretsecret"
SECRETS = (URL, "secretsecret", "whsec_")


def export() -> str:
    out = StringIO()
    call_command("config", "export", stdout=out)
    return out.getvalue()


@pytest.fixture
def apply(tmp_path: Path) -> Any:
    def run(text: str, *flags: str) -> str:
        out, file = StringIO(), tmp_path / "s.yaml"
        file.write_text(text)
        call_command("config", "apply", str(file), "--by", "anna", *flags, stdout=out)
        return out.getvalue()

    return run


@pytest.fixture
def refused(apply: Any) -> Any:
    def run(text: str, *flags: str) -> str:
        with pytest.raises(CommandError) as error:
            apply(text, *flags)
        assert str(error.value).endswith("Nothing was changed.")
        return str(error.value)

    return run


def said(section: str, *entries: str) -> str:
    return "version: 1\n" + f"{section}:\n" + "".join(f"- {{{entry}}}\n" for entry in entries)


def rows() -> dict[str, list[Any]]:
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in DECIDED}


@pytest.fixture
def decided(account: Account, other_account: Account) -> None:
    """Something in each section, and what may make the order or the bytes differ: ended rows, two of one identity, odd text."""
    group = regrouping.keep(regrouping.Wanted("Zahlungen ü", ["ou-ab12-1"], ["team=red"], [account]), "bob")
    gone = regrouping.keep(regrouping.Wanted("old", ["ou-ab12-2"], [], []), "bob")
    for scope, target, of, name, value in (
        (Scope.ALL, "", None, "unused_days", 45),
        (Scope.OU, "ou-ab12-1", None, "allowed_regions", ["eu-west-1", "eu-central-1"]),
        (Scope.GROUP, str(group), None, "known_vendors", {"123456789012": "Costwise", "210987654321": ""}),
        (Scope.GROUP, str(gone), None, "unused_days", 3),
        (Scope.ACCOUNT, "", account, "sla_days", {"high": 10, "low": 0}),
        (Scope.ACCOUNT, "", other_account, "off", ["LP206"]),
        (Scope.ALL, "", None, "acceptance_approval", True),
        (Scope.ALL, "", None, "acceptance_days", 3650),
    ):
        deciding.decide(scope, target, of, name, deciding_value(name, value), "yes: no, #1 'quoted'", "bob")
    regrouping.end(gone, "bob")
    regrouping.own(Scope.OWN_TAG, "owner", None, "", "", "bob")
    regrouping.own(Scope.TAG, "team=red", None, "Red", "red@example.com", "bob")
    NamedNetwork.objects.create(account=None, cidr="192.0.2.0/24", name="office Berlin", set_by="bob")
    NamedNetwork.objects.create(account=account, cidr="192.0.2.0/24", name="vpn", set_by="bob")
    KindOverride.objects.create(
        account=account, principal_id="AROAX", kind="machine-ci", reason="e\u202evil", set_by="bob"
    )
    for days, part in ((5, None), (9, ""), (9, "x"), (30, None)):
        until = datetime(2036, 1, 1, 0, 0, 0, 120, UTC) + timedelta(days=days)
        exceptions.accept(
            Acceptance(
                scope="group", target=str(group), code="LP101", part=part, severity=3, reason="known", owner="bob",
                expires_at=until, set_by="bob", needs_approval=days == 9,
            )
        )  # fmt: skip
    Acceptance.objects.create(
        scope="all", code="LP102", severity=5, reason="over", owner="b", set_by="b",
        expires_at=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    slack, mail = (Channel.objects.create(name=kind, kind=kind, set_by="bob") for kind in ("slack", "email"))
    lead(slack, {"url": URL, "secret": ""}, "https://hooks.example.com/…cret")
    lead(mail, {"to": ["z@example.com", "a@example.com"]}, "z@example.com, a@example.com")
    rule = {"channel": slack, "name": "urgent", "kinds": ["worse", "new"], "severity": 4, "set_by": "bob"}
    AlertRule.objects.create(scope="all", about=["MO111", "KY"], owner="Red", **rule)
    AlertRule.objects.create(scope="account", account=account, **rule)
    for hour in (8, 7):
        Digest.objects.create(channel=mail, scope="group", target=str(group), weekday=6, hour=hour, set_by="bob")


def deciding_value(name: str, value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


def lead(channel: Channel, target: dict[str, Any], shown: str) -> None:
    ChannelTarget.objects.create(channel=channel, shown=shown, sealed=sending.sealed(channel, target), set_by="bob")


def test_nothing_decided_is_a_file_of_empty_sections(account: Account, apply: Any) -> None:
    text = export()
    assert "settings: []" in text
    assert "alerts: []" in text
    assert apply(text, "--prune") == "0 added, 0 changed, 0 ended, 0 as they are.\n"


def test_an_export_applied_where_nothing_stands_exports_the_same_bytes(decided: None, apply: Any) -> None:
    text = export()
    assert not any(secret in text for secret in SECRETS)
    assert "group:Zahlungen ü" in text
    assert "e\\u202Evil" in text  # what turns the text around is written out
    for model in DECIDED:
        model.objects.all().delete()
    told = apply(text)
    assert export() == text
    assert "+ settings: unused_days all\n    value: 45" in told
    assert "! channels: slack is quiet until its page says where it leads." in told
    assert told.count("waits for another operator's approval") == 4
    assert set(DecidedSetting.objects.values_list("set_by", flat=True)) == {"anna (settings file)"}
    assert not Acceptance.objects.exclude(approved_at=None).exists()  # a file approves nothing
    assert JudgementRequest.objects.count() == 2  # once an account, however much changed
    assert sending.target_of(Channel.objects.get(kind="email"))["to"] == ["a@example.com", "z@example.com"]


def test_the_same_again_writes_nothing(decided: None, apply: Any) -> None:
    text, before = export(), rows()
    told = apply(text, "--prune")
    assert told.startswith("0 added, 0 changed, 0 ended, ")
    assert rows() == before  # secrets of channels and approvals too


def test_a_dry_run_tells_the_change_and_writes_nothing(decided: None, apply: Any) -> None:
    text, before = export().replace("value: 45", "value: 60"), rows()
    told = apply(text, "--dry-run")
    assert "~ settings: unused_days all\n    value: 45 -> 60" in told
    assert "0 would be added, 1 would be changed, 0 would be ended" in told
    assert "Nothing was changed: this was a dry run." in told
    assert rows() == before
    assert apply(text).splitlines()[:2] == told.splitlines()[:2]
    assert DecidedSetting.objects.get(ended_at=None, name="unused_days").value == 60


def test_what_the_file_does_not_mention_stays_unless_it_is_pruned(decided: None, apply: Any) -> None:
    text = said("settings", "for: all, name: unused_days, value: 45, reason: \"yes: no, #1 'quoted'\"")
    before = rows()
    told = apply(text)
    assert "6 more stand here that the file does not mention; --prune ends them." in told
    assert rows() == before
    told = apply(text, "--prune")
    assert told.count("\n- settings: ") + told.startswith("- settings: ") == 6
    assert DecidedSetting.objects.filter(ended_at=None).count() == 1
    assert NamedNetwork.objects.filter(ended_at=None).count() == 2  # a section that the file has not is left alone


def test_pruning_groups_takes_what_was_decided_for_them_along(decided: None, apply: Any) -> None:
    told = apply("version: 1\ngroups: []\n", "--prune")
    assert "- groups: Zahlungen ü" in told
    assert "ends what was decided for it" in told
    assert not DecidedSetting.objects.filter(ended_at=None, scope="group").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (said("settings", "for: all, name: unused_day, value: 1"),
         "line 3: settings: name cannot say this: 'unused_day' is no setting; the nearest is 'unused_days'"),
        (said("settings", "for: all, name: unused_days, vale: 1"),
         "line 3: settings: 'vale' is no key of it; the nearest is 'value'."),
        (said("settings", "for: all, name: unused_days"), "line 3: settings: value is missing."),
        (said("settings", "for: all, name: unused_days, value: many"),
         "Unused after (unused_days): Expected `int`, got `str`. It must be"),
        (said("settings", "for: all, name: off, value: [LP999]"), "'LP999' is no rule; the nearest is "),
        (said("settings", "for: al, name: unused_days, value: 1"),
         "for cannot say this: 'al' is no scope; the nearest is 'all'."),
        (said("settings", "for: 'group:Paymnts', name: unused_days, value: 1"), "for names no group: 'Paymnts' is no group"),
        (said("settings", "for: 'account:999999999999', name: unused_days, value: 1"), "names no account that is connected here"),
        (said("settings", *["for: all, name: unused_days, value: 1"] * 2),
         "line 4: settings: line 3 says unused_days all already."),
        (said("groups", "name: a"), "a has no account"),
        (said("groups", "name: a, accounts: [123456789012]"), "ids stand in quotes"),
        (said("owners", "for: 'own-tag:owner', name: x"), "takes the owner from the tag"),
        (said("networks", "for: all, cidr: 192.0.2.1/24, name: office"), "is an address within 192.0.2.0/24"),
        (said("networks", "for: all, cidr: 0.0.0.0/0, name: office"), "is wider than any network"),
        (said("networks", "for: all, cidr: 192.0.2.0/24, name: offce"), "the nearest is 'office'"),
        (said("networks", "for: 'ou:ou-ab12-1', cidr: 192.0.2.0/24, name: vpn"), "'ou' is no scope"),
        (said("kinds", "account: '000000000001', principal: AROAX, kind: machine, reason: r"), "'machine' is no kind"),
        (said("acceptances", "for: all, up_to: high, reason: r, owner: o, until: 2027-01-01"),
         "this would accept everything everywhere"),
        (said("acceptances", "for: all, rule: LP101, up_to: high, reason: r, owner: o, until: 2099-01-01"),
         "further off than the 90 days that the settings allow"),
        (said("channels", "name: m, kind: email"), "`to` goes with e-mail"),
        (said("channels", "name: m, kind: slack, url: 'https://x'"), "'url' is no key of it"),
        (said("alerts", "name: a, channel: none, for: all, kinds: [new], severity: high"), "no channel stands yet"),
        (said("digests", "channel: c, for: all, day: mon, hour: 8"), "'mon' is no day; the nearest is 'monday'."),
    ],
)  # fmt: skip
def test_a_file_with_a_fault_changes_nothing(account: Account, refused: Any, text: str, told: str) -> None:
    assert told in refused(text)
    assert not any(model.objects.exists() for model in DECIDED)


def test_a_fault_at_the_end_takes_all_before_it_back(account: Account, refused: Any) -> None:
    good = said("networks", "for: all, cidr: 192.0.2.0/24, name: vpn")
    assert "no channel" in refused(good + "alerts:\n- {name: a, channel: b, for: all, kinds: [new], severity: low}\n")
    assert not NamedNetwork.objects.exists()


def test_all_faults_are_told_at_once(account: Account, refused: Any) -> None:
    told = refused(said("settings", *[f"for: all, name: x{n}, value: 1" for n in range(30)]))
    assert told.count("is no setting") == 25
    assert "and 5 more." in told


def test_who_applied_stands_in_the_audit_log(account: Account, apply: Any) -> None:
    text = said("networks", "for: all, cidr: 192.0.2.0/24, name: vpn")
    apply(text, "--dry-run")
    assert not AuditEntry.objects.exists()
    apply(text)
    apply(text)  # changes nothing, so there is nothing to tell
    entry = AuditEntry.objects.get()
    assert entry.action == "config-applied"
    assert json.loads(entry.detail) == {
        "by_user": "anna (settings file)",
        "prune": False,
        "add": 1,
        "change": 0,
        "end": 0,
    }


def test_a_group_of_the_file_may_be_named_by_what_follows(account: Account, apply: Any) -> None:
    text = "version: 1\nsettings:\n- {for: 'group:A', name: unused_days, value: 7}\ngroups:\n- {name: A, tags: [team=red]}\n"
    apply(text)
    row = DecidedSetting.objects.get()
    assert row.target == str(AccountGroup.objects.get().key)


def test_an_acceptance_that_is_over_is_not_added(account: Account, apply: Any) -> None:
    told = apply(said("acceptances", "for: all, rule: LP101, up_to: high, reason: r, owner: o, until: 2020-01-01"))
    assert "is over, and was not added" in told
    assert not Acceptance.objects.exists()


def test_a_channel_of_another_kind_is_not_turned_into_it(decided: None, refused: Any) -> None:
    assert "it is of the kind slack here" in refused(said("channels", "name: slack, kind: webhook"))


def test_a_channel_keeps_its_secret(decided: None, apply: Any) -> None:
    told = apply(said("channels", "name: email, kind: email, to: [new@example.com]", "name: slack, kind: slack"))
    assert '~ channels: email\n    to: ["a@example.com", "z@example.com"] -> ["new@example.com"]' in told
    assert sending.target_of(Channel.objects.get(name="slack"))["url"] == URL


@pytest.mark.parametrize("role", ["web", "worker"])
def test_a_role_that_sees_nothing_writes_no_empty_file(settings: Any, role: str) -> None:
    settings.DB_ROLE = role
    with pytest.raises(CommandError, match="for the database's owner"):
        call_command("config", "export")


def test_no_file_and_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Is a directory"):
        call_command("config", "export", "--to", str(tmp_path))
    for content, told in ((None, "No such file"), (b"\xff\xfe", "is no text in UTF-8")):
        file = tmp_path / "x"
        if content:
            file.write_bytes(content)
        with pytest.raises(CommandError, match=told):
            call_command("config", "apply", str(file))


def test_the_documentation_has_every_key(db: None) -> None:
    places = Places()
    text = schema([*sections(places), *(one(places) for one in SECTIONS)])
    assert text in Path("docs/operate/settings.md").read_text()
