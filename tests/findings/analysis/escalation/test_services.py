"""The paths through services: a role is passed to something new, or something that runs with one is taken over."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.escalation import paths
from tests.builders import arn, trust
from tests.findings.analysis.escalation.accounts import NOTHING, Account, state
from tests.findings.analysis.escalation.catalogue import IDENTITIES, PASSING, TAKING, runner
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, MFA, allow, deny, document

SERVICES = {**PASSING, **TAKING}


def test_the_catalogue_is_whole() -> None:
    public = {**SERVICES, **IDENTITIES}
    assert len(public) == 65
    ours = {name: path for name, path in paths.catalogue().items() if not name.startswith("iamdash-")}
    assert {name: set(path.actions) for name, path in ours.items()} == {k: set(v.split()) for k, v in public.items()}


def account(of: str, *statements: Any, **boss: Any) -> Account:
    """A caller with the statements, and an administrator that the path's service may act as."""
    made = Account()
    made.role("caller", *statements)
    made.boss(**{"service": runner(of), **boss})
    return made


def scoped(path: str, resource: str, **passing: Any) -> tuple[Any, ...]:
    """All that the path takes, PassRole and the rest apart."""
    rest = [action for action in SERVICES[path].split() if action != "iam:PassRole"]
    return allow("iam:PassRole", **passing), allow(rest, resource)


@pytest.mark.parametrize("path", SERVICES)
def test_live(path: str) -> None:
    found = account(path, allow(SERVICES[path].split())).found(path)
    assert found
    assert (found.state, found.target, found.by, found.keys) == ("live", arn("role", "boss"), (), ())
    assert bool(found.unseen) == (path in TAKING)


# -- look-alikes


@pytest.mark.parametrize("path", SERVICES)
def test_nothing_without_each_of_its_actions(path: str) -> None:
    actions = SERVICES[path].split()
    for missing in actions:
        rest = [action for action in actions if action != missing]
        assert state(account(path, allow(rest or "s3:*")).found(path)) == ""


@pytest.mark.parametrize("path", SERVICES)
def test_nothing_where_no_strong_role_trusts_the_service(path: str) -> None:
    given = allow(SERVICES[path].split())
    elsewhere = {"aws:SourceAccount": "000000000009"}
    statement = trust(Service=runner(path))["Statement"][0]
    other = Account()
    other.role("caller", given)
    other.role("boss", allow("*"), trusts=trust({**statement, "Condition": {"StringEquals": elsewhere}}))
    accounts = [
        account(path, given, service="xray.amazonaws.com"),
        account(path, given, body=NOTHING),
        account(path, given, path="/aws-service-role/x.amazonaws.com/"),
        other,
    ]
    assert [state(one.found(path)) for one in accounts] == ["", "", "", ""]


@pytest.mark.parametrize("path", PASSING)
def test_nothing_where_the_role_may_not_be_passed(path: str) -> None:
    harmless = allow("iam:PassRole", arn("role", "app-*"))
    other = {"StringEquals": {"iam:PassedToService": "xray.amazonaws.com"}}
    tagged = {"StringEquals": {"aws:ResourceTag/team": "data"}}
    making = scoped(path, "*")[1]
    narrow = [harmless, allow("iam:PassRole", Condition=other), allow("iam:PassRole", Condition=tagged)]
    assert [state(account(path, making, one).found(path)) for one in narrow] == ["", "", ""]


@pytest.mark.parametrize("path", TAKING)
def test_nothing_where_only_something_named_may_be_taken_over(path: str) -> None:
    """What runs there is not known, and it is not just anything."""
    services = {action.partition(":")[0] for action in TAKING[path].split()}
    own = [f"arn:aws:{'ec2' if 'instance' in one or one == 'ssm' else one}:*:*:*/mine-*" for one in services]
    assert state(account(path, allow(TAKING[path].split(), [*own, f"{own[0]}:*"])).found(path)) == ""


