"""How far trusts of identity providers reach: what must stay silent first."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.trust.oidc import Wide, too_wide
from findings.analysis.trust.who import admitted
from findings.policy.document import read
from tests import builders as b

GITHUB, GITLAB = "token.actions.githubusercontent.com", "gitlab.com"
TERRAFORM, BUILDKITE = "app.terraform.io", "agent.buildkite.com"
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/ABCDEF"
CIRCLE = "oidc.circleci.com/org/1234"
BITBUCKET = "api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"
AZURE = "vstoken.dev.azure.com/1234"
COGNITO, GOOGLE = "cognito-identity.amazonaws.com", "accounts.google.com"


def wide(issuer: str, condition: Any, *more: dict[str, Any]) -> Wide | None:
    builtin = issuer in (COGNITO, GOOGLE, "graph.facebook.com", "www.amazon.com")
    provider = issuer if builtin else f"arn:aws:iam::{b.ACCOUNT_ID}:oidc-provider/{issuer}"
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
    statement |= {"Condition": condition} if condition else {}
    (one,) = admitted(read({"Version": "2012-10-17", "Statement": [statement, *more]}), b.facts())
    return too_wide(one)


def sub(issuer: str, value: Any, operator: str = "StringLike") -> dict[str, Any]:
    found: dict[str, Any] = {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"}}
    found.setdefault(operator, {})[f"{issuer}:sub"] = value
    return found


NARROW = [
    (GITHUB, "repo:acme/shop:*"),
    (GITHUB, "repo:acme/shop:ref:refs/heads/*"),
    (GITHUB, "repo:acme@12/shop@34:*"),
    (GITHUB, "repo:acme/shop:environment:prod"),
    (GITHUB, ["repo:acme/shop:*", "repo:acme/web:*"]),
    (GITHUB, "repository_owner:acme:repository_id:123:*"),
    (GITHUB, "job_workflow_ref:acme/automation/.github/workflows/oidc.yml@*"),
    (GITLAB, "project_path:acme/shop:ref_type:branch:ref:*"),
    (GITLAB, "project_path:acme/teams/web/shop:*"),
    ("gitlab.acme.example", "project_path:acme/shop:*"),
    (TERRAFORM, "organization:acme:project:shop:workspace:prod:run_phase:*"),
    (TERRAFORM, "organization:acme:project:Default Project:workspace:*:run_phase:*"),
    (TERRAFORM, "organization:acme:project:*:workspace:prod:run_phase:*"),
    (TERRAFORM, "organization:acme:*:workspace:prod:run_phase:apply"),
    (BUILDKITE, "organization:acme:pipeline:deploy:*"),
    (EKS, "system:serviceaccount:data:etl"),
    (CIRCLE, "org/1234/project/5678/user/*"),
    (BITBUCKET, "{12-34}:*"),
    (AZURE, "sc://acme/shop/*"),
    ("example.okta.com", "abc*"),
]


@pytest.mark.parametrize(("issuer", "value"), NARROW)
def test_one_project_is_not_too_wide(issuer: str, value: Any) -> None:
    assert wide(issuer, sub(issuer, value)) is None


WIDE = [
    (GITHUB, "*"),
    (GITHUB, "repo:*"),
    (GITHUB, "repo:acme/*"),
    (GITHUB, "repo:acme/shop*"),
    (GITHUB, "repo:acme*/shop:*"),
    (GITHUB, "repo:?cme/shop:*"),
    (GITHUB, "repo:*/shop:*"),
    (GITHUB, "repo:*:environment:prod"),
    (GITHUB, "*:acme/shop:*"),
    (GITHUB, "repository_owner:acme:*"),
    (GITHUB, ["repo:acme/shop:*", "repo:acme/*"]),
    (GITLAB, "project_path:*"),
    (GITLAB, "project_path:acme/*"),
    (GITLAB, "project_path:acme/shop*"),
    (GITLAB, "*:ref:main"),
    ("gitlab.acme.example", "project_path:*:ref_type:branch:ref:main"),
    (TERRAFORM, "organization:acme:*"),
    (TERRAFORM, "organization:*:project:shop:workspace:prod:*"),
    (TERRAFORM, "organization:acme:project:*:workspace:*:run_phase:*"),
    (TERRAFORM, "organization:acme:project:*:workspace:prod-*:run_phase:*"),
    (BUILDKITE, "organization:acme:*"),
    (EKS, "system:serviceaccount:*:*"),
    (EKS, "system:serviceaccount:data:*"),
    (EKS, "system:serviceaccount:data:etl-*"),
    (EKS, "system:serviceaccount:*:etl"),
    (EKS, "*"),
    ("kops-oidc.s3.amazonaws.com", "system:serviceaccount:data:*"),
]


@pytest.mark.parametrize(("issuer", "value"), WIDE)
def test_more_than_one_project_is(issuer: str, value: Any) -> None:
    found = wide(issuer, sub(issuer, value))
    assert found is not None
    assert not found.own


@pytest.mark.parametrize("issuer", [GITHUB, GITLAB, TERRAFORM, BUILDKITE, EKS, CIRCLE, BITBUCKET, AZURE])
@pytest.mark.parametrize("operator", ["", "StringEqualsIfExists", "ForAllValues:StringLike", "StringNotEquals"])
def test_a_sub_that_nothing_demands(issuer: str, operator: str) -> None:
    condition = sub(issuer, "repo:acme/shop:ref", operator) if operator else None
    found = wide(issuer, condition)
    assert found is not None
    assert found.own is (issuer in (CIRCLE, BITBUCKET, AZURE))


@pytest.mark.parametrize("value", ["repo:acme/shop:ref:refs/heads/main", "repo:acme/*", "*"])
def test_string_equals_has_no_wildcards(value: str) -> None:
    assert wide(GITHUB, sub(GITHUB, value, "StringEquals")) is None


def test_any_case_of_the_key_and_any_value() -> None:
    key = f"{GITHUB}:sub".upper()
    assert wide(GITHUB, {"ForAnyValue:StringLike": {key: "repo:acme/shop:*"}}) is None
    assert wide(EKS, {"StringEquals": {f"{EKS.lower()}:sub": "system:serviceaccount:data:etl"}}) is None


def test_two_conditions_on_the_subject_are_both_asked() -> None:
    both = {
        "StringLike": {f"{GITHUB}:sub": "repo:acme/*"},
        "StringEquals": {f"{GITHUB}:sub": "repo:acme/shop:pull_request"},
    }
    assert wide(GITHUB, both) is None


def test_the_claims_of_github_that_aws_takes_as_keys() -> None:
    owner = {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}
    assert wide(GITHUB, owner | {"StringEquals": {f"{GITHUB}:repository": "acme/shop"}}) is None
    assert wide(GITHUB, owner | {"StringEquals": {f"{GITHUB}:repository_owner": "acme"}}) is not None


def test_a_claim_of_another_provider_is_never_met() -> None:
    assert wide(GITHUB, {"StringEquals": {f"{GITLAB}:sub": "project_path:acme/shop:x"}}) is None


def test_a_deny_binds_too() -> None:
    def deny(value: str) -> dict[str, Any]:
        condition = {"StringNotLike": {f"{GITHUB}:sub": value}}
        return {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition}

    assert wide(GITHUB, None, deny("repo:acme/shop:*")) is None
    assert wide(GITHUB, None, deny("repo:acme/*")) is not None


POOL = {f"{COGNITO}:aud": "eu-west-1:1234"}


def amr(value: str) -> dict[str, Any]:
    return {"ForAnyValue:StringLike": {f"{COGNITO}:amr": value}}


def test_cognito_needs_pool_and_amr() -> None:
    assert wide(COGNITO, {"StringEquals": POOL} | amr("authenticated")) is None
    assert wide(COGNITO, {"StringEquals": POOL} | amr("unauthenticated")) is None
    guests, strangers = wide(COGNITO, {"StringEquals": POOL}), wide(COGNITO, amr("authenticated"))
    assert guests is not None
    assert strangers is not None
    assert (guests.own, strangers.own) == (True, False)


@pytest.mark.parametrize(
    ("issuer", "claim"),
    [(GOOGLE, "aud"), (GOOGLE, "sub"), ("graph.facebook.com", "app_id"), ("www.amazon.com", "app_id")],
)
def test_applications(issuer: str, claim: str) -> None:
    assert wide(issuer, {"StringEquals": {f"{issuer}:{claim}": "1234"}}) is None
    assert wide(issuer, None) is not None


def test_providers_that_nobody_knows_need_sub_or_aud() -> None:
    issuer = "login.acme.example/oidc"
    assert wide(issuer, {"StringEquals": {f"{issuer}:aud": "app"}}) is None
    assert wide(issuer, {"StringEquals": {f"{issuer}:sub": "alice"}}) is None
    assert wide(issuer, None) is not None
    assert wide(issuer, {"StringLike": {f"{issuer}:sub": "*"}}) is not None


def test_a_shared_provider_needs_sub() -> None:
    assert wide("oidc.codefresh.io", {"StringEquals": {"oidc.codefresh.io:aud": "app"}}) is not None
    assert wide("oidc.codefresh.io", {"StringLike": {"oidc.codefresh.io:sub": "account:1:*"}}) is None
