"""LP401 to LP407 and HM104 on roles: what must stay silent first, then what must be reported, then what is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.facts import Settings
from tests import builders as b
from tests.findings.rules.judging import statuses, verdicts

OTHER, STRANGER, DATADOG = "000000000002", "999999999999", "464622532012"
ANY = {"AWS": "*"}
GITHUB = "token.actions.githubusercontent.com"
PROVIDER = {"Federated": f"arn:aws:iam::{b.ACCOUNT_ID}:oidc-provider/{GITHUB}"}
SAML = {"Federated": f"arn:aws:iam::{b.ACCOUNT_ID}:saml-provider/okta"}
OURS = {"StringEquals": {"aws:PrincipalOrgID": b.ORGANIZATION}}
EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "abc"}}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
TREE = (b.in_organization(), b.unit("r-1", ""), b.org_account(), b.org_account(OTHER))


def allow(principal: Any, condition: Any = None, action: Any = "*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return statement | ({"Condition": condition} if condition else {})


def judged(code: str, *statements: dict[str, Any], entities: Any = TREE, raw: Any = None, **more: Any) -> list[str]:
    """A role with this trust policy in an organization of two accounts. more: of the role."""
    document = b.trust(*statements) if raw is None else raw
    given = {name: more.pop(name) for name in ("settings", "coverage") if name in more}
    given = {"coverage": b.tree_coverage(), **given}
    role = b.role(trust=records.digest(document), **more)
    return statuses(code, role, *entities, trusts=[document], **given)


CODES = ("HM104", "LP401", "LP402", "LP403", "LP404", "LP405", "LP406", "LP407")


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("path", ["/aws-service-role/ecs.amazonaws.com/", "/aws-reserved/sso.amazonaws.com/eu-west-1/"])
def test_roles_whose_trust_is_awss_own_are_silent(code: str, path: str) -> None:
    everything = {**ANY, **PROVIDER, "Service": "ecs-tasks.amazonaws.com"}
    assert judged(code, allow(everything), path=path, attached=(b.aws_policy("ReadOnlyAccess"),)) == []


@pytest.mark.parametrize("code", CODES)
def test_a_trust_policy_that_cannot_be_read_is_unknown(code: str) -> None:
    more = {"attached": (b.aws_policy("SecurityAudit"),)} if code == "LP407" else {}
    assert judged(code, raw="garbage", **more) == ["unknown"]
    role = b.role(trust="not collected", **more)
    assert statuses(code, role) == ["unknown"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(ANY, OURS), "clear"),
        (allow({"AWS": STRANGER}), "clear"),
        (allow({"Service": "ec2.amazonaws.com"}), "clear"),
        (allow(ANY, action="sts:TagSession"), "clear"),
        (allow(ANY, {"StringEquals": {"aws:PrincipalAccount": STRANGER}}), "clear"),
        (allow(ANY), "open"),
        (allow("*", EXTERNAL_ID), "open"),
        (allow(ANY, {"ArnLike": {"aws:PrincipalArn": "*"}}), "open"),
        (allow(ANY, {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), "open"),
        (allow(ANY, {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}), "open high"),
        (
            allow(ANY, {"ForAllValues:IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}),
            "open",
        ),  # none through an endpoint
        (allow(ANY, {"ForAnyValue:IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}), "open high"),
    ],
)
def test_public_trust(statement: dict[str, Any], expected: str) -> None:
    assert judged("LP401", statement) == [expected]


PERIMETER = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"],
            "Resource": "*",
            "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": b.ORGANIZATION, f"{GITHUB}:sub": "repo:acme/shop:x"},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        }
    ],
}


@pytest.mark.parametrize(
    ("code", "statement", "expected"),
    [
        ("LP401", allow(ANY), "open high"),
        ("LP402", allow({"AWS": STRANGER}), "open medium"),
        ("LP405", allow(PROVIDER), "open medium"),
    ],
)
def test_an_rcp_that_keeps_strangers_out_lowers_the_severity(code: str, statement: Any, expected: str) -> None:
    document = b.trust(statement)
    rcp = b.org_policy("perimeter", "r-1", kind=b.RCP, document=PERIMETER)
    tree = (b.in_organization(), b.unit("r-1", "", policy_types=(b.SCP, b.RCP)), b.org_account(parent="r-1"), rcp)
    role = b.role(trust=records.digest(document))
    (found,) = verdicts(code, role, *tree, trusts=[document, PERIMETER], coverage=b.tree_coverage())
    assert (f"{found.status} {found.severity.slug}", found.evidence["blocked_by"]) == (
        expected,
        ["RCP perimeter at Root"],
    )


VENDORS = Settings(known_vendors={STRANGER: "Costwise"})
TRUSTED = Settings(trusted_accounts=frozenset({STRANGER}))


@pytest.mark.parametrize(
    ("statement", "settings", "expected"),
    [
        (allow({"AWS": OTHER}), Settings(), "clear"),
        (allow({"AWS": f"arn:aws:iam::{b.ACCOUNT_ID}:root"}), Settings(), "clear"),
        (allow({"AWS": DATADOG}), Settings(), "clear"),
        (allow({"AWS": STRANGER}), VENDORS, "clear"),
        (allow({"AWS": STRANGER}), TRUSTED, "clear"),
        (allow({"AWS": STRANGER}, OURS), Settings(), "clear"),
        (allow(ANY), Settings(), "clear"),  # LP401 tells it
        (allow(ANY, {"StringEquals": {"aws:SourceVpce": "vpce-1"}}), Settings(), "clear"),
        (allow(SAML), Settings(), "clear"),
        (allow({"AWS": STRANGER}), Settings(), "open"),
        (allow({"AWS": [OTHER, f"arn:aws:iam::{STRANGER}:role/app"]}, EXTERNAL_ID), Settings(), "open"),
        (allow(ANY, {"StringEquals": {"aws:PrincipalAccount": STRANGER}}), Settings(), "open"),
        (allow(ANY, {"StringEquals": {"aws:PrincipalOrgID": "o-9"}}), VENDORS, "open"),
    ],
)
def test_unknown_external_account(statement: Any, settings: Settings, expected: str) -> None:
    assert judged("LP402", statement, settings=settings) == [expected]


def test_one_finding_names_all_strangers() -> None:
    document = b.trust(allow({"AWS": [STRANGER, DATADOG]}), allow({"AWS": "111111111111"}))
    (found,) = verdicts("LP402", b.role(trust=records.digest(document)), trusts=[document])
    assert found.evidence["accounts"] == [STRANGER, "111111111111"]
    assert found.evidence["zone_of_trust"] == "the accounts of the organization are not visible"


def test_an_organization_that_may_be_ours_is_unknown() -> None:
    assert judged("LP402", allow(ANY, OURS), entities=(), coverage=b.coverage()) == ["unknown"]
    assert judged("LP402", allow({"AWS": STRANGER}), entities=(), coverage=b.coverage()) == ["open"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow({"AWS": STRANGER}, EXTERNAL_ID), "clear"),
        (allow({"AWS": STRANGER}, {"StringLike": {"STS:EXTERNALID": "abc-*"}}), "clear"),
        (allow({"AWS": OTHER}), "clear"),
        (allow({"Service": "ec2.amazonaws.com"}), "clear"),
        (allow(ANY), "clear"),
        (allow({"AWS": STRANGER}, OURS), "clear"),
        (allow({"AWS": STRANGER}), "open"),
        (allow({"AWS": DATADOG}), "open"),
        (allow({"AWS": STRANGER}, MFA), "open"),
        (allow({"AWS": STRANGER}, {"StringEqualsIfExists": {"sts:ExternalId": "abc"}}), "open"),
        (allow({"AWS": STRANGER}, {"StringNotEquals": {"sts:ExternalId": "abc"}}), "open"),
        (allow({"AWS": STRANGER}, {"StringLike": {"sts:ExternalId": "*"}}), "open"),
        (allow({"AWS": STRANGER}, {"Null": {"sts:ExternalId": "false"}}), "open"),
        (allow(ANY, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STRANGER}:role/*"}}), "open"),
    ],
)
def test_third_party_without_external_id(statement: Any, expected: str) -> None:
    assert judged("LP403", statement, settings=VENDORS) == [expected]


def source(key: str, value: str, operator: str = "StringEquals") -> dict[str, Any]:
    return {operator: {key: value}}


@pytest.mark.parametrize(
    ("service", "condition", "expected"),
    [
        ("ec2", None, "clear"),
        ("lambda", None, "clear"),
        ("glue", None, "clear"),
        ("brand-new", None, "clear"),
        ("bedrock", source("aws:SourceAccount", b.ACCOUNT_ID), "clear"),
        ("bedrock", source("AWS:sourcearn", f"arn:aws:bedrock:*:{b.ACCOUNT_ID}:*", "ArnLike"), "clear"),
        ("bedrock", source("aws:SourceOrgID", b.ORGANIZATION), "clear"),
        ("bedrock", source("aws:SourceOrgPaths", "o-1/r-1/*", "ForAnyValue:StringLike"), "clear"),
        ("ssm", source("aws:SourceArn", "arn:aws:s3:::reports", "ArnLike"), "clear"),
        ("bedrock", None, "open"),
        ("ecs-tasks", None, "open"),
        ("logs.eu-west-1", None, "open"),
        ("states", source("aws:SourceAccount", b.ACCOUNT_ID, "StringEqualsIfExists"), "open"),
        ("states", source("aws:SourceAccount", "111111111111", "StringNotEquals"), "open"),
        ("states", source("aws:SourceAccount", "*", "StringLike"), "open"),
        ("states", source("aws:SourceArn", "arn:aws:states:*:*:*", "ArnLike"), "open"),
        ("states", source("sts:ExternalId", "abc"), "open"),
    ],
)
def test_confused_deputy(service: str, condition: Any, expected: str) -> None:
    assert judged("LP404", allow({"Service": f"{service}.amazonaws.com"}, condition)) == [expected]


def test_confused_deputy_is_about_services_only() -> None:
    assert judged("LP404", allow({"AWS": OTHER})) == []
    denied = {"Effect": "Deny", "Principal": {"Service": "bedrock.amazonaws.com"}, "Action": "sts:AssumeRole"}
    assert judged("LP404", allow({"Service": ["bedrock.amazonaws.com"]}), denied) == []


def test_oidc_trust_too_wide() -> None:
    def sub(value: str) -> dict[str, Any]:
        return {"StringLike": {f"{GITHUB}:sub": value}}

    assert judged("LP405", allow(SAML)) == []
    assert judged("LP405", allow(PROVIDER, sub("repo:acme/shop:*"))) == ["clear"]
    assert judged("LP405", allow(PROVIDER, sub("repo:acme/shop:*"), action="sts:AssumeRole")) == []
    assert judged("LP405", allow(PROVIDER, sub("repo:acme/*"))) == ["open"]
    assert judged("LP405", allow(PROVIDER, sub("repo:acme/shop:*")), allow(PROVIDER)) == ["open"]
    cognito = {"Federated": "cognito-identity.amazonaws.com"}
    pool = {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:1"}}
    assert judged("LP405", allow(cognito, pool)) == ["open medium"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow({"AWS": [OTHER, f"arn:aws:iam::{OTHER}:user/AIDAEXAMPLEEXAMPLE123"]}), "clear"),
        (allow(ANY, {"StringLike": {"aws:userid": "AROAEXAMPLEEXAMPLE123:*"}}), "clear"),
        (allow({"AWS": "AIDAEXAMPLEEXAMPLE123"}), "open"),
        (allow({"AWS": [OTHER, "AROAEXAMPLEEXAMPLE123"]}), "open"),
        (allow({"AWS": "AROAEXAMPLEEXAMPLE123"}) | {"Effect": "Deny"}, "open"),
    ],
)
def test_deleted_principal_in_trust(statement: Any, expected: str) -> None:
    assert judged("LP406", statement) == [expected]


READER, VIEWER = "arn:aws-cn:iam::aws:policy/ReadOnlyAccess", b.aws_policy("job-function/ViewOnlyAccess")


@pytest.mark.parametrize(
    ("statement", "attached", "expected"),
    [
        (allow({"AWS": STRANGER}), b.aws_policy("AmazonS3ReadOnlyAccess"), []),
        (allow({"AWS": STRANGER}), b.arn("policy", "ReadOnlyAccess"), []),
        (allow({"AWS": OTHER}), READER, ["clear"]),
        (allow(SAML), READER, ["clear"]),
        (allow({"AWS": STRANGER}, OURS), READER, ["clear"]),
        (allow({"AWS": STRANGER}, EXTERNAL_ID), READER, ["open"]),
        (allow({"AWS": DATADOG}, EXTERNAL_ID), b.aws_policy("SecurityAudit"), ["open"]),
        (allow(ANY), VIEWER, ["open"]),
    ],
)
def test_read_only_to_outsiders(statement: Any, attached: str, expected: list[str]) -> None:
    assert judged("LP407", statement, attached=(attached,)) == expected


def test_our_own_role_may_read() -> None:
    ours = {"iamdash-read": records.digest({})}
    assert judged("LP407", allow({"AWS": STRANGER}), attached=(READER,), inline=ours) == ["clear"]


ALICE, BOB = b.user("alice"), b.user("bob")
PEOPLE = (*TREE, ALICE, b.credential("alice", password_enabled=True), BOB, b.credential("bob"))
EC2, CI = {"Service": "ec2.amazonaws.com"}, PROVIDER
CENTER = f"arn:aws:iam::{OTHER}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef"


@pytest.mark.parametrize(
    "statements",
    [
        [allow(EC2)],
        [allow(SAML)],
        [allow(EC2), allow({"AWS": f"arn:aws:iam::{b.ACCOUNT_ID}:role/app"})],
        [allow(EC2), allow({"AWS": f"arn:aws:iam::{b.ACCOUNT_ID}:root"})],
        [allow(EC2), allow({"AWS": BOB.arn})],
        [allow(EC2), allow({"AWS": OTHER}, {"Bool": {"aws:MultiFactorAuthPresent": "false"}})],
        [allow({"Service": "sagemaker.amazonaws.com"}), allow(SAML)],
        [allow({"AWS": OTHER}, MFA), allow(EC2, MFA)],
        [allow(EC2), allow(SAML, action="sts:TagSession")],
        [allow(SAML), allow({"Federated": "cognito-identity.amazonaws.com"})],
    ],
)
def test_people_or_machines(statements: list[dict[str, Any]]) -> None:
    assert judged("HM104", *statements, entities=PEOPLE) == ["clear"]


@pytest.mark.parametrize(
    "statements",
    [
        [allow({**EC2, **SAML})],
        [allow(EC2), allow({"AWS": ALICE.arn})],
        [allow(EC2), allow({"AWS": OTHER}, MFA)],
        [
            allow(EC2, {"ForAllValues:Bool": MFA["Bool"]}),
            allow({"AWS": OTHER}, MFA),
        ],  # no key, no value that is not true
        [allow(EC2), allow({"AWS": OTHER}, {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}})],
        [allow(CI), allow({"AWS": CENTER})],
        [allow(CI), allow({"AWS": OTHER}, {"ArnLike": {"aws:PrincipalArn": CENTER}})],
        [allow({"Service": ["lambda.amazonaws.com", "ds.amazonaws.com"]})],
    ],
)
def test_people_and_machines(statements: list[dict[str, Any]]) -> None:
    assert judged("HM104", *statements, entities=PEOPLE) == ["open"]


def test_a_user_without_a_report_may_have_a_password() -> None:
    mixed = allow({**EC2, "AWS": ALICE.arn})
    assert judged("HM104", mixed, entities=(*TREE, ALICE)) == ["unknown"]
    assert judged("HM104", mixed, allow(SAML), entities=(*TREE, ALICE)) == ["open"]


def test_partial_data_clears_nothing() -> None:
    denied = b.tree_coverage()[1:]
    assert judged("LP401", allow({"AWS": OTHER}), coverage=denied)[-1] == "unknown"
    assert judged("LP401", allow(ANY), coverage=denied)[-1] == "open"
