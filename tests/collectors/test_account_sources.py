"""The sources that tell of an account as a whole: account, contacts, organizations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.models import Account, AccountDetails
from collectors.records import PasswordPolicy, State, VirtualMfaDevice
from collectors.sources import account, contacts, organizations
from tests.collectors.running import run

WHEN = datetime(2026, 1, 2, tzinfo=UTC)


class Says(Aws):
    """Gives one answer, in as many pages as asked for, or fails with an error code."""

    def __init__(self, *pages: Answer, code: str = "") -> None:
        self._pages, self._code = pages, code

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Answer:
        if self._code:
            raise AwsError(api, State.ERROR, self._code, code=self._code)
        return self._pages[0]

    def pages(
        self, api: str, *, require: str, token: str = "Marker", region: str = "", **parameters: Any
    ) -> Iterator[Answer]:
        yield self.ask(api, require=require)
        yield from self._pages[1:]

    def pause(self, seconds: float) -> None:
        raise AssertionError("nothing here waits")


@pytest.mark.parametrize(
    ("fetch", "code", "nothing"),
    [
        (account.password_policy, "NoSuchEntity", None),
        (contacts.security_contact, "ResourceNotFoundException", False),
        (organizations.organization, "AWSOrganizationsNotInUseException", {}),
        (account.root_features, "ServiceAccessNotEnabledException", []),
        (account.root_features, "OrganizationNotInAllFeaturesModeException", []),
    ],
)
def test_what_is_not_set_is_a_fact_and_other_errors_are_not(
    fetch: Callable[[Aws, Any], Any], code: str, nothing: Any
) -> None:
    assert fetch(Says(code=code), {}) == nothing
    with pytest.raises(AwsError):
        fetch(Says(code="ServiceFailure"), {})


@pytest.mark.parametrize(
    "code", ["AccountNotManagementOrDelegatedAdministratorException", "OrganizationNotFoundException"]
)
def test_root_features_do_not_apply_to_members(code: str) -> None:
    with pytest.raises(AwsError) as refused:
        account.root_features(Says(code=code), {})
    assert refused.value.state is State.NOT_APPLICABLE


def test_all_pages_are_read() -> None:
    one, two = {"InstanceProfiles": [{"Arn": "a"}]}, {"InstanceProfiles": [{"Arn": "b"}]}
    assert account.instance_profiles(Says(one, two), {}) == [{"Arn": "a"}, {"Arn": "b"}]


def test_only_sessions_of_another_length_than_awss_own_are_kept() -> None:
    roles = [{"RoleId": "AROA1", "MaxSessionDuration": 43_200}, {"RoleId": "AROA2", "MaxSessionDuration": 3_600}]
    durations = account.sessions(Says({"Roles": roles}, {"Roles": [{"RoleId": "AROA3"}]}), {})
    (told,) = account.transform({account.ROLES: durations}).details or ()
    assert told.long_sessions == {"AROA1": 43_200}


def test_what_was_not_answered_stays_none() -> None:
    (told,) = account.transform({account.SUMMARY: {"Users": 1}}).details or ()
    assert told.summary == {"Users": 1}
    unread = ("aliases", "password_policy", "saml_providers", "server_certificates", "virtual_mfa")
    assert {
        getattr(told, name) for name in (*unread, "oidc_providers", "empty_instance_profiles", "long_sessions")
    } == {None}
    for source in (contacts, organizations):
        (nothing,) = source.transform({}).details or ()
        assert (nothing.security_contact, nothing.organization) == (None, None)


def test_no_policy_and_a_bare_one() -> None:
    none, bare = (account.transform({account.PASSWORD_POLICY: answer}).details or () for answer in (None, {}))
    assert none[0].password_policy == PasswordPolicy(custom=False)
    assert bare[0].password_policy == PasswordPolicy()


def test_the_order_of_an_answer_does_not_matter() -> None:
    arns = [{"Arn": f"arn:aws:iam::1:saml-provider/{name}", "ValidUntil": WHEN} for name in "ab"]
    serials = [{"SerialNumber": f"arn:aws:iam::1:mfa/{name}", "User": {"Arn": name}} for name in "ab"]
    made = [
        account.transform(
            {account.SAML: arns[::step], account.VIRTUAL_MFA: serials[::step], account.OIDC: arns[::step]}
        )
        for step in (1, -1)
    ]
    assert made[0] == made[1]


def test_profiles_with_a_role_stand_with_their_roles() -> None:
    entity = {"Path": "/", "CreateDate": WHEN}
    names = {"full": [{"RoleName": "app"}], "empty": []}
    raw = [
        entity | {"InstanceProfileName": n, "InstanceProfileId": f"AIPA{n}", "Arn": f"arn:{n}", "Roles": roles}
        for n, roles in names.items()
    ]
    (told,) = account.transform({account.PROFILES: raw}).details or ()
    assert [p.name for p in told.empty_instance_profiles or ()] == ["empty"]


@pytest.mark.parametrize(
    ("device", "of_root"),
    [
        (VirtualMfaDevice(serial="arn:aws:iam::1:mfa/alice", owner_arn="arn:aws:iam::1:user/alice"), False),
        (VirtualMfaDevice(serial="arn:aws:iam::1:mfa/spare", owner_arn="arn:aws:iam::1:root"), True),
        (VirtualMfaDevice(serial="arn:aws:iam::1:mfa/root-account-mfa-device"), True),
        (VirtualMfaDevice(serial="arn:aws:iam::1:mfa/root", owner_arn="arn:aws:iam::1:user/root"), False),
    ],
)
def test_root_s_device_is_told_by_its_owner(device: VirtualMfaDevice, of_root: bool) -> None:
    assert device.of_root is of_root


@pytest.mark.django_db
def test_the_lab_s_accounts_through_the_database(connected: list[Account]) -> None:
    run(connected[1])
    rows = {row.unique_id: row.as_record for row in AccountDetails.present.filter(account=connected[1])}
    assert rows["contacts"].security_contact is True
    assert rows["organizations"].organization.organization_id.startswith("o-")
    told = rows["account"]
    assert told.password_policy.minimum_length == 8
    assert any("okta" in provider.arn for provider in told.saml_providers)
    assert [c.name for c in told.server_certificates] == ["www-halden-example-2026"]
    assert told.virtual_mfa
    assert told.empty_instance_profiles == ()
