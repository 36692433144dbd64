from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.facts import Settings
from findings.analysis.kinds import Confidence, Kind, KindOf
from tests.builders import ACCOUNT_ID, arn, credential, facts, key, role, slot, trust, user

OIDC = f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/"
EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "abc"}}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": True}}


def kind(document: Any, *others: records.Record, settings: Settings | None = None, **more: Any) -> KindOf:
    given = role(trust=records.digest(document), **more)
    return facts(given, *others, trusts=[document], settings=settings).kind(given)


def aws(principal: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    return trust(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}, "Condition": condition or {}}
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (trust(Service="ec2.amazonaws.com"), Kind.MACHINE_COMPUTE),
        (trust(Service="ec2.amazonaws.com.cn"), Kind.MACHINE_COMPUTE),
        (trust(Service=["lambda.us-east-1.amazonaws.com"]), Kind.MACHINE_COMPUTE),
        (trust(Service="pods.eks.amazonaws.com"), Kind.MACHINE_COMPUTE),
        (trust(Service="eks.amazonaws.com"), Kind.MACHINE_SERVICE),
        (trust(Service=["events.amazonaws.com", "ecs-tasks.amazonaws.com"]), Kind.MACHINE_COMPUTE),
        (trust(Service="sagemaker.amazonaws.com"), Kind.INTERACTIVE),
        (trust(Service="ds.amazonaws.com"), Kind.HUMAN_DIRECTORY),
        (trust(Service="rolesanywhere.amazonaws.com"), Kind.MACHINE_ANYWHERE),
        (trust(Federated=f"{OIDC}token.actions.githubusercontent.com"), Kind.MACHINE_CI),
        (trust(Federated=f"{OIDC}gitlab.example.com"), Kind.MACHINE_CI),
        (trust(Federated=f"{OIDC}oidc.eks.eu-west-1.amazonaws.com/id/ABC"), Kind.MACHINE_COMPUTE),
        (trust(Federated="cognito-identity.amazonaws.com"), Kind.UNKNOWN),
        (trust(Federated=f"{OIDC}example.okta.com"), Kind.UNKNOWN),
        (trust(Federated=f"arn:aws:iam::{ACCOUNT_ID}:saml-provider/Corp"), Kind.HUMAN_SAML),
        (aws(f"arn:aws:iam::{ACCOUNT_ID}:root"), Kind.UNKNOWN),
        (aws(f"arn:aws:iam::{ACCOUNT_ID}:root", MFA), Kind.HUMAN_ASSUMED),
        (
            aws(f"arn:aws:iam::{ACCOUNT_ID}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_01"),
            Kind.HUMAN_ASSUMED,
        ),
        (aws("999999999999", EXTERNAL_ID), Kind.MACHINE_EXTERNAL),
        (aws("arn:aws:iam::999999999999:root", EXTERNAL_ID), Kind.MACHINE_EXTERNAL),
        (aws("arn:aws:iam::999999999999:root"), Kind.UNKNOWN),
        (aws(ACCOUNT_ID, EXTERNAL_ID), Kind.UNKNOWN),
        (aws("AROAEXAMPLE"), Kind.UNKNOWN),
        (aws("*"), Kind.UNKNOWN),
        (trust({"Effect": "Deny", "Action": "*", "Principal": {"Service": "ec2.amazonaws.com"}}), Kind.UNKNOWN),
        (
            trust({"Effect": "Allow", "Action": "sts:TagSession", "Principal": {"Service": "ec2.amazonaws.com"}}),
            Kind.UNKNOWN,
        ),
        ("not a policy", Kind.UNKNOWN),
    ],
)
def test_kind_by_trust(document: Any, expected: Kind) -> None:
    found = kind(document)
    assert found.kind is expected
    assert found.reasons


def test_people_and_machines_together_are_mixed() -> None:
    saml, ec2 = f"arn:aws:iam::{ACCOUNT_ID}:saml-provider/Corp", "ec2.amazonaws.com"
    found = kind(trust(Federated=saml, Service=ec2))
    assert found == (Kind.MIXED, Confidence.HIGH, (f"trusts {ec2}", f"trusts {saml}"))