@pytest.mark.parametrize("path", [path for path in TAKING if runner(path).startswith("ec2.")])
def test_nothing_runs_with_a_role_that_is_in_no_instance_profile(path: str) -> None:
    assert state(account(path, allow(TAKING[path].split()), instance_profiles=()).found(path)) == ""


def test_an_administrator_gains_nothing() -> None:
    assert state(account("lambda-001", allow("*")).found("lambda-001")) == ""


# -- blocked, by each kind of guardrail in turn


@pytest.mark.parametrize("path", SERVICES)
def test_blocked_by_an_scp_that_denies(path: str) -> None:
    last = SERVICES[path].split()[-1]
    stop = {"stop": document(deny(last, Sid="Stop"))}
    found = account(path, allow(SERVICES[path].split())).found(path, scp=[FULL_ACCESS, FULL_ACCESS | stop])
    assert state(found) == "blocked scp:stop@prod (ou-1)#Stop"


@pytest.mark.parametrize("path", SERVICES)
def test_blocked_by_an_scp_level_that_does_not_allow(path: str) -> None:
    first = SERVICES[path].split()[0]
    most = {"most": document({"Effect": "Allow", "NotAction": first, "Resource": "*"})}
    found = account(path, allow(SERVICES[path].split())).found(path, scp=[most])
    assert state(found) == "blocked scp:most@Root#0"


@pytest.mark.parametrize("path", SERVICES)
def test_blocked_by_a_boundary(path: str) -> None:
    made = Account()
    edge = made.managed("edge", document({"Effect": "Allow", "NotAction": SERVICES[path].split()[-1], "Resource": "*"}))
    made.role("caller", allow(SERVICES[path].split()), boundary=edge)
    made.boss(runner(path))
    assert state(made.found(path)) == "blocked boundary:edge@#0"


@pytest.mark.parametrize("path", SERVICES)
def test_refused_by_its_own_policies(path: str) -> None:
    made = account(path, allow(SERVICES[path].split()), deny(SERVICES[path].split()[0], Sid="Never"))
    found = made.found(path)
    assert found
    assert (state(found), found.refused) == ("blocked identity:inline:own@#Never", True)


# -- conditional


@pytest.mark.parametrize("path", SERVICES)
def test_conditional_on_what_the_caller_cannot_choose(path: str) -> None:
    office = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    assert [state(account(path, allow(SERVICES[path].split(), Condition=c)).found(path)) for c in (MFA, office)] == [
        "conditional aws:MultiFactorAuthPresent",
        "conditional aws:SourceIp",
    ]


@pytest.mark.parametrize("path", SERVICES)
def test_what_the_caller_chooses_is_no_condition(path: str) -> None:
    region = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    ours = {"StringEquals": {"aws:PrincipalAccount": "000000000001"}}
    for condition in (region, ours):
        assert state(account(path, allow(SERVICES[path].split(), Condition=condition)).found(path)) == "live"


@pytest.mark.parametrize("path", PASSING)
def test_passing_to_the_service_of_the_path(path: str) -> None:
    names = [runner(path).removeprefix("tasks."), "xray.amazonaws.com"]
    passing = {"Condition": {"StringEquals": {"iam:PassedToService": names}}}
    assert state(account(path, *scoped(path, "*", **passing)).found(path)) == "live"


# -- single cases


def test_a_team_may_make_what_has_its_name() -> None:
    own = "arn:aws:lambda:eu-west-1:*:function:team-*"
    assert state(account("lambda-001", *scoped("lambda-001", own)).found("lambda-001")) == "live"


def test_parts_of_an_instance_make_no_instance() -> None:
    parts = ["arn:aws:ec2:*:*:subnet/subnet-1", "arn:aws:ec2:*::image/*"]
    assert state(account("ec2-001", *scoped("ec2-001", parts)).found("ec2-001")) == ""  # type: ignore[arg-type]


def test_a_role_in_no_instance_profile_is_not_there_yet() -> None:
    found = account("ec2-001", allow(PASSING["ec2-001"].split()), instance_profiles=()).found("ec2-001")
    assert found
    assert (state(found), found.unseen) == ("conditional", ("role boss is in no instance profile",))


