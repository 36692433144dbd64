"""Organizations as the management account and the others see it; the other account-level sources."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.collectors.lab.aws import AS_OF, Aws, refused


@pytest.fixture
def organizations(aws: Aws) -> Any:
    return aws.client("organizations", aws.assume(aws.organization["management"]))


def test_only_the_management_account_reads_it(aws: Aws) -> None:
    other = aws.client("organizations", aws.assume(aws.accounts[3]))
    for call in (other.list_accounts, other.list_roots):
        with pytest.raises(ClientError) as error:
            call()
        assert refused(error.value) == ("AccessDeniedException", 400)
    described = other.describe_organization()["Organization"]
    assert described["MasterAccountId"] == aws.organization["management"]
    assert described["Id"] == aws.organization["organization_id"]


def test_accounts_agree_with_the_control_plane(aws: Aws, organizations: Any) -> None:
    listed = organizations.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 5}).build_full_result()
    found = {(a["Id"], a["Name"], a["Email"], a["Status"]) for a in listed["Accounts"]}
    assert found == {(a["id"], a["name"], a["email"], a["status"]) for a in aws.organization["accounts"]}
    assert {a["Status"] for a in listed["Accounts"]} == {"ACTIVE", "SUSPENDED"}
    assert any(a["Id"].startswith("0") for a in listed["Accounts"])
    assert all(a["JoinedTimestamp"] < AS_OF for a in listed["Accounts"])


def walk(organizations: Any, parent: str, path: str) -> dict[str, str]:
    """Account id -> OU path, by descending from a parent."""
    accounts = organizations.get_paginator("list_accounts_for_parent").paginate(ParentId=parent).build_full_result()
    found = {account["Id"]: path for account in accounts["Accounts"]}
    for unit in organizations.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]:
        assert organizations.list_parents(ChildId=unit["Id"])["Parents"][0]["Id"] == parent
        found |= walk(organizations, unit["Id"], f"{path}/{unit['Name']}".lstrip("/"))
    return found


def test_the_tree(aws: Aws, organizations: Any) -> None:
    root = organizations.list_roots()["Roots"][0]
    assert {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"} in root["PolicyTypes"]
    found = walk(organizations, root["Id"], "")
    assert found == {account["id"]: account["ou"] for account in aws.organization["accounts"]}
    assert {"", "prod", "prod/payments", "dev", "sandbox", "security"} == set(found.values())


def test_policies(organizations: Any, aws: Aws) -> None:
    policies = organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert {p["Name"] for p in policies} == {
        "FullAWSAccess",
        "deny-outside-europe",
        "protect-baseline",
        "sandbox-no-long-term-keys",
    }
    for policy in policies:
        content = json.loads(organizations.describe_policy(PolicyId=policy["Id"])["Policy"]["Content"])
        assert content["Version"] == "2012-10-17"
        pages = organizations.get_paginator("list_targets_for_policy").paginate(
            PolicyId=policy["Id"], PaginationConfig={"PageSize": 4}
        )
        for target in pages.build_full_result()["Targets"]:
            direct = organizations.list_policies_for_target(
                TargetId=target["TargetId"], Filter="SERVICE_CONTROL_POLICY"
            )
            assert policy["Id"] in {p["Id"] for p in direct["Policies"]}
    tags = organizations.list_tags_for_resource(ResourceId=aws.accounts[3])["Tags"]
    assert {"Key": "environment", "Value": "prod"} in tags


def test_trail_events_in_the_region_that_recorded_them(aws: Aws) -> None:
    credentials = aws.assume(aws.accounts[0])
    home = aws.client("cloudtrail", credentials, "us-east-1")
    events = (
        home.get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 3}).build_full_result()["Events"]
    )
    assert [e["EventTime"] for e in events] == sorted((e["EventTime"] for e in events), reverse=True)
    assert json.loads(events[0]["CloudTrailEvent"])["recipientAccountId"] == aws.accounts[0]
    signed_in = home.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}])
    assert {e["EventName"] for e in signed_in["Events"]} == {"ConsoleLogin"}
    elsewhere = aws.client("cloudtrail", credentials).lookup_events()["Events"]
    assert {json.loads(one["CloudTrailEvent"])["awsRegion"] for one in elsewhere} == {"eu-west-1"}
    assert not {one["EventId"] for one in elsewhere} & {one["EventId"] for one in events}


def test_access_analyzer(aws: Aws) -> None:
    account = aws.named("sandbox-ml")
    analyzer = aws.client("accessanalyzer", aws.assume(account))
    found = analyzer.list_analyzers()["analyzers"]
    assert [a["status"] for a in found] == ["ACTIVE"]
    findings = analyzer.list_findings_v2(analyzerArn=found[0]["arn"])["findings"]
    assert f"arn:aws:iam::{account}:role/public-demo" in {f["resource"] for f in findings}
    other = aws.client("accessanalyzer", aws.assume(aws.accounts[5]))
    assert other.list_analyzers()["analyzers"] == []


def test_password_policy(aws: Aws) -> None:
    with pytest.raises(ClientError) as error:
        aws.iam(aws.accounts[3]).get_account_password_policy()
    assert refused(error.value) == ("NoSuchEntity", 404)
    weak, strong = (aws.iam(aws.accounts[n]).get_account_password_policy()["PasswordPolicy"] for n in (1, 2))
    assert (weak["MinimumPasswordLength"], strong["MinimumPasswordLength"]) == (8, 14)


def test_last_accessed_is_read_by_the_session_that_asked(aws: Aws) -> None:
    account = aws.accounts[3]
    iam = aws.iam(account)
    job = iam.generate_service_last_accessed_details(Arn=f"arn:aws:iam::{account}:role/payments-api-task")["JobId"]
    answer = iam.get_service_last_accessed_details(JobId=job)
    assert answer["JobStatus"] == "COMPLETED"
    assert [s["ServiceNamespace"] for s in answer["ServicesLastAccessed"]] == ["sqs"]
    with pytest.raises(ClientError) as error:
        aws.iam(account).get_service_last_accessed_details(JobId=job)
    assert refused(error.value) == ("AccessDenied", 403)


def test_small_lists(aws: Aws) -> None:
    aliases, certificates, saml, oidc = set(), [], set(), set()
    for account in aws.accounts:
        iam = aws.iam(account)
        aliases.add(len(iam.list_account_aliases()["AccountAliases"]))
        certificates += iam.list_server_certificates()["ServerCertificateMetadataList"]
        saml |= {p["Arn"].rpartition("/")[2].partition("_")[0] for p in iam.list_saml_providers()["SAMLProviderList"]}
        arns = [p["Arn"] for p in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
        oidc |= {arn.split("/")[1].partition(".eu-")[0] for arn in arns}
        for arn in arns:
            assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"]
    assert aliases == {0, 1}
    assert {c["Expiration"] < AS_OF for c in certificates} == {True, False}
    assert saml == {"AWSSSO", "okta"}
    assert oidc == {"token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io", "oidc.eks"}


def test_central_root_management_is_on(aws: Aws) -> None:
    features = aws.iam(aws.organization["management"]).list_organizations_features()
    assert features["EnabledFeatures"] == ["RootCredentialsManagement"]