def test_a_user_with_a_password_is_a_person() -> None:
    bob = arn("user", "bob")
    assert kind(aws(bob)).kind is Kind.UNKNOWN
    found = kind(aws(bob), credential("bob", password_enabled=True))
    assert found == (Kind.HUMAN_ASSUMED, Confidence.MEDIUM, (f"trusts {bob}, who has a console password",))


@pytest.mark.parametrize(
    ("more", "expected", "confidence"),
    [
        ({"path": "/aws-service-role/x.amazonaws.com/"}, Kind.SERVICE_LINKED, Confidence.HIGH),
        ({"path": "/aws-reserved/sso.amazonaws.com/"}, Kind.HUMAN_SSO, Confidence.HIGH),
        ({"tags": {"iamdash:kind": "machine-ci"}}, Kind.MACHINE_CI, Confidence.MEDIUM),
        ({"tags": {"iamdash:kind": "nonsense"}}, Kind.UNKNOWN, Confidence.LOW),
        ({"name": "Break-Glass-Admin"}, Kind.BREAK_GLASS, Confidence.LOW),
        ({"name": "terraform-deploy"}, Kind.MACHINE_SERVICE, Confidence.LOW),
        ({"name": "TerraformDeploy"}, Kind.MACHINE_SERVICE, Confidence.LOW),
        ({"name": "PlatformAdmin"}, Kind.HUMAN_ASSUMED, Confidence.LOW),
        ({"name": "ci-admin"}, Kind.UNKNOWN, Confidence.LOW),
        ({"name": "app", "path": "/service-role/"}, Kind.MACHINE_SERVICE, Confidence.LOW),
    ],
)
def test_path_tag_and_name(more: dict[str, Any], expected: Kind, confidence: Confidence) -> None:
    found = kind(aws(f"arn:aws:iam::{ACCOUNT_ID}:root"), **more)
    assert (found.kind, found.confidence) == (expected, confidence)


def test_an_operator_overrules_tags_and_trust() -> None:
    ec2 = trust(Service="ec2.amazonaws.com")
    settings = Settings(kinds={"AROA1": "human-assumed"})
    found = kind(ec2, settings=settings, unique_id="AROA1", tags={"iamdash:kind": "machine-ci"})
    assert found == (Kind.HUMAN_ASSUMED, Confidence.HIGH, ("set by an operator",))


def test_trust_policy_not_collected() -> None:
    assert facts().kind(role(trust="absent")).reasons == (
        "its trust policy cannot be read: the document was not collected",
    )


PASSWORD = {"password_enabled": True}


@pytest.mark.parametrize(
    ("name", "row", "keys", "expected", "confidence"),
    [
        ("alice", None, [], Kind.UNKNOWN, Confidence.LOW),
        ("alice", None, [key()], Kind.UNKNOWN, Confidence.LOW),
        ("alice", {"password_enabled": None}, [], Kind.UNKNOWN, Confidence.LOW),
        ("alice", {}, [], Kind.UNKNOWN, Confidence.LOW),
        ("alice", {}, [key(active=False)], Kind.UNKNOWN, Confidence.LOW),
        ("alice", PASSWORD, [], Kind.HUMAN_USER, Confidence.HIGH),
        ("alice", PASSWORD, [key()], Kind.HUMAN_USER, Confidence.MEDIUM),
        ("ci-deploy", PASSWORD, [key("ci-deploy")], Kind.MIXED, Confidence.LOW),
        ("alice", {}, [key()], Kind.MACHINE_USER, Confidence.MEDIUM),
        ("ci-deploy", {}, [key("ci-deploy")], Kind.MACHINE_USER, Confidence.HIGH),
        ("alice", {"slots": (slot(),)}, [], Kind.MACHINE_USER, Confidence.MEDIUM),
        ("breakglass1", PASSWORD, [], Kind.BREAK_GLASS, Confidence.LOW),
    ],
)
def test_kind_of_user(
    name: str, row: dict[str, Any] | None, keys: list[Any], expected: Kind, confidence: Confidence
) -> None:
    given = user(name)
    rows = [] if row is None else [credential(name, **row)]
    found = facts(given, *rows, *keys).kind(given)
    assert (found.kind, found.confidence) == (expected, confidence)
    assert found.reasons


def test_every_kind_has_a_label_and_one_side() -> None:
    assert all(k.label for k in Kind)
    assert not any(k.human and k.machine for k in Kind)