@pytest.mark.parametrize(
    ("path", "key", "right", "wrong"),
    [
        ("ec2-001", "ec2:InstanceProfile", arn("instance-profile", "boss"), arn("instance-profile", "small")),
        ("cloudformation-001", "cloudformation:RoleArn", arn("role", "boss"), arn("role", "small")),
    ],
)
def test_conditions_on_the_role_that_the_service_gets(path: str, key: str, right: str, wrong: str) -> None:
    passing = allow("iam:PassRole")
    action = PASSING[path].split()[1]
    for value, expected in ((right, "live"), (wrong, "")):
        making = allow(action, Condition={"ArnEquals": {key: value}})
        assert state(account(path, passing, making).found(path)) == expected


def test_commands_that_the_caller_did_not_write() -> None:
    instances = allow("ssm:SendCommand", "arn:aws:ec2:*:*:instance/*")
    for name, expected in (("AWS-UpdateSSMAgent", ""), ("AWS-RunShellScript", "live")):
        documents = allow("ssm:SendCommand", f"arn:aws:ssm:*::document/{name}")
        assert state(account("ssm-002", instances, documents).found("ssm-002")) == expected


def test_the_strongest_that_is_live_is_shown() -> None:
    made = account("lambda-001", allow(PASSING["lambda-001"].split()), deny("iam:PassRole", arn("role", "boss")))
    made.role("able", allow("iam:PutUserPolicy"), trusts=trust(Service="lambda.amazonaws.com"))
    made.role("zeta", allow("*"), trusts=trust(Service="lambda.amazonaws.com"))
    found = made.found("lambda-001")
    assert found
    assert (found.state, found.target) == ("live", arn("role", "zeta"))


def test_a_role_that_can_make_itself_one_is_worth_as_much() -> None:
    """It may write into itself, and nowhere else."""
    made = Account()
    made.role("caller", allow(PASSING["lambda-001"].split()))
    made.role("boss", allow("iam:PutRolePolicy", arn("role", "boss")), trusts=trust(Service="lambda.amazonaws.com"))
    assert state(made.found("lambda-001")) == "live"


def test_one_who_has_as_much_gains_nothing() -> None:
    made = Account()
    power = {"Effect": "Allow", "NotAction": ["iam:Put*", "iam:Attach*"], "Resource": "*"}
    made.role("caller", power)
    made.boss("lambda.amazonaws.com", document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}))
    assert state(made.found("lambda-001")) == ""


def test_many_roles_of_which_one_may_be_passed() -> None:
    """The others say no by their tags, and there are more of them than are tried of one kind."""
    made = Account()
    tagged = {"StringEquals": {"aws:ResourceTag/team": "data"}}
    making = scoped("lambda-001", "*")[1]
    made.role("caller", allow("iam:PassRole", Condition=tagged), making)
    for number in range(80):
        tags = {"team": "data" if number == 79 else "web"}
        made.role(f"boss-{number:02}", allow("*"), trusts=trust(Service="lambda.amazonaws.com"), tags=tags)
    found = made.found("lambda-001")
    assert found
    assert (found.state, found.target) == ("live", arn("role", "boss-79"))


def test_an_unreadable_policy_gives_nothing() -> None:
    made = Account()
    broken = made.managed("broken", "not json")
    made.role("caller", allow("lambda:UpdateFunctionCode", "arn:aws:lambda:*:*:function:own"), attached=(broken,))
    made.boss("lambda.amazonaws.com", EVERYTHING)
    assert state(made.found("lambda-003")) == ""


def test_in_china_services_have_another_name() -> None:
    made = account("ec2-001", allow("ec2:RunInstances"), service="ec2.amazonaws.com.cn")
    names = ["ec2.amazonaws.com.cn"]
    passing = allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": names}})
    made.entities[0] = made.role("caller", allow("ec2:RunInstances"), passing)
    made.entities.pop()
    assert state(made.found("ec2-001", partition="aws-cn")) == "live"
