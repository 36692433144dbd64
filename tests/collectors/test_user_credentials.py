"""Users' other credentials and MFA devices, through the lab over HTTP."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from collectors import records
from collectors.aws.each import Each
from collectors.aws.errors import AwsError
from collectors.models import Account, AccountDetails, Coverage, Principal, Version
from collectors.models.snapshot import read_snapshot
from collectors.models.user_plan import Plan
from collectors.records import State
from collectors.sources import user_credentials as source
from collectors.sources.user_credentials import CERTIFICATES, MFA, NAME, PLAN, SERVICES, SSH, USERS
from findings.analysis.facts import Facts
from findings.rules import registry
from findings.vocabulary import Status, Verdict
from tests.collectors.bundles import GAAD, details, read, states
from tests.collectors.running import run
from tests.collectors.running import states as stored
from tests.collectors.test_bundle_requests import ALICE, lines
from tests.conftest import AS_OF

BY_USER = ("ListSSHPublicKeys", "ListSigningCertificates", "ListMFADevices")


def told(account: Account) -> records.AccountDetails:
    found: records.AccountDetails = AccountDetails.present.get(account=account, unique_id=NAME).as_record
    return found


def of(name: str, listed: dict[str, Any] | None, names: dict[str, str]) -> list[tuple[str, bool]]:
    return [(one.kind, one.active) for uid, some in (listed or {}).items() if names[uid] == name for one in some]


def asked(aws: Any, account: Account) -> Counter[str]:
    return Counter({c["operation"]: c["n"] for c in aws.calls() if c["account"] == account.aws_id})


def said(account: Account, api: str) -> tuple[str, str]:
    return Coverage.objects.values_list("state", "detail").get(account=account, api=api)


def waited(account: Account, field: str, days: dict[str, int]) -> None:
    """As if each user had been asked about so many days ago."""
    row = AccountDetails.objects.get(account=account, unique_id=NAME)
    then = {uid: str((timezone.now() - timedelta(days=n)).date()) for uid, n in days.items()}
    row.data["asked_on"][field] = then
    row.save()


def lacking(account: Account, names: dict[str, str]) -> dict[str, set[str]]:
    """Field -> ids of users of whom a judgement does not know it."""
    found = next(one for one in read_snapshot(account, timezone.now()).details if one.unique_id == NAME)
    return {field: uids for field in source.FIELDS.values() if (uids := names.keys() - getattr(found, field))}


def judged(account: Account, *codes: str) -> list[Verdict]:
    facts = Facts(read_snapshot(account, timezone.now()))
    return list(registry.judge(facts, [registry.catalogue()[code] for code in codes]))


@pytest.mark.django_db
class TestThroughTheLab:
    @pytest.fixture
    def account(self, connected: list[Account]) -> Account:
        """One with users who have such credentials, whose names are known."""
        run(connected[0], "authorization_details")
        return connected[0]

    @pytest.fixture
    def names(self, account: Account) -> dict[str, str]:
        users = Principal.present.filter(account=account, type="user")
        return dict(users.values_list("unique_id", "name"))

    def test_every_user_is_read_and_passwords_of_all_in_one_call(
        self, account: Account, names: dict[str, str], aws: Any
    ) -> None:
        aws.clear_calls()
        run(account, NAME)
        found = told(account)
        for listed in (found.service_credentials, found.ssh_keys, found.certificates, found.mfa_devices):
            assert listed is not None
            assert listed.keys() == names.keys()
        assert set(stored(account).values()) == {"complete"}
        calls = asked(aws, account)
        assert (calls["ListUsers"], calls["ListServiceSpecificCredentials"]) == (1, 1)
        assert {calls[operation] for operation in BY_USER} == {len(names)}
        assert of("backup-agent", found.service_credentials, names) == [("codecommit", False)]
        assert of("ci-release", found.ssh_keys, names) == [("SSH key", True)]
        assert of("ci-artifacts", found.ssh_keys, names) == []
        devices = {serial for some in (found.mfa_devices or {}).values() for serial in some}
        assert {":mfa/" in serial for serial in devices} == {True, False}
        assert "BEGIN" not in str(AccountDetails.objects.get(account=account, unique_id=NAME).data)

    def test_a_second_run_of_the_same_makes_no_version(self, account: Account) -> None:
        run(account, NAME)
        run(account, NAME)
        assert Version.objects.filter(account=account, kind="details", unique_id=NAME).count() == 1

    def test_where_all_users_are_refused_each_is_asked(self, account: Account, aws: Any) -> None:
        run(account, NAME)
        known = told(account)
        aws.fault("deny", account=account.aws_id, service="iam", operation="ListServiceSpecificCredentials", times=1)
        aws.clear_calls()
        run(account, NAME)
        assert (told(account), stored(account)[SERVICES]) == (known, "complete")
        assert asked(aws, account)["ListServiceSpecificCredentials"] > 2

    @pytest.mark.parametrize(
        ("api", "kind", "state"),
        [
            *((api, "deny", "denied") for api in (SERVICES, SSH, CERTIFICATES, MFA)),
            *((api, "html", "error") for api in (SERVICES, SSH, CERTIFICATES, MFA)),
            (SSH, "throttle", "throttled"),
            (SERVICES, "throttle", "throttled"),
            (MFA, "truncate", "error"),
        ],
    )
    def test_one_api_that_fails_is_the_coverage_of_that_one_and_what_was_known_stays(
        self, account: Account, aws: Any, api: str, kind: str, state: str
    ) -> None:
        run(account, NAME)
        known = told(account)
        aws.clear_calls()
        aws.fault(kind, account=account.aws_id, service="iam", operation=api.partition(":")[2])
        run(account, NAME)
        assert told(account) == known
        row = Coverage.objects.get(account=account, api=api)
        assert (row.state, row.complete_at is not None) == (state, True)
        others = {name: found for name, found in stored(account).items() if name != api}
        assert set(others.values()) == {"complete"}
        assert asked(aws, account)[api.partition(":")[2]] <= 18  # of five users, each thrice

    def test_without_the_list_of_users_nobody_is_asked(self, account: Account, aws: Any) -> None:
        aws.fault("deny", account=account.aws_id, service="iam", operation="ListUsers")
        aws.clear_calls()
        run(account, NAME)
        assert {stored(account)[api] for api in source.SOURCE.covers} == {"denied"}
        assert not any(asked(aws, account)[operation] for operation in BY_USER)
        assert not AccountDetails.objects.filter(account=account, unique_id=NAME).exists()

    def test_of_many_users_some_are_asked_at_a_time(
        self, account: Account, names: dict[str, str], monkeypatch: pytest.MonkeyPatch, aws: Any
    ) -> None:
        some = len(names) // 2 + 1
        monkeypatch.setattr(Plan.__init__, "__defaults__", (None, some))
        run(account, NAME)
        assert len(told(account).ssh_keys or {}) == some
        today = (told(account).asked_on or {})["ssh_keys"][min(told(account).ssh_keys or {})]
        lately = "users were read in the last 14 days, the oldest on"
        assert said(account, SSH) == ("partial", f"{some} of {len(names)} {lately} {today}.")
        assert said(account, SERVICES) == ("complete", "")
        run(account, NAME)
        assert (told(account).ssh_keys or {}).keys() == names.keys()
        assert said(account, SSH) == ("complete", "")

        first, second, *others = sorted(names)
        waited(account, "ssh_keys", {first: 3, second: 9} | dict.fromkeys(others, 5))
        monkeypatch.setattr(Plan.__init__, "__defaults__", (None, 1))
        run(account, NAME)
        asked_on = (told(account).asked_on or {})["ssh_keys"]
        assert [uid for uid, day in asked_on.items() if day == today] == [second], "who has waited longest"
        assert said(account, SSH) == ("complete", f"{len(names)} of {len(names)} {lately} {today - timedelta(days=5)}.")

        waited(account, "ssh_keys", {first: 30, second: 31} | dict.fromkeys(others, 5))
        run(account, NAME)
        assert said(account, SSH)[0] == "partial"
        assert said(account, SSH)[1].startswith(f"{len(names) - 1} of {len(names)} users were read")
        assert first in (told(account).ssh_keys or {})
        assert lacking(account, names) == {"ssh_keys": {first}}, "what was told too long ago is known no more"

    def test_a_user_who_refuses_is_unknown_and_nobody_else(
        self, account: Account, names: dict[str, str], aws: Any
    ) -> None:
        run(account, "credential_report")
        run(account, NAME)
        assert lacking(account, names) == {}
        aws.fault("deny", account=account.aws_id, service="iam", operation="ListSSHPublicKeys", times=1)
        run(account, NAME)
        (refused,) = lacking(account, names)["ssh_keys"]
        assert said(account, SSH)[0] == "partial"
        assert Version.objects.filter(account=account, kind="details", unique_id=NAME).count() == 1
        verdicts = judged(account, "LP102", "KY113")
        assert not any(one.from_gap for one in verdicts)
        assert {one.subject.id for one in verdicts if SSH in one.reason} == {refused}
        assert {one.status for one in verdicts if one.subject.id == refused} >= {Status.UNKNOWN}
        run(account, NAME)
        assert lacking(account, names) == {}


class Stub:
    """Users a to e; refused: those whose answers are denied; gone: those who were deleted meanwhile. Of all at once it tells
    nothing."""

    account_id, from_files = "000000000001", False

    def __init__(self, refused: str = "", gone: str = "", throttled: str = "") -> None:
        self.refused, self.gone, self.throttled, self.seconds = refused, gone, throttled, 0.0
        self.asked: list[str] = []

    def clock(self) -> float:
        return self.seconds

    def pages(self, api: str, *, require: str, **parameters: Any) -> Any:
        name = parameters.get("UserName", "")
        self.asked.append(name)
        if name and name in self.throttled:
            raise AwsError(api, State.THROTTLED, "Throttling: Rate exceeded", code="Throttling")
        if not name or name in self.refused:
            raise AwsError(api, State.DENIED, "AccessDenied: no", code="AccessDenied", permission=api)
        if name in self.gone:
            raise AwsError(api, State.ERROR, "NoSuchEntity: gone", code="NoSuchEntity")
        yield {require: [{"SSHPublicKeyId": f"APKA{name}", "Status": "Active"}]}


def answers(**more: Any) -> dict[str, Any]:
    return {USERS: {name: f"AIDA{name}" for name in "abcde"}, PLAN: Plan(AS_OF, **more)}


def fetch(api: str) -> Any:
    return next(one.fetch for one in source.SOURCE.apis if one.name == api)


def test_a_user_who_refuses_does_not_hide_the_others_and_one_who_is_gone_has_nothing() -> None:
    with pytest.raises(AwsError) as said:
        fetch(SSH)(Stub("ab"), answers())
    assert (said.value.state, said.value.kept.keys()) == (State.PARTIAL, set("cde"))
    assert said.value.message == "Not of user a, b: AccessDenied: no"
    found = fetch(SSH)(Stub(gone="c"), answers())
    assert found["c"] == []
    part = source.transform(answers() | {SSH: found})
    assert part.problems == {}
    assert part.details is not None
    assert part.details[0].ssh_keys is not None
    assert part.details[0].ssh_keys["AIDAc"] == ()


def test_who_is_throttled_stops_at_once_and_keeps_what_was_read() -> None:
    stub = Stub(throttled="abcde")
    with pytest.raises(AwsError) as said:
        fetch(SSH)(stub, answers())
    assert (said.value.state, said.value.kept, len(stub.asked)) == (State.THROTTLED, None, 1)
    order = Stub()
    fetch(SSH)(order, answers())
    stub = Stub(throttled=order.asked[2])
    with pytest.raises(AwsError) as said:
        fetch(SSH)(stub, answers())
    assert (said.value.state, list(said.value.kept)) == (State.THROTTLED, order.asked[:2])


def test_everybody_else_takes_turns_and_who_is_gone_is_known_no_more() -> None:
    key = records.ServiceCredential(unique_id="APKA", kind=records.SSH_KEY, active=True)
    known = records.AccountDetails(unique_id=NAME, ssh_keys={f"AIDA{name}": (key,) for name in "abcx"})
    known = msgspec.structs.replace(known, asked_on={"ssh_keys": {f"AIDA{name}": AS_OF.date() for name in "abcx"}})
    given = answers(known=known, limit=2)
    assert fetch(SSH)(Stub(), given).keys() == set("de")
    (part,) = source.transform(given | {SSH: Each({"d": []})}).details or ()
    assert part.ssh_keys == {"AIDAa": (key,), "AIDAb": (key,), "AIDAc": (key,), "AIDAd": ()}


GIT = {"ServiceSpecificCredentialId": "ACCA1", "ServiceName": "codecommit.amazonaws.com", "Status": "Active"}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"iam.list-service-specific-credentials.json": {"ServiceSpecificCredentials": []}}, {}),
        (
            {
                "iam.list-service-specific-credentials.json": {
                    "ServiceSpecificCredentials": [GIT | {"UserName": "alice"}]
                }
            },
            {ALICE["UserId"]: ["codecommit"]},
        ),
        (
            {
                "iam.list-service-specific-credentials.jsonl": lines(
                    ({"UserName": "alice"}, {"ServiceSpecificCredentials": []}),
                    ({"UserName": "nobody"}, {"ServiceSpecificCredentials": []}),
                )
            },
            {ALICE["UserId"]: []},
        ),
    ],
)
def test_a_file_tells_of_the_users_that_it_names(tmp_path: Path, files: dict[str, Any], found: Any) -> None:
    """A list without its request may be that of whoever asked for it, so that it clears nobody."""
    bob = ALICE | {"UserName": "bob", "UserId": "AIDABOB0000000000000"}
    replayed = read(tmp_path / "b", {GAAD: details(UserDetailList=[ALICE, bob])} | files)
    (said,) = [one for one in replayed.snapshot().details if one.unique_id == NAME]
    kinds = {uid: [one.kind for one in some] for uid, some in (said.service_credentials or {}).items()}
    assert kinds == found
    assert states(replayed)[SERVICES] == "complete"
    assert {states(replayed)[api] for api in (SSH, CERTIFICATES, MFA)} == {"absent"}
